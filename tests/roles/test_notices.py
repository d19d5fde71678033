"""Mails about mailboxes: from the store into the spool, once and only once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.test_notice import about
from tests.kit.fake_office import MemorySpool
from umserver.interfaces import IMessageStore, Unavailable
from umserver.org.messages import Envelope
from umserver.roles.notices import LOOK_EVERY, NoticePost


@define
class Store:
    """Mails in a list; a store that can be away, or slow."""

    mails: list[Envelope] = field(factory=list)
    away: bool = False
    forgets: bool = True
    slow: Deferred[None] | None = None
    holders: list[str] = field(factory=list)

    def take_notices(self, holder: str) -> Deferred[Sequence[Envelope]]:
        self.holders.append(holder)
        if self.away:
            return fail(Unavailable("the store is away"))
        taken = succeed(list(self.mails[:2]))
        return self.slow.addCallback(lambda _: taken) if self.slow else taken

    def forget_notices(self, ids: Sequence[str]) -> Deferred[None]:
        if not self.forgets:
            return fail(Unavailable("the store is away"))
        self.mails = [mail for mail in self.mails if mail.id not in ids]
        return succeed(None)


class NoticePostTests(SynchronousTestCase):
    """One server's post."""

    def setUp(self) -> None:
        self.clock, self.store, self.spool = Clock(), Store(), MemorySpool()
        self.post = NoticePost(self.clock, self.store, cast(IMessageStore, self.spool), "um1")

    def test_what_waits_is_sent_at_the_start(self) -> None:
        """PINs that were changed while the server was stopped are told when it starts (feature 74),
        and nothing stays behind.
        """
        mails = [about(number) for number in range(1, 6)]
        self.store.mails = list(mails)
        self.post.start()
        self.assertEqual(self.spool.posted, mails)
        self.assertEqual((self.store.mails, set(self.store.holders)), ([], {"um1"}))

    def test_at_once_and_by_and_by(self) -> None:
        """A mail goes when somebody says so, and else within half a minute."""
        self.post.start()
        self.store.mails = [about(1)]
        self.successResultOf(self.post.look())
        self.assertEqual(len(self.spool.posted), 1)
        self.store.mails = [about(2)]
        self.clock.advance(LOOK_EVERY)
        self.assertEqual(len(self.spool.posted), 2)

    def test_a_full_disk(self) -> None:
        """What the spool cannot take stays in the store until there is room."""
        self.store.mails, self.spool.full = [about(1)], True
        self.post.start()
        self.assertEqual(len(self.store.mails), 1)
        self.spool.full = False
        self.clock.advance(LOOK_EVERY)
        self.assertEqual((self.store.mails, len(self.spool.posted)), ([], 1))

    def test_a_store_that_is_away(self) -> None:
        """A store that does not answer is asked again."""
        self.store.away = True
        self.post.start()
        self.successResultOf(self.post.look())
        self.store.away, self.store.mails = False, [about(1)]
        self.clock.advance(LOOK_EVERY)
        self.assertEqual(len(self.spool.posted), 1)

    def test_a_store_that_does_not_forget(self) -> None:
        """A mail that is in the spool is sent once, however long the store cannot forget it; and
        it holds up no other.
        """
        mails = self.store.mails = [about(1), about(2)]
        self.store.forgets = False
        self.post.start()
        for _ in range(3):
            self.clock.advance(LOOK_EVERY)
        self.store.forgets = True
        self.clock.advance(LOOK_EVERY)
        self.assertEqual((self.spool.posted, self.store.mails), (mails, []))

    def test_several_looks_at_once(self) -> None:
        """Who asks during a look gets an answer after it, and nothing is sent twice."""
        slow = self.store.slow = Deferred()
        self.store.mails = [about(1)]
        self.post.start()
        waiting = [self.post.look(), self.post.look()]
        self.assertNoResult(waiting[0])
        self.store.slow = None
        slow.callback(None)
        for one in waiting:
            self.successResultOf(one)
        self.assertEqual(len(self.spool.posted), 1)

    def test_the_end(self) -> None:
        """A server that stops puts down what it holds, and takes nothing more."""
        slow = self.store.slow = Deferred()
        self.store.mails = [about(1)]
        self.post.start()
        stopped = self.post.stop()
        self.assertNoResult(stopped)
        self.store.slow = None
        slow.callback(None)
        self.successResultOf(stopped)
        self.successResultOf(self.post.look())
        self.assertEqual((len(self.spool.posted), len(self.store.holders)), (1, 1))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.successResultOf(self.post.stop())
