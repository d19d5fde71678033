"""Which messages belong together."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.conversations import answering, conversation_of, subject_after
from umserver.org.messages import CallerId, VoiceMail


def message(id: str, name: str = "", *references: str) -> VoiceMail:
    """A message with its Message-ID."""
    return VoiceMail(id=id, sender=CallerId(), received=0.0, message_id=name, references=references)


class ConversationTests(SynchronousTestCase):
    """Answers and what they answer."""

    def test_a_chain(self) -> None:
        """An answer to an answer belongs to the first message, in whatever order they are read."""
        first, second = message("a", "<1>"), message("b", "<2>", "<1>")
        third, other = message("c", "<3>", "<2>"), message("d", "<4>")
        for one in (first, second, third):
            everything = [third, other, first, second]
            self.assertEqual(conversation_of(everything, one), {"a", "b", "c"})
        self.assertEqual(conversation_of([first, other], other), {"d"})

    def test_two_answers_to_something_that_is_gone(self) -> None:
        """What both answer binds them, though nobody has it any more."""
        left, right = message("a", "<1>", "<0>"), message("b", "<2>", "<0>")
        self.assertEqual(conversation_of([left, right], left), {"a", "b"})

    def test_messages_without_names(self) -> None:
        """Mails without a Message-ID belong to nothing."""
        self.assertEqual(conversation_of([message("a"), message("b")], message("a")), {"a"})

    def test_references_of_an_answer(self) -> None:
        """An answer names everything before it, the answered message last."""
        self.assertEqual(answering(message("a", "<2>", "<0>", "<1>")), ("<0>", "<1>", "<2>"))
        self.assertEqual(answering(evolve(message("a"), message_id="")), ())

    def test_subjects(self) -> None:
        """RE: and FW: stand there once."""
        self.assertEqual(subject_after("RE", "Lunch"), "RE: Lunch")
        self.assertEqual(subject_after("RE", "Re: FW: fwd: Lunch"), "RE: Lunch")
        self.assertEqual(subject_after("FW", "RE:Lunch"), "FW: Lunch")
        self.assertEqual(subject_after("FW", ""), "")
        self.assertEqual(subject_after("FW", "re:"), "")
