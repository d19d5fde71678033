"""To whom a message goes: people and groups, found by name, by extension, or by a mail (spec 5.6).

Knows: what a mail to somebody needs, what a group is made of. Must never know: keys of menus that
follow, how a message is recorded or sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen
from twisted.logger import Logger

from umserver.calls.digits import BACK_KEY, enter_digits
from umserver.calls.directory import Search, Wish, find_person
from umserver.calls.flows.voice_access.calling import operators_of, to_operator
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import Unavailable
from umserver.org.messages import Addressee, Recipient
from umserver.org.people import method_of, scope_of_owner, ways_of
from umserver.org.settings import DistributionGroup, Mailbox

log = Logger()

MOST_COPIES = 500
"""Mails that one message makes; to more people nothing is sent, and the owner hears so."""


@frozen
class Party:
    """Somebody, or a group, to whom a message goes."""

    name: str
    people: tuple[Recipient, ...]
    shown: tuple[Addressee, ...]
    """What the mail says."""
    is_group: bool = False


async def asked_party(owner: Owner) -> Party | None:
    """Somebody by name or extension, or a group; None when the owner wants nobody after all.

    What was found is said. Raises HungUp, TimeUp.
    """
    if not owner.may_search:
        return await _by_extension(owner)
    while True:
        found = await find_person(owner.call, owner.office, owner.speaker, search_of(owner))
        if found is Wish.OPERATOR:
            await to_operator(owner)
        elif isinstance(found, DistributionGroup):
            party = await party_of_group(owner, found)
            if party is not None:
                return party
        elif isinstance(found, tuple):
            return party_of(owner, found[0])
        else:
            return None


def search_of(owner: Owner, *wishes: Wish) -> Search:
    """Whom the owner finds; without wishes people and groups for a message."""
    plan, settings = owner.route.dial_plan, owner.office.settings
    groups = [
        group
        for group in settings.distribution_groups
        if not group.hidden_from_address_lists_enabled
    ]
    return Search(
        scope=scope_of_owner(settings),
        ways=ways_of(plan),
        method=method_of(plan),
        wishes=wishes or (Wish.TAKE,),
        plan=plan,
        with_operator=bool(operators_of(owner)),
        groups=() if wishes else tuple(groups),
    )


async def _by_extension(owner: Owner) -> Party | None:
    """Where names may not be searched (AllowTUIAccessToDirectory)."""
    plan = owner.route.dial_plan
    digits = plan.number_of_digits_in_extension
    for _ in range(owner.tries):
        prompt = await owner.speaker.clips("enter-recipient")
        typed = await enter_digits(owner.call, prompt, most=digits, exact=True)
        if typed == BACK_KEY:
            return None
        if typed and len(typed) == digits:
            try:
                found = await owner.patiently(owner.office.directory.find(plan.name, [typed]))
            except Unavailable as fault:
                log.error("nobody can be looked up: {fault}", call=owner.call.id, fault=fault)
                await owner.say("search-failed")
                return None
            person = found.get(typed)
            if person is not None and person.um_enabled:
                await owner.say_filled("search-found", name=person.display_name)
                return party_of(owner, person)
        await owner.say("are-you-there" if typed is None else "recipient-unknown")
    return None


# what they are made of


def party_of(owner: Owner, person: Mailbox) -> Party:
    """One person."""
    settings = owner.office.settings
    plan = settings.plan_named.get(person.dial_plan, owner.route.dial_plan)
    policy = settings.policy_named.get(person.policy)
    recipient = Recipient(
        mailbox=person.address,
        mailbox_name=person.display_name,
        extension=person.extension,
        language=person.language or plan.default_language,
        time_zone=person.time_zone,
        audio_codec=person.call_answering_audio_codec or plan.audio_codec,
        extra_text=policy.voice_mail_text if policy is not None else "",
    )
    shown = (Addressee(person.address, person.display_name),)
    return Party(person.display_name, (recipient,), shown)


def party_at(owner: Owner, address: str) -> Party:
    """Somebody of whom only the mail address is known."""
    plan = owner.route.dial_plan
    recipient = Recipient(address, "", language=plan.default_language, audio_codec=plan.audio_codec)
    return Party(address, (recipient,), (Addressee(address),))


async def party_of_group(owner: Owner, group: DistributionGroup) -> Party | None:
    """A group with everybody in it; None for an empty one, which is said (feature 114)."""
    parties = await parties_at(owner, group.members)
    people = tuple(recipient for party in parties for recipient in party.people)
    if not people:
        await owner.say_filled("group-empty", name=group.name)
        return None
    address = group.primary_smtp_address
    shown = (
        (Addressee(address, group.name),)
        if address
        else tuple(one for party in parties for one in party.shown)
    )
    return Party(group.name, people, shown, is_group=True)


async def parties_at(owner: Owner, addresses: Iterable[str]) -> list[Party]:
    """Those with these mail addresses, each once; groups are found by theirs."""
    groups = {
        group.primary_smtp_address.casefold(): group
        for group in owner.office.settings.distribution_groups
        if group.primary_smtp_address
    }
    found: list[Party] = []
    for address in {one.casefold(): one for one in addresses}.values():
        group = groups.get(address.casefold())
        if group is None:
            party = await _party_at(owner, address)
            found += [party] if party is not None else []
            continue
        members = [one for one in group.members if one.casefold() not in groups]
        parties = [await _party_at(owner, one) for one in members]
        people = tuple(party.people[0] for party in parties if party is not None)
        if people:
            shown = (Addressee(address, group.name),)
            found.append(Party(group.name, people, shown, is_group=True))
    return found


async def _party_at(owner: Owner, address: str) -> Party | None:
    """A user, or else whoever has the address, where mail reaches others than users."""
    try:
        person = await owner.patiently(owner.office.people.person(address))
    except Unavailable as fault:
        log.error("nobody can be looked up: {fault}", call=owner.call.id, fault=fault)
        return party_at(owner, address)
    if person is not None:
        return party_of(owner, person)
    if owner.office.mails_outside:
        return party_at(owner, address)
    log.warn("no mail from here reaches {address}", call=owner.call.id, address=address)
    return None


def recipients_of(parties: Sequence[Party]) -> list[Recipient]:
    """Everybody once, in order."""
    return list({one.mailbox.casefold(): one for party in parties for one in party.people}.values())


def are_too_many(parties: Sequence[Party]) -> bool:
    """Whether these are more people than one message goes to."""
    return len(recipients_of(parties)) > MOST_COPIES
