"""Call answering: greet, record, let the caller decide, and never lose what was said (spec 4.6, 6.1).

Knows: the conversation and who decides what. Must never know: how a message becomes a mail, or where it is kept.
The draft is opened before the call is answered and always comes to an end: committed when something was said,
a missed call otherwise, whatever ended the conversation.
"""

from __future__ import annotations

from enum import Enum

from attrs import define, evolve, field
from twisted.logger import Logger

from umserver.calls.call import NO_KEY, Call
from umserver.calls.dialogs import farewell, menu
from umserver.calls.envelopes import envelope_for
from umserver.calls.flows import not_available
from umserver.calls.office import Flow, Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip, IDraft, NoSpace
from umserver.org.messages import Choices
from umserver.org.resolve import LeaveMessage, Route

log = Logger()

ENOUGH_SPEECH = 0.5
"""Seconds of sound that make a message; less is a missed call (spec 6.1, only silence)."""
SKIP, OPERATOR, ESCAPE = "#", "0", "*"
EMPTY_TAKES = 2
"""How often a caller may press # without having said anything."""


class Act(Enum):
    """The menu after recording (spec 6.1)."""

    ACCEPT = "1"
    REPLAY = "2"
    ERASE = "3"
    APPEND = "4"
    CANCEL = "*"


class Option(Enum):
    """The menu of options before sending (spec 6.1)."""

    SEND = "#"
    IMPORTANT = "1"
    PRIVATE = "2"
    BACK = "*"


class Next(Enum):
    """Where the greeting leads."""

    RECORD = "record"
    TRANSFERRED = "transferred"
    ESCAPED = "escaped"


async def leave_message(call: Call, office: Office, route: Route) -> str:
    """Serve one diverted or direct call to a mailbox.

    Returns message, missed, cancelled, refused, transferred, escaped or no-space; what the draft became is noted
    as `left` in the office's facts, which also holds when the caller goes in the middle.
    """
    assert isinstance(route, LeaveMessage)
    speaker = office.speaker(route.dial_plan.default_language)
    try:
        draft = await office.spool.begin(envelope_for(call, office, route))
    except NoSpace as fault:
        log.error("no room for a message: {fault}", call=call.id, fault=fault)
        await call.answer()
        await farewell(call, speaker, "disk-apology", "goodbye")
        return "no-space"
    answering = Answering(call, office, route, speaker, draft)
    try:
        return await answering.converse()
    finally:
        await answering.settle()


@define(eq=False)
class Answering:
    """One conversation with one caller for one mailbox."""

    call: Call
    office: Office
    route: LeaveMessage
    speaker: Speaker
    draft: IDraft
    choices: Choices = field(factory=Choices)
    spoken: float = 0.0
    """Seconds of sound in the draft."""
    settled: bool = False

    async def converse(self) -> str:
        """The whole conversation; whatever it raises, `settle` has to follow."""
        await self.call.answer()
        if self._anonymous_is_unwelcome():
            await farewell(self.call, self.speaker, "anonymous-refused", "goodbye")
            return "refused"
        after_greeting = await self._greet()
        if after_greeting is Next.TRANSFERRED:
            return "transferred"
        if after_greeting is Next.ESCAPED:
            return await self._escape()
        return await self._take_message()

    async def settle(self) -> None:
        """Bring the draft to its end; what was said is never dropped. Only the first call acts."""
        if self.settled:
            return
        self.settled = True
        if self.spoken >= ENOUGH_SPEECH:
            await self.draft.commit(self.choices)
            self.office.facts["left"] = "message"
        else:
            self.office.facts["left"] = "missed"
            await self.draft.miss()

    def _anonymous_is_unwelcome(self) -> bool:
        return (
            not self.route.caller.number
            and not self.route.mailbox.anonymous_callers_can_leave_messages
        )

    # greeting

    async def _greet(self) -> Next:
        """Greeting, instructions; # skips to the tone, 0 asks for the operator, * leaves (spec 6.1)."""
        greeting = [*await self._greeting(), await self.speaker.clip("record-instructions")]
        while True:
            await self.call.play(*greeting, keys=SKIP + OPERATOR + ESCAPE)
            key = await self.call.key(0.0)
            if key == ESCAPE:
                return Next.ESCAPED
            if key == OPERATOR and await self._operator():
                return Next.TRANSFERRED
            if key != OPERATOR:
                return Next.RECORD
            greeting = [await self.speaker.clip("record-again")]

    async def _greeting(self) -> list[Clip]:
        """Away if switched on, else personal, else generated with the recorded or the spoken name."""
        greetings, address = self.office.greetings, self.route.mailbox.address
        away = await greetings.is_away(address)
        for kind in ("away", "personal") if away else ("personal",):
            clip = await greetings.recorded(address, kind)
            if clip is not None:
                return [clip]
        if (name := await greetings.recorded(address, "name")) is not None:
            before, after = await self.speaker.clips("greeting-name-before", "greeting-name-after")
            return [before, name, after]
        wording = "greeting-away" if away else "greeting-generated"
        return [await self.speaker.clip(wording, name=self.route.mailbox.display_name)]

    async def _operator(self) -> bool:
        """Send the caller to the user's operator, else the plan's; False after an apology."""
        number = self.route.mailbox.operator_number or self.route.dial_plan.operator_extension
        if not number:
            await self.call.play(await self.speaker.clip("no-operator"), keys=NO_KEY)
            return False
        await self.call.play(await self.speaker.clip("transferring-to-operator"), keys=NO_KEY)
        if await self.call.transfer(number):
            return True
        await self.call.play(await self.speaker.clip("transfer-failed"), keys=NO_KEY)
        return False

    async def _escape(self) -> str:
        """Leave call answering towards the plan's own entry (spec 6.1)."""
        await self.settle()
        await not_available.apologise(self.call, self.office, self.route)
        return "escaped"

    # recording

    async def _take_message(self) -> str:
        for _ in range(EMPTY_TAKES):
            ended_by = await self._record()
            if self.spoken >= ENOUGH_SPEECH:
                return await self._decide(ended_by)
            if ended_by == "disk":
                return await self._apologise()
            if ended_by != "stopped":
                break
            await self.call.play(await self.speaker.clip("nothing-recorded"), keys=NO_KEY)
        await farewell(self.call, self.speaker, "nothing-recorded", "goodbye")
        return "missed"

    async def _record(self) -> str:
        """Tone and recording, appended to the draft; says what ended it."""
        plan = self.route.dial_plan
        await self.call.play(self.office.shelf.beep(), keys=NO_KEY)
        result = await self.call.record(
            self.draft,
            idle=float(plan.recording_idle_timeout),
            limit=plan.max_recording_duration * 60.0,
        )
        self.spoken += result.spoken
        return result.ended_by

    async def _apologise(self) -> str:
        """The disk takes no more: what was taken before is kept."""
        await self.settle()
        await farewell(self.call, self.speaker, "disk-apology", "goodbye")
        return "no-space"

    # decisions

    async def _decide(self, ended_by: str) -> str:
        """The menu after recording; silence in it sends the message as it is."""
        if ended_by == "disk":
            return await self._apologise()
        if ended_by == "limit":
            await self.call.play(await self.speaker.clip("recording-limit-reached"))
        tries = self.route.dial_plan.input_failures_before_disconnect
        while True:
            prompt = [await self.speaker.clip("message-menu")]
            act = await menu(
                self.call, self.speaker, prompt, {a.value: a for a in Act}, tries=tries
            )
            if act is None or (act is Act.ACCEPT and await self._options(tries)):
                return await self._send()
            if act is Act.REPLAY:
                await self.call.play(await self.draft.clip())
            elif act is Act.CANCEL:
                return await self._cancel()
            elif act in (Act.ERASE, Act.APPEND):
                await self._again(erase=act is Act.ERASE)
                if self.spoken < ENOUGH_SPEECH:
                    await farewell(self.call, self.speaker, "nothing-recorded", "goodbye")
                    return "missed"

    async def _again(self, *, erase: bool) -> None:
        if erase:
            await self.draft.erase()
            self.spoken = 0.0
            await self.call.play(await self.speaker.clip("message-erased"), keys=NO_KEY)
        await self.call.play(await self.speaker.clip("record-again"), keys=SKIP)
        await self._record()

    async def _options(self, tries: int) -> bool:
        """Importance and privacy; True to send, False for back."""
        may_be_private = self.route.policy.protect_unauthenticated_voice_mail != "None"
        options = {o.value: o for o in Option if may_be_private or o is not Option.PRIVATE}
        name = "message-options-private" if may_be_private else "message-options"
        while True:
            prompt = [await self.speaker.clip(name)]
            option = await menu(self.call, self.speaker, prompt, options, tries=tries)
            if option is Option.IMPORTANT:
                self.choices = evolve(self.choices, important=not self.choices.important)
                mark = "marked-important" if self.choices.important else "unmarked-important"
            elif option is Option.PRIVATE:
                self.choices = evolve(self.choices, private=not self.choices.private)
                mark = "marked-private" if self.choices.private else "unmarked-private"
            else:
                return option is not Option.BACK
            await self.call.play(await self.speaker.clip(mark))

    async def _send(self) -> str:
        await self.settle()
        await farewell(self.call, self.speaker, "message-sent", "goodbye")
        return "message"

    async def _cancel(self) -> str:
        self.spoken = 0.0
        await self.draft.erase()
        await self.settle()
        await farewell(self.call, self.speaker, "message-cancelled", "goodbye")
        return "cancelled"


FLOW = Flow(name="leave-message", run=leave_message)
