"""Whole calls between two endpoints over networks that lose, double, delay and overtake."""

from __future__ import annotations

from random import Random

from tests.kit.network import ANSWER, LIFETIME, OFFER, Weather, WorldCase, answering
from umserver.wire.sip.effects import Effect, Ended, Established, Offered, Refused, Told

SEEDS = range(60)
WILD = Weather(loss=0.3, doubling=0.1, delay=(0.001, 0.4))
ROUGH = Weather(loss=0.2, doubling=0.1, delay=(0.001, 0.2))


class CalmTests(WorldCase):
    def test_whole_call(self) -> None:
        """Without any trouble a call takes seven messages and nothing is sent twice."""
        self.callee.on_effect = answering(self.callee, rings=True)
        name = self.place()
        self.world.run()
        self.assertEqual(self.caller.heard(Established), [Established(name, ANSWER)])
        self.caller.do(self.caller.endpoint.hang_up, name)
        self.world.run(60)
        titles = [message.title.split(" (")[0] for message in self.world.trace]
        expected = ["INVITE", "100", "180", "200", "ACK", "BYE", "200"]
        self.assertEqual([title.split()[0] for title in titles], expected)
        self.assertTrue(self.caller.is_idle and self.callee.is_idle)

    def test_over_tcp(self) -> None:
        """The same over a stream."""
        names = self.established(transport="tcp")
        self.callee.do(self.callee.endpoint.hang_up, names[1])
        self.world.run(60)
        self.assertEqual(len(self.world.trace), 6)
        self.assertEqual(self.caller.heard(Ended), [Ended(names[0], "peer", "BYE")])

    def test_nobody_at_home(self) -> None:
        """A call to an address where nobody lives is refused with 408."""
        self.world.stations.pop(self.callee.address)
        self.place()
        self.world.run(LIFETIME + 1)
        self.assertEqual([r.status for r in self.caller.heard(Refused)], [408])

    def test_calls_at_the_same_time(self) -> None:
        """Fifty calls each way do not disturb each other."""
        self.caller.on_effect = answering(self.caller)
        names = [self.established()[0] for _ in range(50)]
        self.assertEqual(len(self.caller.heard(Established)), 50)
        for name in names:
            self.caller.do(self.caller.endpoint.hang_up, name)
        self.world.run(60)
        self.assertEqual(len(self.callee.heard(Ended)), 50)
        self.assertTrue(self.caller.is_idle and self.callee.is_idle)


class LossTests(WorldCase):
    def test_calls_complete_with_a_fifth_lost(self) -> None:
        """With 20 % loss calls come about, change, carry keys and end, as a rule."""
        whole = 0
        for seed in SEEDS:
            self.build(seed, ROUGH)
            self.callee.on_effect = answering(self.callee, rings=True)
            name = self.place()
            self.world.run(LIFETIME)
            if not self.caller.heard(Established):
                self.assertEqual(len(self.caller.heard(Refused)), 1)
                continue
            self.caller.do(self.caller.endpoint.offer, name, OFFER)
            self.caller.do(self.caller.endpoint.info, name, "application/dtmf", b"1")
            self.world.run(LIFETIME)
            told = (len(self.caller.heard(Established)), len(self.callee.heard(Told)))
            self.caller.do(self.caller.endpoint.hang_up, name)
            self.world.run(LIFETIME + 1)
            self.assert_consistent(seed)
            whole += told == (2, 1)
        self.assertGreaterEqual(whole, len(SEEDS) * 19 // 20)

    def test_consistent_end_with_a_third_lost(self) -> None:
        """With 30 % loss both sides have ended 32 s after a hang-up, whoever did it and when."""
        for seed in SEEDS:
            self.build(seed, WILD)
            random = Random(seed)
            self.callee.on_effect = self.moody(random)
            name = self.place()
            self.world.run(random.choice((0.1, 0.5, 1.0, 2.0, 5.0, 40.0)))
            who = random.choice(("caller", "callee", "both"))
            offered = self.callee.heard(Offered)
            if who != "callee" or not offered:
                self.caller.do(self.caller.endpoint.hang_up, name)
            if offered and who != "caller":
                self.callee.do(self.callee.endpoint.hang_up, offered[0].call)
            self.world.run(LIFETIME + 1)
            self.assert_consistent(seed)

    def test_one_way_only(self) -> None:
        """When nothing of the callee arrives, both sides know after two lifetimes."""
        self.world.filter = lambda message: message.source == self.caller.address
        self.callee.on_effect = answering(self.callee, rings=True)
        self.place()
        self.world.run(2 * LIFETIME + 1)
        self.assertEqual([r.status for r in self.caller.heard(Refused)], [408])
        self.assertEqual([e.by for e in self.callee.heard(Ended)], ["timeout"])
        self.world.run(LIFETIME)
        self.assert_consistent(0)

    def test_only_the_acks_are_lost(self) -> None:
        """Without any ACK the callee ends the call after 32 s and the caller hears it."""
        self.world.filter = lambda message: not message.data.startswith(b"ACK")
        self.callee.on_effect = answering(self.callee)
        self.place()
        self.world.run(LIFETIME + 1)
        self.assertEqual([e.by for e in self.callee.heard(Ended)], ["timeout"])
        self.assertEqual([e.by for e in self.caller.heard(Ended)], ["peer"])
        self.assert_consistent(0)

    def moody(self, random: Random) -> object:
        """A user that answers, rings, refuses or does nothing."""
        mood = random.choice(("answer", "ring", "refuse", "answer"))
        usual = answering(self.callee, rings=True)

        def act(effect: Effect) -> None:
            endpoint, world = self.callee.endpoint, self.world
            if not isinstance(effect, Offered) or mood == "answer":
                usual(effect)
            elif mood == "ring":
                world.perform(self.callee, endpoint.ring(effect.call, world.now))
            else:
                world.perform(self.callee, endpoint.refuse(effect.call, 486, "", world.now))

        return act

    def assert_consistent(self, seed: int) -> None:
        """Both sides have ended, each was told so exactly once, and nothing is left."""
        for station in (self.caller, self.callee):
            self.assertTrue(station.is_idle, f"seed {seed}: {station.address}")
        ends = [*self.caller.heard(Ended), *self.caller.heard(Refused)]
        self.assertEqual(len(ends), 1, f"seed {seed}")
        offered = self.callee.heard(Offered)
        ended = self.callee.heard(Ended)
        self.assertEqual([o.call for o in offered], [e.call for e in ended], f"seed {seed}")
        self.world.run(2 * LIFETIME)
        self.assertIsNone(self.world.next, f"seed {seed}")
