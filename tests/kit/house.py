"""The whole server on a stage, and people who call it.

Knows: the assembly, the demo organisation. Must never know: how the server does what it does. The
voice makes sounds instead of words, a different one for every text, so that an ear can tell
prompts apart and no process is needed; mail arrives in Maildir folders below a temporary folder.
"""

from __future__ import annotations

import email.policy
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import numpy as np
from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from zope.interface import implementer

from tests.kit.ear import Heard, beeps, prompts_heard
from tests.kit.gateway import Gateway
from tests.kit.journey import JourneyCase
from tests.kit.media import Line, clip
from tests.kit.stage import Stage
from umserver.discover import shipped
from umserver.edges.net.media import MediaEngine
from umserver.edges.net.softphone import Ear, Order, OutgoingCall, Softphone
from umserver.edges.net.softphone.script import clip_of
from umserver.edges.speech.catalogue import load_catalogue
from umserver.edges.speech.voice import IVoice
from umserver.interfaces import Clip
from umserver.org.bootstrap import parse_bootstrap
from umserver.org.parse import parse_toml
from umserver.org.pins import hash_pin
from umserver.service import UnifiedMessaging
from umserver.service.answers import Answers
from umserver.service.machine import Machine
from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm, clipped
from umserver.wire.audio.tones import dtmf
from umserver.wire.sip.uri import Uri

ADA, BEN, CHLOE = "ada@example.com", "ben@example.com", "chloe@example.com"
FOREVER = 1e6
PROMPT_SECONDS = 1.3
DIVERTED = (("Diversion", "<sip:1001@pbx.example.com>;reason=no-answer"),)
"""How a PBX forwards a call that Ada did not take."""


@lru_cache(maxsize=64)
def hashed_once(pin: str, pepper: bytes) -> str:
    """A PIN's real hash; houses are opened by the hundred with the same PINs."""
    return hash_pin(pin, pepper)


@lru_cache(maxsize=512)
def sound_of(text: str) -> Pcm:
    """What the tonal voice says for this text: noise that swells like words."""
    random = np.random.default_rng(crc32(text.encode()))
    count = round(PROMPT_SECONDS * SAMPLE_RATE)
    swell = np.abs(np.sin(np.arange(count) * 2 * np.pi * random.uniform(1.5, 3) / SAMPLE_RATE))
    noise = np.convolve(random.normal(0, 1, count), np.ones(6) / 6, mode="same")
    return clipped(4000 * noise * (0.2 + swell))


@implementer(IVoice)
class TonalVoice:
    """A voice without words."""

    engine = "tonal/1"

    def manner(self, language: str) -> str:
        """The same in every language."""
        return "tonal"

    def render(self, language: str, text: str) -> Deferred[Pcm]:
        """The text's own sound."""
        return succeed(sound_of(text))

    def stop(self) -> None:
        """Nothing runs."""


@define(eq=False)
class Caller:
    """A person at a telephone: what they hear is kept, what they do is said in verbs."""

    stage: Stage
    call: OutgoingCall
    ear: Ear = field(factory=Ear)

    @property
    def over(self) -> str | None:
        """How the call ended."""
        return self.call.over

    def answered(self) -> Caller:
        """Wait for the answer and listen from then on."""
        self.stage.run_until(self.call.answered, 20.0)
        self.call.record(self.ear, FOREVER, FOREVER)
        return self

    def until_beep(self, count: int = 1, seconds: float = 30.0) -> Caller:
        """Wait for so many beeps since the answer."""
        self.stage.run_until(lambda: self.ear.beeps >= count or self.over, seconds)
        assert self.ear.beeps >= count, f"no beep {count}: the call is over ({self.over})"
        return self

    def say(self, sound: Clip | float) -> Caller:
        """Speak for so many seconds, or say this."""
        spoken = clip(sound, 9) if isinstance(sound, float) else sound
        self.stage.run_until(self.call.play([spoken]), spoken.seconds + 2.0)
        return self

    def press(self, keys: str, way: str = "rfc4733") -> Caller:
        """Press keys one after the other."""
        for key in keys:
            if way == "info":
                self.call.send_info(key)
            elif way == "inband":
                tone = clip_of(key, dtmf(key, 0.12))
                self.stage.run_until(self.call.play([tone]), 2.0)
            else:
                self.stage.run_until(self.call.send_digits(key), 2.0)
            self.stage.walk(0.3)
        return self

    def wait(self, seconds: float) -> Caller:
        """Do nothing for so long."""
        self.stage.walk(seconds)
        return self

    def hang_up(self) -> Caller:
        """Put the receiver down."""
        self.stage.run_until(self.call.hang_up(), 40.0)
        return self

    def until_over(self, seconds: float = 60.0) -> Caller:
        """Wait until the other side ends the call."""
        self.stage.run_until(lambda: self.over, seconds)
        return self


class HouseCase(JourneyCase):
    """`self.start()` opens the house; `self.dial()` calls it through the router."""

    host = "127.0.0.1"

    def setUp(self) -> None:
        super().setUp()
        self.state = self.disk() / "state"
        self.console: list[str] = []
        self.um: UnifiedMessaging | None = None
        self.phone = self.softphone()
        self.addCleanup(self.end)

    def disk(self) -> Path:
        """A fresh folder that goes away; in memory where that can be had, since disks are slow."""
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        folder = tempfile.mkdtemp(prefix="umserver-test-", dir=place)
        self.addCleanup(shutil.rmtree, folder)
        return Path(folder)

    # the house

    def machine(self, **changes: Any) -> Machine:
        """The world of the server."""
        values: dict[str, Any] = {
            "reactor": self.stage,
            "seconds": self.stage.seconds,
            "wall": self.stage.wall,
            "random": Random(5),
            "voice": lambda reactor: TonalVoice(),
            "say": self.console.append,
            "exact_clock": False,
            "host": "um.example.com",
        }
        return Machine(**{**values, **changes})

    def demo(self) -> str:
        """The demo organisation, but with G.711 attachments."""
        text = shipped("demo.toml").read_text("utf-8")
        return text.replace(
            'country_or_region_code = "1"', 'country_or_region_code = "1"\naudio_codec = "G711"'
        )

    def start(
        self,
        organisation: Callable[[str], str] = lambda text: text,
        overrides: Mapping[str, object] = {},
        roles: Sequence[str] = ("cas", "mbx"),
        bootstrap: str = "",
    ) -> UnifiedMessaging:
        """Open the house with the demo organisation, as this function changes its TOML.

        An override of None leaves a setting out of the bootstrap file.
        """
        values: dict[str, object] = {
            "server.state": str(self.state),
            "server.drain_seconds": 0,
            "listen.hosts": [self.host],
            "listen.sip": 0,
            "listen.mbx": 0,
            "listen.http": 0,
            "media.first_rtp_port": 34_000,
            "media.last_rtp_port": 34_799,
            "media.dscp": 0,
            **overrides,
        }
        values = {name: value for name, value in values.items() if value is not None}
        self.fill(organisation(self.demo()))
        um = UnifiedMessaging(self.machine(), parse_bootstrap(bootstrap, values), tuple(roles))
        self.um = um
        um.startService()
        self.stage.run_until(um.ready, 30.0)
        return um

    def fill(self, toml: str) -> None:
        """Put an organisation into the store, as `umctl import` does."""
        from umserver.edges.store.archive import PEPPER_FILE, open_archive
        from umserver.edges.store.keyfile import OCTETS

        self.changed = toml
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        pepper = self.state / PEPPER_FILE
        if not pepper.exists():
            pepper.touch(mode=0o600)
            pepper.write_bytes(bytes(OCTETS))
        archive = open_archive("sqlite:", self.state)
        archive.hash_pin = hashed_once
        try:
            archive.import_organisation(*parse_toml(toml), replace=True)
        finally:
            archive.close()

    def ask(self, name: str, um: UnifiedMessaging | None = None, **details: object) -> Any:
        """What the server answers an administrator who asks this."""
        um = um or self.um
        assert um is not None
        answer = maybeDeferred(Answers(um).acts().asks()[name], details)
        return self.stage.run_until(answer, 30.0)

    def set_state(
        self,
        component: str,
        state: str,
        requester: str = "Maintenance",
        um: UnifiedMessaging | None = None,
    ) -> None:
        """Want this state of a component, as Set-ServerComponentState does."""
        details = {"component": component, "requester": requester, "state": state}
        self.ask("set-state", um, **details)

    def change(self, old: str, new: str) -> None:
        """Change the organisation's TOML here and tell the server."""
        text = self.changed.replace(old, new)
        self.assertNotEqual(text, self.changed)
        self.fill(text)
        self.ask("poll")

    def turned_away(self, user: str = "1001", *, port: int = 0, **order: Any) -> int:
        """Call somebody and be turned away; with which status."""
        caller = self.place(user, port=port, **order)
        self.stage.run_until(lambda: caller.call.failure or caller.call.established, 20.0)
        self.assertFalse(caller.call.established, "the call was answered")
        return caller.call.status

    def stop(self) -> None:
        """Close the house as an administrator does."""
        um, self.um = self.um, None
        if um is not None:
            self.stage.run_until(um.stopService(), 60.0)

    def end(self) -> None:
        """Close everything at the end of the story."""
        self.stop()
        self.stage.run_until(self.phone.stop(), 5.0)

    @property
    def router_port(self) -> int:
        """The call router's port."""
        assert self.um is not None and self.um.router is not None
        return self.um.router.server.bound_port

    @property
    def desk_port(self) -> int:
        """The answering desk's port."""
        assert self.um is not None and self.um.desk is not None
        return self.um.desk.server.bound_port

    # people

    def softphone(self, host: str = "", **settings: Any) -> Softphone:
        """A telephone beside the house."""
        engine = MediaEngine(
            self.stage,
            None,
            range(35_000, 35_800),
            Random(8),
            dscp=0,
            wall=self.stage.wall,
        )
        engine.start()
        self.addCleanup(engine.stop)
        phone = Softphone(
            reactor=self.stage,
            engine=engine,
            random=Random(9),
            trace=self.trace,
            seconds=self.stage.seconds,
            **settings,
        )
        phone.start((host or self.host,))
        return phone

    def place(
        self, user: str = "1001", *, port: int = 0, transport: str = "udp", **order: Any
    ) -> Caller:
        """Call somebody; nothing has been answered yet."""
        params = () if transport == "udp" else (("transport", transport),)
        uri = Uri("sip", user, self.host, port or self.router_port, params)
        return Caller(self.stage, self.phone.place(Order(uri=uri, **order)))

    def dial(self, user: str = "1001", **order: Any) -> Caller:
        """Call somebody and wait for the answer."""
        return self.place(user, **order).answered()

    # what became of it

    def mails(self, address: str = ADA, count: int = 1) -> list[EmailMessage]:
        """Wait until so many mails have arrived in this mailbox; oldest first."""
        folder = self.state / "mail" / address / "new"
        self.stage.run_until(lambda: len(_files(folder)) >= count, 120.0)
        mails = [_parsed(path) for path in _files(folder)]
        self.assertEqual(len(mails), count)
        return mails

    def no_mail(self) -> None:
        """Nothing arrives for Ada, not in a minute either."""
        self.stage.walk(60.0)
        self.assertEqual(_files(self.state / "mail" / ADA / "new"), [])

    def heard(self, caller: Caller, language: str = "en-US") -> list[str]:
        """Which prompts and beeps somebody heard, in order."""
        pcm = caller.ear.pcm()
        found = prompts_heard(pcm, self.prompts(language))
        found += [Heard("beep", at, 1.0) for at in beeps(pcm)]
        return [one.name for one in sorted(found, key=lambda one: one.start)]

    def gateway(self, line: Line | None = None, **replies: int | None) -> Gateway:
        """A peer of plain text, with sound of its own over this line."""
        gateway = Gateway(self.stage, self.host, replies=dict(replies))
        gateway.media.line = line or Line()
        self.addCleanup(gateway.media.close)
        return gateway

    def prompts(self, language: str) -> dict[str, Pcm]:
        """Every prompt as it sounds, greetings for the demo's people included."""
        texts = load_catalogue([shipped("prompts")]).texts[language]
        sounds = {name: sound_of(text) for name, text in texts.items()}
        for name in ("Ada Example", "Ben Sample", "Chloé Démo"):
            text = texts["greeting-generated"].format(name=name)
            sounds[f"greeting of {name}"] = sound_of(text)
        return sounds


def attachment(mail: EmailMessage) -> EmailMessage:
    """The only attachment."""
    [part] = mail.iter_attachments()
    assert isinstance(part, EmailMessage)
    return part


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime_ns)


def _parsed(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        message = BytesParser(policy=email.policy.default).parse(file)
    assert isinstance(message, EmailMessage)
    return message
