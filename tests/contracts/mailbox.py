"""What every mailbox promises (`umserver.interfaces.IMailbox`)."""

from __future__ import annotations

from abc import abstractmethod

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.edges.mail.letters import RECEIVED, envelope, speech
from umserver.edges.mail.attachment import sound_file
from umserver.edges.mail.compose import compose
from umserver.interfaces import Gone, IMailbox, Unplayable
from umserver.org.messages import Addressee, CallerId, Choices, Kind, VoiceMail
from umserver.wire.audio import g711

SOUND = speech(2.0)


def voice_mail(
    number: int = 1, choices: Choices | None = None, coding: str = "G711", **changes: object
) -> bytes:
    """A voice message to Ada as this server writes it; a higher number is a newer call."""
    file = sound_file(coding, "PCMU", SOUND)
    return compose(envelope(number, **changes), choices or Choices(), Kind.VOICE, file)


def damaged_mail(number: int) -> bytes:
    """One whose sound is no sound."""
    file = evolve(sound_file("G711", "PCMU", SOUND), data=b"RIFF\x00\x00\x00\x00WAVEnothing")
    return compose(envelope(number), Choices(), Kind.VOICE, file)


class MailboxContract:
    """Mix into a TestCase; `mailbox` is Ada's and empty after setUp."""

    mailbox: IMailbox

    @abstractmethod
    def arrive(self, mail: bytes, seen: bool = False) -> Deferred[None]:
        """Put a mail into the inbox as a mail server does."""

    @abstractmethod
    def vanish(self) -> Deferred[None]:
        """Remove every mail with another program."""

    async def only(self: TestCase) -> VoiceMail:  # type: ignore[misc]
        """The one message that there is."""
        mails = await self.mailbox.messages()  # type: ignore[attr-defined]
        self.assertEqual(len(mails), 1, mails)
        mail: VoiceMail = mails[0]
        return mail

    def test_interface(self) -> None:
        """It has every verb of the door."""
        verifyObject(IMailbox, self.mailbox)

    async def test_an_empty_mailbox(self: TestCase) -> None:  # type: ignore[misc]
        """A mailbox that nobody wrote to holds nothing."""
        self.assertEqual(list(await self.mailbox.messages()), [])  # type: ignore[attr-defined]

    async def test_what_a_message_says(self: TestCase) -> None:  # type: ignore[misc]
        """Sender, number, time, length and marks are those of the call."""
        caller = CallerId("1002", "Ben Sample", "ben@example.com")
        mail = voice_mail(1, Choices(important=True, private=True), caller=caller)
        await self.arrive(mail)  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        self.assertEqual(found.sender, caller)
        self.assertEqual(found.received, float(int(RECEIVED + 1)))
        self.assertEqual((found.seconds, found.urgent, found.private), (2, True, True))
        self.assertEqual((found.new, found.deleted, found.flagged), (True, False, False))

    async def test_what_a_message_belongs_to(self: TestCase) -> None:  # type: ignore[misc]
        """Message-ID, conversation, subject and recipients are those of the mail."""
        named = (Addressee("ada@example.com", "Ada Example"), Addressee("ben@example.com"))
        mail = voice_mail(1, references=("<a@b>", "<c@d>"), subject="RE: Lunch", addressed=named)
        await self.arrive(mail)  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        self.assertEqual(found.message_id, envelope(1).message_id)
        self.assertEqual((found.references, found.subject), (("<a@b>", "<c@d>"), "RE: Lunch"))
        self.assertEqual(found.recipients, ("ada@example.com", "ben@example.com"))

    async def test_sounds_to_send_on(self: TestCase) -> None:  # type: ignore[misc]
        """The sound comes out as the file that the mail carries, whatever is in it."""
        await self.arrive(damaged_mail(1))  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        sounds = await self.mailbox.attachments(found.id)  # type: ignore[attr-defined]
        self.assertEqual([sound.data[:12] for sound in sounds], [b"RIFF\x00\x00\x00\x00WAVE"])
        self.assertEqual(sounds[0].content_type, "audio/wav")
        self.assertTrue(sounds[0].name.endswith(".wav"))

    async def test_a_caller_from_outside(self: TestCase) -> None:  # type: ignore[misc]
        """A caller who is known by number only has no name and no address."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        self.assertEqual(found.sender, CallerId("2125550142"))

    async def test_the_newest_first(self: TestCase) -> None:  # type: ignore[misc]
        """Messages come in the order of their calls, the newest first, however they arrived."""
        for number in (2, 3, 1):
            await self.arrive(voice_mail(number))  # type: ignore[attr-defined]
        mails = await self.mailbox.messages()  # type: ignore[attr-defined]
        times = [mail.received for mail in mails]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual(len(times), 3)

    async def test_only_voice_messages(self: TestCase) -> None:  # type: ignore[misc]
        """Letters, and missed calls, are not read out as voice messages."""
        await self.arrive(b"Subject: lunch\r\n\r\nNoon?\r\n")  # type: ignore[attr-defined]
        missed = compose(envelope(4), Choices(), Kind.MISSED)
        await self.arrive(missed)  # type: ignore[attr-defined]
        self.assertEqual(list(await self.mailbox.messages()), [])  # type: ignore[attr-defined]

    async def test_the_sound(self: TestCase) -> None:  # type: ignore[misc]
        """What was said comes back sample by sample where the attachment is G.711."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        clip = await self.mailbox.sound(found.id)  # type: ignore[attr-defined]
        self.assertEqual(
            g711.decode("PCMU", clip.encoded["PCMU"]).tolist(), g711.decode("PCMU", SOUND).tolist()
        )

    async def test_damaged_sound(self: TestCase) -> None:  # type: ignore[misc]
        """Sound that cannot be played is told to be so; the message stays."""
        await self.arrive(damaged_mail(1))  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        with self.assertRaises(Unplayable):
            await self.mailbox.sound(found.id)  # type: ignore[attr-defined]
        self.assertTrue((await self.only()).new)  # type: ignore[attr-defined]

    async def test_read_and_unread(self: TestCase) -> None:  # type: ignore[misc]
        """A message that was heard is saved, and can be made new again."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        for read in (True, True, False, False):
            await self.mailbox.mark_read(found.id, read)  # type: ignore[attr-defined]
            expected = evolve(found, new=not read)
            self.assertEqual(await self.only(), expected)  # type: ignore[attr-defined]

    async def test_seen_by_a_mail_program(self: TestCase) -> None:  # type: ignore[misc]
        """What a mail program has shown is no new message."""
        await self.arrive(voice_mail(), True)  # type: ignore[attr-defined]
        self.assertFalse((await self.only()).new)  # type: ignore[attr-defined]

    async def test_flagged(self: TestCase) -> None:  # type: ignore[misc]
        """The mark for follow-up comes and goes, and read state has nothing to do with it."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        for on in (True, True, False):
            await self.mailbox.flag(found.id, on)  # type: ignore[attr-defined]
            expected = evolve(found, flagged=on)
            self.assertEqual(await self.only(), expected)  # type: ignore[attr-defined]

    async def test_deleted_and_taken_back(self: TestCase) -> None:  # type: ignore[misc]
        """A deleted message keeps its name and its marks, and comes back with them."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        await self.mailbox.mark_read(found.id, True)  # type: ignore[attr-defined]
        await self.mailbox.flag(found.id, True)  # type: ignore[attr-defined]
        for deleted in (True, True, False, False):
            verb = self.mailbox.delete if deleted else self.mailbox.undelete  # type: ignore
            await verb(found.id)
            expected = evolve(found, new=False, flagged=True, deleted=deleted)
            self.assertEqual(await self.only(), expected)  # type: ignore[attr-defined]

    async def test_a_deleted_message_has_sound(self: TestCase) -> None:  # type: ignore[misc]
        """What is in the trash can still be heard before it is taken back."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        found = await self.only()  # type: ignore[attr-defined]
        await self.mailbox.delete(found.id)  # type: ignore[attr-defined]
        clip = await self.mailbox.sound(found.id)  # type: ignore[attr-defined]
        self.assertEqual(len(clip.encoded["PCMA"]), len(SOUND))

    async def test_gone(self: TestCase) -> None:  # type: ignore[misc]
        """A message that another program removed is said to be gone, by every verb."""
        await self.arrive(voice_mail())  # type: ignore[attr-defined]
        id, box = (await self.only()).id, self.mailbox  # type: ignore[attr-defined]
        await self.vanish()  # type: ignore[attr-defined]
        verbs = (
            lambda: box.sound(id),
            lambda: box.mark_read(id, True),
            lambda: box.flag(id, True),
            lambda: box.delete(id),
            lambda: box.undelete(id),
        )
        for verb in verbs:
            with self.assertRaises(Gone):
                await verb()
        self.assertEqual(list(await box.messages()), [])
