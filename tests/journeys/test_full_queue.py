"""Messages that cannot be delivered for a while fill the queue (spec 4.4, 8.8)."""

from __future__ import annotations

from tests.kit.house import HouseCase


class FullQueue(HouseCase):
    """One message may wait, and delivery is held."""

    def test_pipeline_full(self) -> None:
        """With a full queue calls are refused in words; with room they are taken (feature 77)."""
        self.start(overrides={"spool.max_waiting": 1})
        self.set_state("HubTransport", "Inactive")
        self.dial().until_beep().say(2.0).hang_up()
        self.stage.run_until(lambda: self.ask("status")["queue"]["waiting"] == 1, 30.0)
        gateway = self.gateway()
        gateway.call((self.host, self.desk_port))
        refusal = gateway.final()
        assert refusal is not None
        self.assertEqual(refusal.status, 503)
        self.assertIn("too many messages wait", refusal.header("ms-diagnostics"))
        self.set_state("HubTransport", "Active")
        self.mails()
        self.dial().hang_up()
