"""What the disk refused: asked for again until it is done."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.mail.spool.arrears import Arrears
from umserver.interfaces import NoSpace

TROUBLE = "it still cannot be done"


@define(eq=False)
class Stubborn:
    """A work that is refused some times, and goes into the arrears again then."""

    arrears: Arrears
    id: str
    refusals: int
    asked: int = field(init=False, default=0)

    def do(self) -> Deferred[None]:
        """Once more."""
        self.asked += 1
        if self.asked > self.refusals:
            return succeed(None)
        self.arrears.add(TROUBLE, self.id, self.do)
        return fail(NoSpace("the disk is full"))


class ArrearsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.arrears = Arrears()

    def works(self, *refusals: int) -> list[Stubborn]:
        """Works of which each was refused already."""
        works = [Stubborn(self.arrears, str(n), times) for n, times in enumerate(refusals)]
        for work in works:
            self.failureResultOf(work.do(), NoSpace)
        return works

    def test_until_it_is_done(self) -> None:
        """Each is asked for until it is done and never again, whatever becomes of the others."""
        works = self.works(1, 3, 2)
        for asked in ([2, 2, 2], [2, 3, 3], [2, 4, 3], [2, 4, 3]):
            self.arrears.try_again()
            self.assertEqual([work.asked for work in works], asked)

    def test_one_message_one_work(self) -> None:
        """A work that was refused twice is asked for once."""
        (work,) = self.works(2)
        self.failureResultOf(work.do(), NoSpace)
        self.arrears.try_again()
        self.assertEqual(work.asked, 3)
