"""Networks that lose, swap and double packets, or carry nothing any more."""

from __future__ import annotations

from random import Random

from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase, attachment
from tests.kit.media import Line, noise

QUIET_GREETING = 5.0
"""Seconds within which greeting, instructions and tone are over."""


class BadNetworks(HouseCase):
    """What arrives of what was said."""

    def leave(self, gateway: Gateway, sound: bytes) -> bytes:
        """Call, wait for the tone, say this, press #, accept; the attachment."""
        gateway.call((self.host, self.desk_port))
        line, gateway.media.line = gateway.media.line, Line()
        gateway.keep_silent(QUIET_GREETING)
        gateway.media.line = line
        gateway.play(sound)
        gateway.media.line = Line()
        gateway.keep_silent(0.2)
        gateway.hang_up()
        return bytes(attachment(self.mails()[-1]).get_content())

    def test_bit_exact(self) -> None:
        """A G.711 attachment holds exactly the octets that the caller's packets carried."""
        self.start()
        sound = noise(6.0, 77)
        file = self.leave(self.gateway(), sound)
        self.assertIn(sound, file)

    def test_bit_exact_in_a_law(self) -> None:
        """A-law stays A-law."""
        self.start()
        gateway = self.gateway()
        gateway.media.codec = "PCMA"
        sound = noise(3.0, 78)
        from tests.kit.raw_sip import sdp

        gateway.call((self.host, self.desk_port), body=sdp(gateway.sound_port, formats="8 101"))
        gateway.play(b"\xd5" * round(QUIET_GREETING * 8000))
        gateway.play(sound)
        gateway.hang_up()
        self.assertIn(sound, bytes(attachment(self.mails()[0]).get_content()))

    def test_swapped_and_doubled_packets(self) -> None:
        """Packets that come twice or in the wrong order are put right, octet by octet."""
        self.start()
        sound = noise(6.0, 79)
        file = self.leave(self.gateway(Line(Random(3), double=0.05, swap=0.1)), sound)
        self.assertIn(sound, file)

    def test_lost_packets(self) -> None:
        """What is lost is bridged: a message keeps its length within a packet."""
        self.start()
        clean = len(self.leave(self.gateway(), noise(8.0, 80)))
        for turn in range(3):
            gateway = self.gateway(Line(Random(turn), loss=0.05, double=0.02, swap=0.02))
            gateway.call((self.host, self.desk_port))
            line, gateway.media.line = gateway.media.line, Line()
            gateway.keep_silent(QUIET_GREETING)
            gateway.media.line = line
            gateway.play(noise(8.0, 80))
            gateway.media.line = Line()
            gateway.keep_silent(0.2)
            gateway.hang_up()
            mail = self.mails(count=2 + turn)[-1]
            self.assertLessEqual(abs(len(attachment(mail).get_content()) - clean), 320)

    def test_a_dead_caller(self) -> None:
        """A caller whose network dies in the middle of a word has left the message up to there,
        and the line is free again after the time-out.
        """
        self.start()
        gateway = self.gateway(BYE=None)
        gateway.call((self.host, self.desk_port))
        gateway.keep_silent(QUIET_GREETING)
        sound = noise(4.0, 81)
        gateway.play(sound)
        self.stage.walk(70.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual((self.um.desk.role.active, self.um.desk.server.active), (0, 0))
        self.assertIn(sound, bytes(attachment(self.mails()[0]).get_content()))

    def test_nothing_ever_comes(self) -> None:
        """A caller whose sound never arrives is let go after the media time-out at the latest."""
        self.start()
        gateway = self.gateway()
        gateway.call((self.host, self.desk_port))
        self.stage.walk(60.0)
        self.assertEqual(len(gateway.requests("BYE")), 1)
        self.assertEqual(self.mails()[0]["Content-Class"], "missedcall")
