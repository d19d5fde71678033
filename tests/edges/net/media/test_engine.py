"""The clock of all calls, life and death of legs, and what they report."""

from __future__ import annotations

import os
from random import Random

from twisted.internet.task import Clock

from tests.kit.media import EngineCase, MemoryTake, Told, clip, noise
from umserver.edges.net.media import MediaEngine, NoPorts
from umserver.edges.net.media.engine import SLOT, WHEEL
from umserver.wire.rtp import rtcp


def open_files() -> int:
    """File descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


class PaceTests(EngineCase):
    """The clock keeps time, and what it does when it cannot."""

    def test_calls_are_spread(self) -> None:
        """Of many calls a quarter moves at a time, so that no burst leaves at once."""
        peers = [self.peer() for _ in range(12)]
        for peer in peers:
            self.leg(peer).play([clip(1.0)])
        self.step(0.02, *peers)
        counts = []
        for _ in range(8):
            before = sum(len(peer.heard) for peer in peers)
            self.step(SLOT, *peers)
            counts.append(sum(len(peer.heard) for peer in peers) - before)
        self.assertEqual(counts, [3] * 8)

    def test_a_late_clock_catches_up(self) -> None:
        """After 50 ms without a tick the packets that were due leave at once, timestamps true."""
        peer = self.peer()
        self.leg(peer).play([clip(1.0)])
        self.step(0.1, peer)
        before = len(peer.heard)
        self.clock.advance(0.06)
        peer.listen()
        self.assertEqual(len(peer.heard) - before, 3)
        self.step(0.1, peer)
        stamps = [each.timestamp for each in peer.heard]
        self.assertEqual(stamps, [(stamps[0] + 160 * n) & 0xFFFFFFFF for n in range(len(stamps))])
        self.assertEqual(self.engine.metrics.skipped, 0)

    def test_a_very_late_clock_jumps(self) -> None:
        """After a long standstill at most 60 ms are caught up; the timestamp tells of the rest."""
        peer = self.peer()
        self.leg(peer).play([clip(2.0)])
        self.step(0.1, peer)
        before = len(peer.heard)
        self.clock.advance(0.5)
        peer.listen()
        self.assertEqual(len(peer.heard) - before, 3)
        jump = (peer.heard[before].timestamp - peer.heard[before - 1].timestamp) & 0xFFFFFFFF
        self.assertApproximates(jump, 0.44 * 8000, 320)
        self.assertGreater(self.engine.metrics.skipped, WHEEL)
        self.assertGreater(self.engine.metrics.latest, 0.4)
        numbers = [each.sequence for each in peer.heard]
        self.assertEqual(numbers, [(numbers[0] + n) & 0xFFFF for n in range(len(numbers))])

    def test_a_long_tick_loses_no_slot(self) -> None:
        """When telling what happened takes longer than a slot, nobody's packet is left out."""
        peers = [self.peer() for _ in range(4)]
        for peer in peers:
            self.leg(peer).play([clip(1.0)])
        self.step(0.04, *peers)
        before = [len(peer.heard) for peer in peers]

        class Slow(Told):
            def digit(_, key: str) -> None:
                self.clock.rightNow += 0.017

        leg = self.leg(presser := self.peer())
        leg.listen(Slow())
        for act in presser.press("1"):
            act()
        self.step(0.2, *peers)
        expected = round((0.2 + 0.017) / 0.02)
        for peer, count in zip(peers, before, strict=True):
            self.assertApproximates(len(peer.heard) - count, expected, 1)
        self.assertEqual(self.engine.metrics.skipped, 0)

    def test_the_clock_rests(self) -> None:
        """Without calls nothing ticks, and after a rest the next call begins at once, not late."""
        peer = self.peer()
        leg = self.leg(peer)
        self.step(0.1)
        leg.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(1000.0)
        self.leg(peer).play([clip(1.0)])
        self.step(0.04, peer)
        self.assertEqual(len(peer.heard), 2)
        self.assertEqual(self.engine.metrics.skipped, 0)

    def test_another_packet_time(self) -> None:
        """A re-offer that changes the packet time is followed at once."""
        peer = self.peer()
        leg = self.leg(peer)
        leg.play([clip(3.0)])
        self.step(0.2, peer)
        leg.connect(peer.plan(ptime=30))
        self.step(0.6, peer)
        sizes = [len(each.payload) for each in peer.heard]
        self.assertEqual(set(sizes), {160, 240})
        self.assertApproximates(sum(sizes), 6400, 240)
        leg.connect(peer.plan(ptime=70))
        self.step(0.1, peer)

    def test_one_fault_does_not_stop_the_others(self) -> None:
        """A script that fails when told something, or a leg that breaks, harms no other call."""
        good, bad = self.peer(), self.peer()
        self.leg(good).play([clip(1.0)])

        class Failing(Told):
            def digit(self, key: str) -> None:
                raise RuntimeError("script")

        leg = self.leg(bad)
        leg.listen(Failing())
        leg.play([clip(1.0)])
        self.talk(bad, bad.press("1"))
        leg._speaker = None  # type: ignore[assignment]
        self.step(0.1, good)
        self.assertGreater(len(good.heard), 5)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        faults = len(self.flushLoggedErrors(AttributeError))
        self.assertGreaterEqual(faults, 4)
        self.assertEqual(self.engine.metrics.faults, faults + 1)
        self.engine.forget(leg)


class LifeTests(EngineCase):
    """Ports and descriptors come and go with calls."""

    ports = range(31_401, 31_411)

    def test_ports(self) -> None:
        """RTP is on an even port of the range, RTCP on the next; when all are used it says so."""
        legs = [self.engine.open("127.0.0.1") for _ in range(4)]
        self.assertEqual(sorted(leg.port for leg in legs), [31402, 31404, 31406, 31408])
        self.assertEqual(self.engine.legs, 4)
        with self.assertRaises(NoPorts):
            self.engine.open("127.0.0.1")
        legs[2].close()
        self.assertEqual(self.engine.open("127.0.0.1").port, legs[2].port)

    def test_nothing_is_left_open(self) -> None:
        """After hundreds of calls no socket is left, whatever they were doing when they ended."""
        peer = self.peer()
        self.leg(peer).close()
        before = open_files()
        for number in range(200):
            leg = self.leg(peer)
            leg.play([clip(0.1)])
            if number % 2:
                leg.record(MemoryTake(), 5.0, 5.0)
                leg.send_digits("1")
                self.step(0.02)
            leg.close()
        self.assertEqual((open_files(), self.engine.legs), (before, 0))

    def test_stop(self) -> None:
        """Stopping the engine ends every call's sound and refuses new ones; twice is harmless."""
        before = open_files()
        results: list[bool] = []
        leg = self.engine.open("127.0.0.1")
        leg.play([clip(1.0)]).addCallback(results.append)
        self.engine.stop()
        self.engine.stop()
        self.assertEqual((results, leg.closed, open_files()), ([False], True, before))
        self.assertEqual(self.engine.now(), 0.0)
        with self.assertRaises(NoPorts):
            self.engine.open("127.0.0.1")

    def test_stopped_by_a_script(self) -> None:
        """Stopping in answer to a key is as good as at any other time."""
        peer = self.peer()
        leg = self.leg(peer)

        class Stopping(Told):
            def digit(_, key: str) -> None:
                self.engine.stop()

        leg.listen(Stopping())
        self.talk(peer, peer.press("1"))
        self.assertTrue(leg.closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_start_twice(self) -> None:
        """Starting again changes nothing."""
        self.engine.start()
        self.assertGreater(self.engine.now(), 0.0)
        MediaEngine(Clock(), None, range(2), Random(1)).stop()


class DeadCallTests(EngineCase):
    """A call whose media is gone is told so."""

    media_timeout = 3.0

    def test_nothing_is_heard(self) -> None:
        """After the configured time without a packet the call is told, once."""
        told = Told()
        peer = self.peer()
        self.leg(peer).listen(told)
        self.talk(peer, noise(0.5))
        self.step(2.5)
        self.assertEqual(told.lost, 0)
        self.step(5.0)
        self.assertEqual(told.lost, 1)
        self.talk(peer, noise(1.5))
        self.step(5.0)
        self.assertEqual(told.lost, 2)

    def test_reports_are_life(self) -> None:
        """A peer that sends no sound but reports is there; rubbish on that port is not."""
        told, peer = Told(), self.peer()
        self.leg(peer).listen(told)
        for _ in range(5):
            peer.report(rtcp.build([rtcp.ReceiverReport(peer.ssrc)]))
            self.step(1.5)
        self.assertEqual(told.lost, 0)
        for _ in range(4):
            peer.report(b"rubbish")
            self.step(1.5)
        self.assertEqual(told.lost, 1)

    def test_hold_is_not_death(self) -> None:
        """Who holds, with or without an address, may be silent for as long as they like."""
        for changes in ({"may_receive": False}, {"remote_host": "0.0.0.0"}):
            told, peer = Told(), self.peer()
            leg = self.leg(peer, **changes)
            leg.listen(told)
            self.step(10.0)
            self.assertEqual(told.lost, 0)
            leg.connect(peer.plan())
            self.step(2.5)
            self.assertEqual(told.lost, 0)
            self.step(2.5)
            self.assertEqual(told.lost, 1)

    def test_nobody_listens(self) -> None:
        """A dead call that nobody cares for harms nothing."""
        self.leg(self.peer())
        self.step(5.0)
        self.assertEqual(self.engine.metrics.faults, 0)

    def test_never(self) -> None:
        """A time of 0 switches it off."""
        told = Told()
        self.engine.media_timeout = 0.0
        self.leg(self.peer()).listen(told)
        self.step(10.0)
        self.assertEqual(told.lost, 0)


class ReportTests(EngineCase):
    """RTCP: what we tell the peer, what we learn from it."""

    def test_we_report(self) -> None:
        """Sender reports while we speak, receiver reports while we do not, and a farewell."""
        peer = self.peer()
        leg = self.leg(peer)
        self.talk(peer, noise(0.2))
        leg.play([clip(12.0)])
        self.step(12.5, peer)
        senders = [each for each in peer.reports if isinstance(each, rtcp.SenderReport)]
        self.assertTrue(2 <= len(senders) <= 6, len(senders))
        last = senders[-1]
        self.assertEqual(last.ssrc, peer.heard[0].ssrc)
        self.assertLessEqual(last.packets, len(peer.heard))
        self.assertEqual(last.octets, last.packets * 160)
        (block,) = last.blocks
        self.assertEqual((block.ssrc, block.lost), (peer.ssrc, 0))
        names = [each for each in peer.reports if isinstance(each, rtcp.Description)]
        self.assertTrue(names[0].names[0][1].endswith("@umserver"))
        peer.reports.clear()
        self.step(20.0, peer)
        kinds = [type(each) for each in peer.reports if not isinstance(each, rtcp.Description)]
        self.assertEqual(set(kinds[1:]), {rtcp.ReceiverReport})
        peer.reports.clear()
        leg.close()
        peer.listen()
        self.assertEqual(peer.reports[-1], rtcp.Goodbye((last.ssrc,)))

    def test_a_sender_report_names_the_present(self) -> None:
        """Its timestamp is that of the sound sent at that moment, also in the farewell."""
        peer = self.peer()
        leg = self.leg(peer)
        leg.play([clip(5.0)])
        self.step(1.0, peer)
        leg.close()
        peer.listen()
        report = next(each for each in peer.reports if isinstance(each, rtcp.SenderReport))
        last = peer.heard[-1].timestamp
        self.assertApproximates((report.timestamp - last) & 0xFFFFFFFF, 0, 320)

    def test_loss_is_reported(self) -> None:
        """A peer whose packets are lost is told how many, and the call's record says so too."""
        peer = self.peer()
        leg = self.leg(peer)
        self.talk(peer, noise(0.1))
        peer.line.loss = 1.1
        self.talk(peer, noise(0.2))
        peer.line.loss = 0.0
        self.talk(peer, noise(7.7))
        block = next(e for e in peer.reports if isinstance(e, rtcp.ReceiverReport)).blocks[0]
        self.assertEqual(block.lost, 10)
        quality = leg.close()
        self.assertEqual((quality.packets_lost, quality.packets_received), (10, 390))
        self.assertLess(quality.jitter, 0.01)

    def test_the_peer_reports(self) -> None:
        """Round trip and losses that the peer tells are kept for the call's record."""
        peer = self.peer()
        leg = self.leg(peer)
        leg.play([clip(9.0)])
        self.step(8.0, peer)
        ours = next(each for each in peer.reports if isinstance(each, rtcp.SenderReport))
        now = 1_700_000_000.0 + self.clock.seconds()
        delay = int((now - 0.08 - (ours.ntp / 2**32 - 2_208_988_800)) * 65536)
        middle = ours.ntp >> 16 & 0xFFFFFFFF
        block = rtcp.ReportBlock(ours.ssrc, 0, 7, 1, 0, middle, delay)
        peer.report(rtcp.build([rtcp.ReceiverReport(peer.ssrc, (block,))]))
        self.step(1.2, peer)
        quality = leg.close()
        self.assertEqual(quality.lost_by_peer, 7)
        assert quality.round_trip is not None
        self.assertTrue(0.0 < quality.round_trip < 1.3)

    def test_reports_on_the_wrong_port(self) -> None:
        """A peer that sends RTCP to the port of sound is heard, and it is not taken for sound."""
        peer, take = self.peer(), MemoryTake()
        leg = self.leg(peer)
        leg.record(take, 5.0, 5.0)
        for _ in range(20):
            peer.send(rtcp.build([rtcp.SenderReport(peer.ssrc, 1 << 40, 5, 0, 0)]))
        self.step(1.2)
        self.assertEqual(take.sound, b"")
        self.assertEqual(leg.close().packets_received, 0)

    def test_no_place_for_reports(self) -> None:
        """Where the peer has no place for RTCP none is sent, not even after it had one."""
        peer = self.peer()
        leg = self.leg(peer)
        self.step(4.0, peer)
        self.assertTrue(peer.reports)
        leg.connect(peer.plan(remote_rtcp_port=0))
        peer.reports.clear()
        self.step(15.0, peer)
        leg.close()
        peer.listen()
        self.assertEqual(peer.reports, [])

    def test_who_never_heard_of_us_gets_no_farewell(self) -> None:
        """A call that ends before anything was sent sends no BYE either."""
        peer = self.peer()
        self.leg(peer).close()
        peer.listen()
        self.assertEqual(peer.reports, [])

    def test_nobody_takes_our_reports(self) -> None:
        """A peer without an RTCP port (ICMP errors) harms nothing."""
        peer = self.peer()
        leg = self.leg(peer)
        peer.close()
        self.step(30.0)
        leg.close()
        self.assertEqual(self.engine.metrics.faults, 0)
