"""Who is it? The own telephone is known, others say their extension; everybody knows a PIN (spec
5.1).

Knows: the words and the bounds of signing in. Must never know: PINs beyond this moment, how they
are checked. Whether a mailbox exists cannot be heard: neither by words nor by time.
"""

from __future__ import annotations

from attrs import define, evolve
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import Call
from umserver.calls.dialogs import farewell, patiently
from umserver.calls.digits import BACK_KEY, END_KEY, enter_digits
from umserver.calls.flows.prompt_editing import asked_for
from umserver.calls.flows.voice_access.new_pin import MOST_PIN
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.proof import FAILED, caller_of
from umserver.calls.flows.voice_access.strangers import PROMPTS, Stranger
from umserver.calls.flows.voice_access.welcome import welcome
from umserver.calls.grammar import grammars
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip, SignIn, Unavailable
from umserver.org.languages import best_language
from umserver.org.routes import VoiceAccess
from umserver.org.settings import Mailbox, MailboxPolicy

log = Logger()


@define(eq=False)
class Door:
    """One caller who wants in."""

    call: Call
    office: Office
    route: VoiceAccess
    speaker: Speaker
    silences: int = 0
    wrong: int = 0
    edits_prompts: bool = False
    """Whether somebody asked to change what callers hear (spec 6.4)."""

    async def open(self) -> tuple[Owner, SignIn] | str:
        """The owner and what the PIN told, or how the call ended (after the last words).

        Raises HungUp, TimeUp.
        """
        await welcome(self.call, self.office, self.route.dial_plan, self.speaker)
        if self.route.dial_plan.tui_prompt_editing_enabled:
            self.edits_prompts = await asked_for(self.call)
        return await self.let_in()

    async def let_in(self) -> tuple[Owner, SignIn] | str:
        """The same without the welcome, for callers who come from elsewhere.

        Who wants to change prompts says the extension also on an own telephone.
        """
        mailbox = None if self.edits_prompts else self.route.mailbox
        known = mailbox is not None
        if mailbox is not None and self._pinless(mailbox):
            return await self._enter(mailbox, SignIn(welcome=True), proved=False)
        while True:
            if not known:
                extension = await self._extension()
                if extension is None:
                    return await self._give_up()
                if not extension.isdigit():
                    if (outcome := await self._stranger.serve(extension)) is not None:
                        return outcome
                    continue
                mailbox = await self._find(extension)
            pin = await self._pin(mailbox if known else None)
            if pin is None:
                return await self._give_up()
            if pin == BACK_KEY:
                mailbox, known = None, False
                continue
            answer = await self._try(mailbox, pin)
            if answer.welcome and mailbox is not None:
                return await self._enter(mailbox, answer, proved=True)
            self.wrong += 1
            if self.wrong >= self.route.dial_plan.logon_failures_before_disconnect:
                log.warn("event 1013: too many wrong PINs in one call", call=self.call.id)
                await farewell(self.call, self.speaker, "pin-failed", "goodbye")
                return FAILED
            await self.call.play(await self.speaker.clip("pin-wrong"))

    # the questions

    async def _extension(self) -> str | None:
        """The extension that somebody types, or a key that leads elsewhere; None when nothing
        sensible comes.
        """
        digits = self.route.dial_plan.number_of_digits_in_extension
        others = "" if self.edits_prompts else self._stranger.keys
        words = [*(PROMPTS[key] for key in others), "enter-extension"]
        while True:
            prompt = await self.speaker.clips(*words)
            typed = await enter_digits(self.call, prompt, most=digits, exact=True)
            key = END_KEY if typed == "" else typed
            if key is not None and key in others:
                self.silences = 0
                return key
            if typed and len(typed) == digits and typed.isdigit():
                self.silences = 0
                return typed
            if not await self._once_more("are-you-there" if typed is None else "extension-wrong"):
                return None

    async def _pin(self, named: Mailbox | None) -> str | None:
        """The PIN; the star key for another mailbox; None when nothing comes."""
        while True:
            prompt = [*await self._name(named), *await self.speaker.clips("enter-pin")]
            typed = await enter_digits(self.call, prompt, most=MOST_PIN + 1)
            if typed:
                self.silences = 0
                return typed
            if not await self._once_more("are-you-there" if typed is None else "invalid-key"):
                return None

    async def _name(self, mailbox: Mailbox | None) -> list[Clip]:
        """The name of who is known by the telephone; nobody else hears one."""
        if mailbox is None:
            return []
        try:
            recorded = await patiently(
                self.call,
                self.speaker,
                self.office.greetings.recorded(mailbox.address, "name"),
            )
        except Unavailable:
            recorded = None
        if recorded is not None:
            return [recorded]
        speaking = Deferred.fromCoroutine(self.speaker.speak(mailbox.display_name))
        return [await patiently(self.call, self.speaker, speaking)]

    async def _once_more(self, prompt: str) -> bool:
        self.silences += 1
        if self.silences >= self.route.dial_plan.input_failures_before_disconnect:
            return False
        await self.call.play(await self.speaker.clip(prompt))
        return True

    @property
    def _stranger(self) -> Stranger:
        return Stranger(self.call, self.office, self.route, self.speaker)

    # the answers

    def _pinless(self, mailbox: Mailbox) -> bool:
        policy = self._policy(mailbox)
        allowed = policy is not None and policy.allow_pinless_voice_mail_access
        own: bool = mailbox.pinless_access_to_voice_mail_enabled
        return allowed and own

    def _policy(self, mailbox: Mailbox | None) -> MailboxPolicy | None:
        return self.office.settings.policy_named.get(mailbox.policy) if mailbox else None

    async def _find(self, extension: str) -> Mailbox | None:
        plan = self.route.dial_plan.name
        found = await patiently(
            self.call, self.speaker, self.office.directory.find(plan, [extension])
        )
        mailbox = found.get(extension)
        return mailbox if mailbox is not None and mailbox.um_enabled else None

    async def _try(self, mailbox: Mailbox | None, pin: str) -> SignIn:
        policy = self._policy(mailbox)
        known = mailbox if policy is not None else None
        caller = caller_of(self.call, self.route)
        checking = self.office.pins.sign_in(known, policy or _ANY_POLICY, pin, caller)
        return await patiently(self.call, self.speaker, checking)

    async def _enter(
        self, mailbox: Mailbox, answer: SignIn, *, proved: bool
    ) -> tuple[Owner, SignIn] | str:
        policy = self._policy(mailbox)
        if policy is None or not (
            policy.allow_subscriber_access and mailbox.subscriber_access_enabled
        ):
            await farewell(self.call, self.speaker, "access-refused", "goodbye")
            return "refused"
        log.info("event 1036: {who} signed in", call=self.call.id, who=mailbox.address)
        self.office.facts["mailbox"] = mailbox.address
        wanted = (mailbox.language, self.route.dial_plan.default_language)
        language = best_language(wanted, grammars())
        speaker = evolve(self.speaker, language=language)
        box = self.office.mailboxes.open(mailbox.address)
        owner = Owner(
            self.call, self.office, self.route, mailbox, policy, speaker, box, proved=proved
        )
        return owner, answer

    async def _give_up(self) -> str:
        await farewell(self.call, self.speaker, "goodbye")
        return "login-given-up"


_ANY_POLICY = MailboxPolicy(name="nobody", dial_plan="nobody")
"""For mailboxes that do not exist."""
