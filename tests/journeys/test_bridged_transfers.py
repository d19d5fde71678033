"""Callers of a gateway that transfers nobody: we call, both talk, and it ends for both (4.10)."""

from __future__ import annotations

import json

import numpy as np

from tests.kit.callee import Callee
from tests.kit.ear import prompts_heard
from tests.kit.gateway import Gateway
from tests.kit.house import ADA, HouseCase
from tests.kit.media import noise
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm

FRAME = 0.02


def share_at(pcm: Pcm, frequencies: tuple[float, ...]) -> float:
    """How much of a sound's energy lies within 10 Hz of these frequencies."""
    spectrum = np.abs(np.fft.rfft(pcm.astype(float))) ** 2
    hertz = np.arange(len(spectrum)) * SAMPLE_RATE / len(pcm)
    near = np.zeros(len(spectrum), dtype=bool)
    for frequency in frequencies:
        near |= np.abs(hertz - frequency) < 10
    return float(spectrum[near].sum() / max(spectrum.sum(), 1.0))


class BridgedCase(HouseCase):
    """The gateway `loopback` places calls at `self.desk`; callers reach Reception by it."""

    def setUp(self) -> None:
        super().setUp()
        self.desk = Callee(self.stage)
        self.addCleanup(self.desk.media.close)

    def open(self, *settings: str) -> None:
        """Start, with these settings of the gateway."""
        lines = "\n".join((f"port = {self.desk.port}", *settings))
        self.start(
            lambda text: text.replace(
                'address = "127.0.0.1"\n', f'address = "127.0.0.1"\n{lines}\n', 1
            )
        )

    def caller(self, refer: int | None = 405, user: str = "5001", key: str = "1") -> Gateway:
        """Somebody in Reception who has pressed 1 for Sales (1001)."""
        gateway = self.gateway(REFER=refer)
        gateway.call((self.host, self.desk_port), user=user)
        gateway.keep_silent(1.0)
        gateway.press(key)
        return gateway

    def until_called(self, gateway: Gateway, seconds: float = 20.0) -> None:
        """Keep the line open until the other gateway is called."""
        self.hold_on(gateway, lambda: bool(self.desk.requests("INVITE")), seconds)

    def hold_on(self, gateway: Gateway, until: object, seconds: float) -> None:
        """Send silence until this is true; fails when it never is."""
        left = seconds
        while not until() and left > 0:  # type: ignore[operator]
            gateway.keep_silent(0.25)
            left -= 0.25
        self.assertTrue(until())  # type: ignore[operator]

    def joined(self, gateway: Gateway) -> None:
        """The desk answers, and both talk."""
        self.until_called(gateway)
        self.desk.ring()
        gateway.keep_silent(1.0)
        self.desk.take()
        gateway.media.heard.clear()

    def both_speak(self, gateway: Gateway, seconds: float = 1.0) -> tuple[bytes, bytes]:
        """What each side hears while both speak."""
        one = list(gateway.media.frames(noise(seconds, 1)))
        other = list(self.desk.media.frames(noise(seconds, 2)))
        self.desk.media.listen()
        gateway.media.listen()
        gateway.media.heard.clear()
        self.desk.media.heard.clear()
        for act, too in zip(one, other, strict=True):
            act()
            too()
            self.stage.walk(FRAME)
        self.stage.walk(0.1)
        gateway.media.listen()
        self.desk.media.listen()
        return gateway.media.sound(), self.desk.media.sound()

    def prompts_of(self, gateway: Gateway) -> list[str]:
        """Which prompts the caller has heard, in order."""
        gateway.media.listen()
        pcm = g711.decode("PCMU", gateway.media.sound())
        found = prompts_heard(pcm, self.prompts("en-US"))
        return [one.name for one in sorted(found, key=lambda one: one.start)]

    def outcome(self) -> dict[str, object]:
        """The last line of the call log."""
        self.stop()
        text = (self.state / "calls.jsonl").read_text("utf-8").splitlines()[-1]
        entry: dict[str, object] = json.loads(text)
        return entry


class BridgedTests(BridgedCase):
    """How it goes."""

    def test_answered(self) -> None:
        """A gateway without REFER: the caller hears ringing, then Sales; each hears the other,
        the list of calls shows both, and Sales hanging up ends it.
        """
        self.open()
        gateway = self.caller()
        self.until_called(gateway)
        self.assertEqual(len(gateway.requests("REFER")), 1)
        invite = self.desk.invite_got
        self.assertIn("sip:1001@127.0.0.1", invite.start)
        self.assertIn("sip:2125550142@", invite.header("From"))
        gateway.media.heard.clear()
        self.desk.ring()
        gateway.keep_silent(1.5)
        ringing = g711.decode("PCMU", gateway.media.sound())
        self.assertGreater(len(ringing), SAMPLE_RATE)
        self.assertGreater(share_at(ringing, (440.0, 480.0)), 0.9)
        self.assertEqual([row["state"] for row in self.ask("active-calls")][1], "Connecting")
        self.desk.take()
        self.assertEqual(self.both_speak(gateway), (noise(1.0, 2), noise(1.0, 1)))
        rows = self.ask("active-calls")
        self.assertEqual([row["type"] for row in rows], ["Auto Attendant", "Transfer"])
        self.assertEqual(
            [rows[1][name] for name in ("state", "dialled", "gateway")],
            ["Connected", "1001", "loopback"],
        )
        self.desk.ask("BYE")
        self.stage.walk(1.0)
        self.assertEqual(len(gateway.requests("BYE")), 1)
        self.assertEqual(self.ask("active-calls"), [])
        entry = self.outcome()
        self.assertEqual(
            [entry[name] for name in ("outcome", "sent_to", "sent_by", "ended")],
            ["transferred", "1001", "Bridge", "callee"],
        )

    def test_the_caller_hangs_up(self) -> None:
        """The caller hanging up ends the other call too; nothing is left."""
        self.open()
        gateway = self.caller()
        self.joined(gateway)
        self.both_speak(gateway)
        gateway.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(len(self.desk.requests("BYE")), 1)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual((self.um.desk.server.active, self.um.desk.engine.legs), (0, 0))

    def test_keys(self) -> None:
        """Keys pressed while both talk reach the other side, and do nothing here, * neither."""
        self.open()
        gateway = self.caller()
        self.joined(gateway)
        self.desk.media.heard.clear()
        gateway.press("*")
        gateway.press("0")
        self.stage.walk(1.0)
        self.desk.media.listen()
        events = [each for each in self.desk.media.heard if each.payload_type == 101]
        self.assertEqual([each.payload[0] for each in events if each.marker], [10, 0])
        self.assertEqual(len(self.desk.requests("INVITE")), 1)

    def test_busy(self) -> None:
        """Sales is busy: the caller hears so, and the operator (1002) is called next."""
        self.open()
        gateway = self.caller()
        self.until_called(gateway)
        gateway.media.heard.clear()
        self.desk.refuse(486)
        self.hold_on(gateway, lambda: len(self.desk.requests("INVITE")) == 2, 20.0)
        self.assertIn("sip:1002@", self.desk.invite_got.start)
        self.assertEqual(
            self.prompts_of(gateway)[:2], ["transfer-failed", "transferring-to-operator"]
        )
        self.desk.take()
        self.assertEqual(self.both_speak(gateway), (noise(1.0, 2), noise(1.0, 1)))

    def test_nobody_answers(self) -> None:
        """After a minute of ringing the call is taken back and the caller hears a sentence."""
        self.open()
        gateway = self.caller()
        self.until_called(gateway)
        self.desk.ring()
        self.desk.replies["CANCEL"] = 200
        self.hold_on(gateway, lambda: bool(self.desk.requests("CANCEL")), 62.0)
        self.desk.refuse(487)
        gateway.keep_silent(2.0)
        self.assertIn("transfer-failed", self.prompts_of(gateway))

    def test_the_caller_gives_up(self) -> None:
        """Who hangs up while it rings stops the ringing; nothing is left."""
        self.open()
        gateway = self.caller()
        self.until_called(gateway)
        self.desk.ring()
        gateway.keep_silent(1.0)
        gateway.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(len(self.desk.requests("CANCEL")), 1)
        self.desk.refuse(487)
        self.stage.walk(1.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual((self.um.desk.server.active, self.um.desk.engine.legs), (0, 0))

    def test_calls_not_allowed(self) -> None:
        """Without OutcallsAllowed a transfer is asked for as ever, but nobody is called by us
        (feature 150).
        """
        self.open("outcalls_allowed = false")
        gateway = self.caller()
        self.hold_on(gateway, lambda: bool(gateway.requests("REFER")), 20.0)
        gateway.keep_silent(2.0)
        self.assertIn("transfer-failed", self.prompts_of(gateway))
        self.assertEqual(self.desk.requests("INVITE"), [])

    def test_a_gateway_that_tells_nothing(self) -> None:
        """202 and then not a word: the caller hears ringing, after 40 seconds a sentence, and the
        operator is tried; a gateway that then tells of success has taken the call.
        """
        self.open('transfer_method = "Refer"')
        gateway = self.caller(refer=202)
        self.hold_on(gateway, lambda: bool(gateway.requests("REFER")), 20.0)
        gateway.media.heard.clear()
        gateway.keep_silent(3.0)
        ringing = g711.decode("PCMU", gateway.media.sound())
        self.assertGreater(share_at(ringing, (440.0, 480.0)), 0.9)
        self.hold_on(gateway, lambda: len(gateway.requests("REFER")) == 2, 45.0)
        self.assertIn("transfer-failed", self.prompts_of(gateway))
        self.assertIn("sip:1002@", gateway.requests("REFER")[1].header("Refer-To"))
        gateway.within(
            "NOTIFY",
            cseq=3,
            headers=[("Event", "refer"), ("Subscription-State", "terminated;reason=noresource")],
            body="SIP/2.0 200 OK\r\n",
            kind="message/sipfrag",
        )
        self.stage.walk(1.0)
        self.assertEqual(len(gateway.requests("BYE")), 1)

    def test_only_by_refer(self) -> None:
        """-TransferMethod Refer: a gateway that cannot transfer leaves the caller with us."""
        self.open('transfer_method = "Refer"')
        gateway = self.caller()
        self.hold_on(gateway, lambda: bool(gateway.requests("REFER")), 20.0)
        gateway.keep_silent(2.0)
        self.assertIn("transfer-failed", self.prompts_of(gateway))
        self.assertEqual(self.desk.requests("INVITE"), [])

    def test_only_by_bridge(self) -> None:
        """-TransferMethod Bridge: a gateway whose transfers are no use is never asked for one."""
        self.open('transfer_method = "Bridge"')
        gateway = self.caller(refer=202)
        self.joined(gateway)
        self.assertEqual(gateway.requests("REFER"), [])
        self.assertEqual(self.both_speak(gateway), (noise(1.0, 2), noise(1.0, 1)))

    def test_a_full_house(self) -> None:
        """The second call counts: where there is room for one only, nobody is called."""
        self.open('transfer_method = "Bridge"')
        self.fill(self.changed + "\n[service]\nmax_calls_allowed = 1\n")
        self.ask("poll")
        gateway = self.caller()
        gateway.keep_silent(5.0)
        self.assertEqual(self.desk.requests("INVITE"), [])
        self.assertIn("transfer-failed", self.prompts_of(gateway))

    def test_disabled_at_once(self) -> None:
        """Disable-UMIPGateway -Immediate ends what the gateway carries, joined calls included."""
        self.open()
        gateway = self.caller()
        self.joined(gateway)
        self.ask("hang-up-gateway", gateway="loopback")
        self.stage.walk(1.0)
        self.assertEqual((len(gateway.requests("BYE")), len(self.desk.requests("BYE"))), (1, 1))

    def test_a_missed_call_comes_at_once(self) -> None:
        """Who asks for the operator in a greeting leaves a missed call, while both still talk."""
        self.open()
        self.change('audio_codec = "G711"', 'audio_codec = "G711"\noperator_extension = "1234"')
        gateway = self.caller(user="1001", key="0")
        self.joined(gateway)
        self.assertEqual(self.mails(ADA)[0]["Content-Class"], "missedcall")
        self.assertEqual(self.both_speak(gateway, 0.2), (noise(0.2, 2), noise(0.2, 1)))

    def test_the_server_stops(self) -> None:
        """A server that stops tells both sides."""
        self.open()
        gateway = self.caller()
        self.joined(gateway)
        self.stop()
        self.stage.walk(1.0)
        self.assertEqual((len(gateway.requests("BYE")), len(self.desk.requests("BYE"))), (1, 1))
