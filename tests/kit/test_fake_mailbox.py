"""The mailbox in memory keeps the promises of the real ones, where it has them."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import TestCase

from tests.contracts.mailbox import MailboxContract
from tests.kit.fake_mailbox import MemoryMailbox
from umserver.edges.mail.sound import attachments_in, clip_in
from umserver.edges.mail.voicemail import letterhead
from umserver.interfaces import Unplayable


class MemoryMailboxTests(MailboxContract, TestCase):
    """The contract."""

    def setUp(self) -> None:
        self.mailbox = MemoryMailbox()

    def arrive(self, mail: bytes, seen: bool = False) -> Deferred[None]:
        """What a mail carries."""
        head = letterhead(mail)
        if head is not None:
            id = f"m{len(self.mailbox.mails)}"
            self.mailbox.mails.append(
                head.voice_mail(id, new=not seen, deleted=False, flagged=False)
            )
            self.mailbox.attached[id] = attachments_in(mail)
            try:
                self.mailbox.sounds[id] = clip_in(mail)
            except Unplayable:
                self.mailbox.damaged.add(id)
        return succeed(None)

    def vanish(self) -> Deferred[None]:
        """Nothing is left."""
        self.mailbox.mails.clear()
        return succeed(None)
