"""What a caller leaves: every octet of it, in order and of true length."""

from __future__ import annotations

from random import Random

from twisted.internet.defer import Deferred, fail

from tests.kit.media import EngineCase, Line, MemoryTake, Peer, noise
from umserver.edges.net.media import Leg
from umserver.interfaces import NoSpace, Recorded
from umserver.wire.audio.concealment import FADE

QUIET = b"\xff"


class RecordingCase(EngineCase):
    """Starting a recording."""

    def record(
        self, leg: Leg, idle: float = 5.0, limit: float = 600.0, slow: bool = False
    ) -> tuple[MemoryTake, list[Recorded]]:
        """Start recording; the take, and where the result will be."""
        take, results = MemoryTake(slow), list[Recorded]()
        leg.record(take, idle, limit).addCallback(results.append)
        return take, results


class RecordingTests(RecordingCase):
    """Recordings over a good line."""

    def test_bit_exact(self) -> None:
        """What was said between the tone and the key is kept octet by octet, silence included."""
        for codec in ("PCMU", "PCMA"):
            for ptime in (10, 20, 30, 60):
                peer = self.peer(codec, ptime)
                leg = self.leg(peer)
                self.talk(peer, noise(0.5, 1))
                take, results = self.record(leg)
                said = noise(1.2, 2) + QUIET * 2400
                self.talk(peer, said)
                leg.stop_recording()
                self.talk(peer, noise(0.1, 3))
                self.assertEqual((take.sound, self.codecs_of(take)), (said, [codec]))
                self.assertEqual(results[0].ended_by, "stopped")
                self.assertEqual(results[0].seconds, 1.5)

    def test_a_caller_who_speaks_only_after_the_tone(self) -> None:
        """The very first packets of a call count, and the other law than expected is kept as is."""
        peer = self.peer("PCMA")
        leg = self.leg(peer, codec="PCMU", payload_type=0)
        take, results = self.record(leg)
        self.talk(peer, noise(0.5))
        leg.close()
        self.assertEqual((take.sound, self.codecs_of(take)), (noise(0.5), ["PCMA"]))
        self.assertEqual(results[0].ended_by, "hangup")

    def test_what_waits_in_the_socket_at_hang_up_counts(self) -> None:
        """The last words before a hang-up are kept."""
        peer = self.peer()
        leg = self.leg(peer)
        take, results = self.record(leg)
        for act in peer.frames(noise(0.3)):
            act()
        quality = leg.close()
        self.assertEqual(take.sound, noise(0.3))
        self.assertEqual(results, [Recorded(0.3, results[0].spoken, "hangup")])
        self.assertEqual((quality.packets_received, quality.packets_lost), (15, 0))

    def test_what_waits_in_the_socket_before_the_tone_does_not(self) -> None:
        """Words spoken before the recording are not in it."""
        peer = self.peer()
        leg = self.leg(peer)
        for act in peer.frames(noise(0.3, 1)):
            act()
        take, _ = self.record(leg)
        self.talk(peer, noise(0.2, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.2, 2))

    def test_limit(self) -> None:
        """At the limit the recording ends by itself and is exactly as long as allowed."""
        peer = self.peer()
        take, results = self.record(self.leg(peer), limit=1.0)
        self.talk(peer, noise(1.5))
        self.assertEqual((take.sound, results[0].ended_by), (noise(1.5)[:8000], "limit"))

    def test_silence_ends_it(self) -> None:
        """So many seconds without speech end the recording; a click is no speech."""
        peer = self.peer()
        take, results = self.record(self.leg(peer), idle=2.0)
        self.talk(peer, noise(1.0) + QUIET * 8000 + noise(0.02) + QUIET * 6000)
        self.assertEqual(results, [])
        self.talk(peer, QUIET * 4000)
        self.assertEqual(results[0].ended_by, "silence")
        self.assertApproximates(results[0].seconds, 3.0, 0.15)
        self.assertApproximates(results[0].spoken, 1.0, 0.06)
        self.assertEqual(take.sound[:8000], noise(1.0))

    def test_nothing_arrives_at_all(self) -> None:
        """A dead line ends the recording by silence, with nothing in it."""
        take, results = self.record(self.leg(self.peer()), idle=1.0)
        self.step(1.2)
        self.assertEqual((results, take.appended), ([Recorded(0.0, 0.0, "silence")], []))

    def test_before_the_call_is_connected(self) -> None:
        """A recording begun before there is an address hears what comes after."""
        peer = self.peer()
        leg = self.engine.open("127.0.0.1")
        take, results = self.record(leg, idle=2.0)
        self.step(0.5)
        peer.towards(leg)
        leg.connect(peer.plan())
        self.talk(peer, noise(0.2))
        leg.stop_recording()
        self.assertEqual((take.sound, len(results)), (noise(0.2), 1))
        leg.close()
        self.assertEqual(
            self.successResultOf(leg.record(MemoryTake(), 1.0, 1.0)).ended_by, "hangup"
        )

    def test_only_the_agreed_peer_is_heard(self) -> None:
        """Strangers who send to our port are in no recording, before and after the connection."""
        peer, stranger = self.peer(), self.peer()
        leg = self.engine.open("127.0.0.1")
        stranger.towards(leg)
        leg.connect(peer.plan(remote_host="0.0.0.0"))
        take, _ = self.record(leg)
        self.talk(stranger, noise(0.5, 9))
        peer.towards(leg)
        peer.say(noise(0.02))
        leg.connect(peer.plan())
        for at in range(160, 3200, 160):
            stranger.say(noise(0.02, 9))
            peer.say(noise(0.4)[at : at + 160])
            self.step(0.02)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.4))

    def test_hold_is_not_recorded(self) -> None:
        """While the caller hears music on hold nothing is recorded."""
        peer = self.peer()
        leg = self.leg(peer, may_receive=False)
        take, _ = self.record(leg)
        self.talk(peer, noise(0.5))
        leg.stop_recording()
        self.assertEqual(take.sound, b"")


class DiskTests(RecordingCase):
    """How sound reaches the disk."""

    def test_no_more_than_a_second_behind(self) -> None:
        """At any moment all but the last second is handed over, and not in one piece per packet."""
        peer = self.peer()
        take, _ = self.record(self.leg(peer), idle=60.0)
        for number, act in enumerate(peer.frames(noise(20.0))):
            act()
            self.step(0.02)
            self.assertLess((number + 1) * 160 - len(take.sound), 8000)
        self.assertLessEqual(len(take.appended), 30)

    def test_many_recordings_do_not_write_at_once(self) -> None:
        """Of many recordings that began together only a few write at the same moment."""
        peers = [self.peer() for _ in range(20)]
        takes = [self.record(self.leg(peer), idle=60.0)[0] for peer in peers]
        writes: list[int] = []
        for _ in range(100):
            before = sum(len(take.appended) for take in takes)
            for peer in peers:
                peer.say(noise(0.02))
            self.step(0.02)
            writes.append(sum(len(take.appended) for take in takes) - before)
        self.assertGreaterEqual(sum(writes), 40)
        self.assertLessEqual(max(writes), 8)

    def test_a_slow_disk(self) -> None:
        """One append at a time; the recording is over when the last one is."""
        peer = self.peer()
        leg = self.leg(peer)
        take, results = self.record(leg, slow=True)
        self.talk(peer, noise(2.5))
        self.assertEqual(len(take.appended), 1)
        take.waiting[0].callback(None)
        leg.stop_recording()
        self.assertEqual(len(take.appended), 2)
        self.assertEqual(results, [])
        take.waiting[1].callback(None)
        self.assertEqual((take.sound, results[0].seconds), (noise(2.5), 2.5))

    def test_a_disk_that_hangs(self) -> None:
        """Half a minute of sound may wait; then the recording ends as if the disk were full."""
        peer = self.peer(ptime=60)
        take, results = self.record(self.leg(peer), slow=True, idle=100.0)
        self.talk(peer, noise(0.6) * 56)
        self.assertEqual(results[0].ended_by, "disk")
        take.waiting[0].callback(None)
        self.assertEqual(len(take.appended), 1)

    def test_a_full_disk(self) -> None:
        """When the take refuses, the recording ends at once and says why."""

        class Full(MemoryTake):
            def append(self, codec: str, data: bytes) -> Deferred[None]:
                return fail(NoSpace("full"))

        peer, results = self.peer(), list[Recorded]()
        self.leg(peer).record(Full(), 5.0, 60.0).addCallback(results.append)
        self.talk(peer, noise(1.5))
        self.assertEqual(results[0], Recorded(0.0, 0.0, "disk"))

    def test_a_broken_take(self) -> None:
        """A take that fails in an unexpected way ends the recording too, and is logged."""

        class Broken(MemoryTake):
            def append(self, codec: str, data: bytes) -> Deferred[None]:
                raise RuntimeError("boom")

        peer, results = self.peer(), list[Recorded]()
        self.leg(peer).record(Broken(), 5.0, 60.0).addCallback(results.append)
        self.talk(peer, noise(1.5))
        self.assertEqual(results[0].ended_by, "disk")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_a_recording_given_up(self) -> None:
        """Whoever cancels a recording gets what there was; a second one replaces the first."""
        peer = self.peer()
        leg = self.leg(peer)
        take, results = MemoryTake(), list[Recorded]()
        recording = leg.record(take, 5.0, 60.0).addCallback(results.append)
        self.talk(peer, noise(0.5))
        recording.cancel()
        self.assertEqual((results[0].ended_by, take.sound), ("stopped", noise(0.5)))
        _, first = self.record(leg)
        self.record(leg)
        self.assertEqual(first[0].ended_by, "stopped")


class BadLineTests(RecordingCase):
    """Recordings over a line that loses, doubles and swaps packets."""

    def test_two_percent_of_everything(self) -> None:
        """A minute stays a minute within 20 ms, and what was not lost is where it belongs."""
        for seed in range(6):
            line = Line(Random(seed), loss=0.02, double=0.02, swap=0.02)
            peer = self.peer(line=line)
            leg = self.leg(peer)
            self.talk(peer, noise(0.5, 1))
            take, results = self.record(leg, idle=100.0)
            said = noise(0.6, seed) * 50
            self.talk(peer, said)
            leg.close()
            self.assertApproximates(len(take.sound), len(said), 160, f"seed {seed}")
            same = sum(
                take.sound[at : at + 160] == said[at : at + 160] for at in range(0, len(said), 160)
            )
            self.assertGreaterEqual(same, 0.96 * len(said) / 160)
            self.assertEqual(results[0].ended_by, "hangup")

    def test_swapped_and_doubled_is_bit_exact(self) -> None:
        """Where nothing is lost, disorder leaves no trace."""
        peer = self.peer(line=Line(Random(3), double=0.1, swap=0.2))
        leg = self.leg(peer)
        self.talk(peer, noise(0.5))
        take, _ = self.record(leg)
        self.talk(peer, noise(5.0, 2))
        for kept in peer.line.carry(b""):
            peer.send(kept)
        leg.stop_recording()
        self.assertEqual(take.sound[: len(take.sound)], noise(5.0, 2)[: len(take.sound)])
        self.assertGreaterEqual(len(take.sound), 40000 - 160)

    def test_a_burst_of_losses(self) -> None:
        """Half a second of nothing is half a second in the recording: concealed, then silent."""
        peer = self.peer()
        leg = self.leg(peer)
        self.talk(peer, noise(0.2, 1))
        take, _ = self.record(leg)
        self.talk(peer, noise(0.4, 2))
        peer.line.loss = 1.1
        self.talk(peer, noise(0.5, 3))
        peer.line.loss = 0.0
        self.talk(peer, noise(0.4, 4))
        leg.stop_recording()
        gap = take.sound[3200:7200]
        self.assertEqual(take.sound[:3200] + take.sound[7200:], noise(0.4, 2) + noise(0.4, 4))
        self.assertNotEqual(gap[:160], QUIET * 160)
        self.assertEqual(gap[FADE:], QUIET * (4000 - FADE))

    def test_lost_right_after_the_tone(self) -> None:
        """When the first packets of a recording are lost, it still has its length."""
        peer = self.peer()
        leg = self.leg(peer)
        self.talk(peer, noise(0.2, 1))
        take, _ = self.record(leg)
        peer.line.loss = 1.1
        self.talk(peer, noise(0.04))
        peer.line.loss = 0.0
        self.talk(peer, noise(0.4, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, QUIET * 320 + noise(0.4, 2))

    def test_suppressed_silence_keeps_its_length(self) -> None:
        """A caller's telephone that sends nothing in pauses leaves pauses in the recording."""
        peer = self.peer()
        leg = self.leg(peer)
        take, _ = self.record(leg)
        self.talk(peer, noise(0.4, 1))
        self.step(2.0)
        peer.timestamp += 16000
        self.talk(peer, noise(0.4, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.4, 1) + QUIET * 16000 + noise(0.4, 2))

    def test_another_source(self) -> None:
        """A transfer behind the peer (new SSRC, new numbers) goes on in the same recording."""
        peer = self.peer()
        leg = self.leg(peer)
        self.talk(peer, noise(0.2, 1))
        take, _ = self.record(leg)
        self.talk(peer, noise(0.4, 2))
        peer.ssrc, peer.sequence, peer.timestamp = 77, 5, 4_000_000
        self.talk(peer, noise(0.4, 3))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.4, 2) + noise(0.4, 3))
        self.assertEqual(leg.close().packets_lost, 0)

    def test_numbers_that_start_again(self) -> None:
        """A source that begins to count anew is understood; so is a jump of the timestamp."""
        peer = self.peer()
        leg = self.leg(peer)
        take, _ = self.record(leg)
        self.talk(peer, noise(0.4, 1))
        peer.sequence = (peer.sequence + 30_000) & 0xFFFF
        self.talk(peer, noise(0.4, 2))
        peer.timestamp = (peer.timestamp - 123_456) & 0xFFFFFFFF
        self.talk(peer, noise(0.4, 3))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.4, 1) + noise(0.4, 2) + noise(0.4, 3))

    def test_one_stray_packet_of_another_source(self) -> None:
        """Single packets of a source that is nobody's are not heard, nor is what is no RTP."""
        peer = self.peer()
        leg = self.leg(peer)
        take, _ = self.record(leg)
        for at, act in enumerate(peer.frames(noise(0.6))):
            act()
            if at % 4 == 1:
                stray = bytearray(peer.packet(noise(0.02, 9), 0, 99))
                stray[8:12] = bytes((1, 2, 3, at))
                peer.sequence = (peer.sequence - 1) & 0xFFFF
                peer.send(bytes(stray))
                for rubbish in (b"", b"\x80" * 11, b"\x40" * 172, b"\xbf" + bytes(20)):
                    peer.send(rubbish)
            self.step(0.02)
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.6))

    def test_a_flood_makes_no_time(self) -> None:
        """However fast a peer sends, a recording cannot be much longer than it lasted."""
        peer: Peer = self.peer()
        leg = self.leg(peer)
        take, _ = self.record(leg, idle=100.0)
        for _ in range(100):
            for _ in range(20):
                peer.say(b"\x20" * 160)
            self.step(0.02)
        leg.stop_recording()
        self.assertLess(len(take.sound), 8 * 8000)

    def test_keys_leave_no_trace(self) -> None:
        """A key pressed by telephone-event while recording takes its time, in silence."""
        peer = self.peer()
        leg = self.leg(peer)
        take, _ = self.record(leg)
        self.talk(peer, noise(0.4, 1))
        self.talk(peer, peer.press("5"))
        self.talk(peer, noise(0.4, 2))
        leg.stop_recording()
        self.assertEqual(take.sound, noise(0.4, 1) + QUIET * 800 + noise(0.4, 2))
