"""Health sets: what makes a server unhealthy (spec 9.6)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.roles.health import LastHour, Monitor, probed, rejections, together, worst


class LastHourTests(SynchronousTestCase):
    """Calls of the last hour."""

    def setUp(self) -> None:
        self.now = 1_790_000_000.0
        self.hour = LastHour(lambda: self.now)

    def calls(self, taken: int, rejected: int) -> None:
        for refused in [False] * taken + [True] * rejected:
            self.hour.note(refused)

    def test_more_than_half_rejected(self) -> None:
        """More than half of the last hour's calls rejected is unhealthy (feature 191)."""
        self.calls(5, 5)
        self.assertEqual(rejections(self.hour.counts())[0], "Healthy")
        self.calls(0, 1)
        value, why = rejections(self.hour.counts())
        self.assertEqual(
            (value, why), ("Unhealthy", "6 of 11 calls of the last hour were rejected")
        )

    def test_healthy_again_after_an_hour(self) -> None:
        """Rejections older than an hour do not count (feature 191)."""
        self.calls(0, 10)
        self.now += 59 * 60
        self.assertEqual(self.hour.counts(), (10, 10))
        self.now += 60
        self.assertEqual(self.hour.counts(), (0, 0))

    def test_few_calls_say_nothing(self) -> None:
        """One wrong number at night does not raise an alarm."""
        self.calls(0, 3)
        self.assertEqual(rejections(self.hour.counts())[0], "Healthy")
        self.calls(0, 1)
        self.assertEqual(rejections(self.hour.counts())[0], "Unhealthy")

    def test_clock_set_back(self) -> None:
        """A clock that is set back far does not keep old rejections for ever."""
        self.calls(0, 10)
        self.now -= 7200
        self.assertEqual(self.hour.counts(), (0, 0))

    def test_bounded(self) -> None:
        """A year of calls takes no more room than an hour's."""
        for _ in range(500):
            self.hour.note(False)
            self.now += 60
        self.assertLessEqual(len(self.hour._minutes), 60)


class MonitorTests(SynchronousTestCase):
    """How monitors are shown."""

    def test_row(self) -> None:
        """A monitor shows its set, value and whether its component is in service."""
        row = Monitor("UM", "UMSettingsMonitor", "Healthy").row("um1", "Inactive")
        self.assertEqual((row["state"], row["value"], row["server"]), ("Offline", "Healthy", "um1"))

    def test_probe(self) -> None:
        """Only an answer 200 to OPTIONS is healthy; the reason says what came instead."""
        self.assertEqual(probed(200)[0], "Healthy")
        self.assertEqual(probed(503), ("Unhealthy", "answered 503"))
        for nothing in (0, None):
            self.assertEqual(probed(nothing), ("Unhealthy", "no answer"))

    def test_together(self) -> None:
        """Several looks at one thing are as good as the worst, with every reason that counts."""
        fine, poor, bad = ("Healthy", "90 days"), ("Degraded", "old"), ("Unhealthy", "over")
        self.assertEqual(together([fine, ("Healthy", "more")]), fine)  # type: ignore[list-item]
        self.assertEqual(together([fine, poor, bad]), ("Unhealthy", "old; over"))  # type: ignore[list-item]

    def test_worst(self) -> None:
        """A set is as healthy as its worst monitor."""
        monitors = [Monitor("UM", name, name) for name in ("Healthy", "Degraded")]  # type: ignore[arg-type]
        self.assertEqual(worst(monitors), "Degraded")
        self.assertEqual(worst([]), "Healthy")
