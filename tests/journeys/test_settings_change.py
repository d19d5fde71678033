"""An administrator changes a setting while the server runs: store, poller, socket and umctl."""

from __future__ import annotations

import io
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.kit.acts import acts_of
from umserver.command import DONE, Umctl
from umserver.discover import shipped
from umserver.edges.admin.control import open_control
from umserver.edges.store.settings import open_store
from umserver.org.settings import Organisation
from umserver.roles.poller import Poller


class SettingsChangeTests(TestCase):
    """Feature 183 and what we add to it: a change acts at once."""

    timeout = 30.0

    async def umctl(self, *words: str) -> str:
        """Run a command as another program would, in a thread."""
        out, err = io.StringIO(), io.StringIO()
        command = Umctl(out, err)
        code = await deferToThread(command.run, [f"--state={self.state}", *words])
        self.assertEqual((code, err.getvalue()), (DONE, ""))
        return out.getvalue()

    async def serve(self) -> Poller:
        """A server's settings side, running; its clock stands still."""
        store = open_store(reactor, "sqlite:", self.state)
        self.addCleanup(store.close)
        self.store = store
        poller = Poller(Clock(), store)
        await poller.start()
        acts = acts_of(poll=poller.poll, settings=lambda: (poller.revision, poller.problem))
        self.addCleanup(open_control(reactor, self.state, acts.asks()).close)
        return poller

    def setUp(self) -> None:
        self.state = Path(self.mktemp()) / "state"

    async def test_new_calls_take_the_new_settings(self) -> None:
        """When umctl says that the server follows, it does; running calls keep what they have."""
        await self.umctl("import", str(shipped("demo.toml")))
        poller = await self.serve()
        told: list[Organisation] = []
        poller.on_change(lambda old, new: told.append(new))
        running_call = poller.settings
        found = await self.store.find("Demo", ["1001"])
        self.assertEqual(found["1001"].display_name, "Ada Example")
        said = await self.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
        self.assertIn("The running server follows.", said)
        self.assertEqual(poller.settings.dial_plans[0].audio_codec, "G711")
        self.assertEqual(running_call.dial_plans[0].audio_codec, "Mp3")
        self.assertEqual(told, [poller.settings])
        await self.umctl("Set-UMMailbox", "1001", "-DisplayName", "Ada Lovelace")
        found = await self.store.find("Demo", ["1001"])
        self.assertEqual(found["1001"].display_name, "Ada Lovelace")
