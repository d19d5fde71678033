"""Our side of one offer/answer history (RFC 3264).

Knows: every media line agreed so far, in its slot; what the payload types meant; our last body and
its version. Must never know: SIP, sockets, time. One audio stream at most is taken; everything else
is refused in its slot with port 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from attrs import evolve, field, frozen

from umserver.wire.media import refusal
from umserver.wire.media.lines import STATIC, format_attributes, formats_to_offer, refusal_of
from umserver.wire.media.plan import MediaPlan
from umserver.wire.media.protection import (
    CLEAR,
    Protection,
    Terms,
    Unusable,
    accepted_terms,
    answer_terms,
    offered_profile,
    offered_terms,
)
from umserver.wire.media.refusal import NotAcceptable, warning_value
from umserver.wire.media.stream import (
    DEFAULT_PTIME,
    EVENT,
    Direction,
    Stream,
    read_stream,
)
from umserver.wire.sdp.description import (
    Attribute,
    Connection,
    Media,
    Origin,
    SessionDescription,
)
from umserver.wire.sdp.formats import Format, event_ranges
from umserver.wire.sdp.parse import SdpSyntaxError, parse_sdp

USERNAME = "umserver"


class OutOfTurn(Exception):
    """Our own code accepts an answer although no offer of ours is open."""


@frozen
class _Agreed:
    """What stands after the last complete exchange."""

    slots: tuple[Media, ...] = ()
    """Our media lines, refused ones with port 0."""
    active: int | None = None
    """The slot of our audio stream."""
    known: dict[int, Format] = field(factory=dict)
    """What each payload type of the stream means; numbers keep it for good (RFC 3264 §8.3.2)."""
    stream: Stream | None = None
    terms: Terms = CLEAR
    """How the stream is protected."""


class MediaSession:
    """Offers and answers of one call, and the plan they lead to.

    `host` is the IP literal and `port` the even RTP port that we announce, `session_id` the number
    in our `o=` line, `codecs` the names we take, best first where we choose. `held` makes our
    offers and answers say that we do not listen. `protection` may be replaced at any time. Raises
    ValueError where `host` is no IP literal.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        session_id: int,
        codecs: Sequence[str] = ("PCMU", "PCMA"),
        protection: Protection = Protection(),
    ) -> None:
        self.plan: MediaPlan | None = None
        self.held = False
        self.protection = protection
        self._address = ip_address(host)
        self._port = port
        self._codecs = tuple(codecs)
        self._origin = Origin(
            USERNAME, session_id, session_id, "IN", f"IP{self._address.version}", host
        )
        self._sent: SessionDescription | None = None
        self._agreed = _Agreed()
        self._offered: _Agreed | None = None

    def answer(self, offer: bytes) -> bytes:
        """Our answer to `offer`; sets `plan` and drops an open offer of ours.

        Raises NotAcceptable, and then everything stays as it was.
        """
        theirs = self._parsed(offer)
        before = self._agreed
        if len(theirs.media) < len(before.slots):
            raise self._refused("media lines vanished (RFC 3264 §8)", refusal.MISCELLANEOUS)
        index, stream, terms = self._choose(theirs)
        slots = [refusal_of(media) for media in theirs.media]
        known = before.known
        if stream is None:
            self.plan = self._idle_plan()
        else:
            assert index is not None
            direction = Direction(
                send=stream.direction.receive, receive=stream.direction.send and not self.held
            )
            known = {**known, **stream.taken}
            slots[index] = self._answer_line(theirs.media[index], stream, direction, terms)
            self.plan = self._plan(stream, direction, known, terms)
        self._offered = None
        self._agreed = _Agreed(tuple(slots), index, known, stream, terms)
        return self._body(tuple(slots), theirs.timing)

    def offer(self, *, fresh_keys: bool = False) -> bytes:
        """Our offer: the first one of a call, or one that goes with a re-INVITE.

        The same body as long as nothing changed. It stays open until an answer was accepted, or the
        next `offer` or `answer`. Media lines of the past keep their slots. `fresh_keys` proposes
        other keys for sound that is encrypted with keys told in descriptions.
        """
        agreed = self._agreed
        preferred = [self.plan.codec] if self.plan is not None else []
        formats = formats_to_offer((*preferred, *self._codecs), agreed.known)
        kept = CLEAR if fresh_keys and agreed.terms.keying is not None else agreed.terms
        terms = offered_terms(self.protection, kept)
        attributes = [*format_attributes(formats), *terms.attributes]
        ptime = self.plan.ptime if self.plan is not None else DEFAULT_PTIME
        attributes.append(Attribute("ptime", str(ptime)))
        attributes.append(Attribute(str(Direction(receive=not self.held))))
        numbers = tuple(str(each.payload_type) for each in formats)
        slots = list(agreed.slots)
        if agreed.active is not None:
            active, proto = agreed.active, slots[agreed.active].proto
        else:
            active, proto = self._free_slot(), offered_profile(self.protection, terms)
            slots = slots or [Media("audio", 0, proto, numbers)]
        slots[active] = Media("audio", self._port, proto, numbers, attributes=tuple(attributes))
        known = {**agreed.known, **{each.payload_type: each for each in formats}}
        self._offered = _Agreed(tuple(slots), active, known, agreed.stream, terms)
        return self._body(tuple(slots), "0 0")

    def accept(self, answer: bytes) -> MediaPlan:
        """The plan that `answer` to our open offer leads to; a later answer may follow.

        Raises NotAcceptable, leaving the old plan in force, and OutOfTurn without an open offer.
        """
        offered = self._offered
        if offered is None or offered.active is None:
            raise OutOfTurn("no offer of ours is open")
        theirs = self._parsed(answer)
        active = offered.active
        if len(theirs.media) <= active or theirs.media[active].port == 0:
            raise self._refused("our stream was refused", refusal.MEDIA_TYPE)
        ours = offered.slots[active]
        numbers = {int(each) for each in ours.formats}
        meanings = {number: offered.known[number] for number in numbers}
        stream = self._read(theirs, theirs.media[active], meanings)
        try:
            media = theirs.media[active]
            terms = accepted_terms(theirs, media, self.protection, offered.terms)
        except Unusable as fault:
            raise self._unusable(fault) from fault
        direction = Direction(stream.direction.receive, stream.direction.send and not self.held)
        self.plan = self._plan(stream, direction, {**stream.taken, **meanings}, terms)
        self._agreed = evolve(offered, stream=stream, terms=terms)
        return self.plan

    def _parsed(self, body: bytes) -> SessionDescription:
        try:
            return parse_sdp(body)
        except SdpSyntaxError as fault:
            raise NotAcceptable(400, None, f"no session description: {fault}") from fault

    def _refused(self, why: str, code: int, text: str = "") -> NotAcceptable:
        return NotAcceptable(488, warning_value(code, str(self._address), text), why)

    def _read(self, theirs: SessionDescription, media: Media, known: dict[int, Format]) -> Stream:
        try:
            return read_stream(theirs, media, self._codecs, known, (self._address, self._port))
        except Unusable as fault:
            raise self._unusable(fault) from fault

    def _unusable(self, fault: Unusable) -> NotAcceptable:
        refused = self._refused(fault.why, fault.code, fault.text)
        refused.insecure = fault.insecure
        return refused

    def _choose(self, theirs: SessionDescription) -> tuple[int | None, Stream | None, Terms]:
        """The slot to take: the one in use if it still can be, else the first usable one.

        One with encrypted sound is taken before those without. None where every line has port 0 or
        there is none: such a call waits for its media (RFC 3725 §4.3). Raises NotAcceptable where
        streams are offered and none is usable.
        """
        active = self._agreed.active
        order = sorted(range(len(theirs.media)), key=lambda index: index != active)
        faults: list[NotAcceptable] = []
        best: tuple[int | None, Stream | None, Terms] | None = None
        for index in order:
            media = theirs.media[index]
            if media.port == 0:
                continue
            try:
                stream = self._read(theirs, media, {})
                terms = answer_terms(theirs, media, self.protection, self._agreed.terms)
            except Unusable as fault:
                faults = faults or [self._unusable(fault)]
                continue
            except NotAcceptable as fault:
                faults = faults or [fault.with_traceback(None)]
                continue
            if index == active or terms.secured:
                return index, stream, terms
            best = best or (index, stream, terms)
        if best is None and faults:
            raise faults.pop()  # what is raised remembers this frame, which must not hold it too
        return best or (None, None, CLEAR)

    def _idle_plan(self) -> MediaPlan:
        last = self.plan
        codec = last.codec if last is not None else self._codecs[0]
        number = last.payload_type if last is not None else STATIC[codec]
        host = str(self._address)
        return MediaPlan(host, 0, 0, codec, number, None, may_send=False, may_receive=False)

    def _plan(
        self, stream: Stream, direction: Direction, meanings: Mapping[int, Format], terms: Terms
    ) -> MediaPlan:
        """`meanings`: what numbers mean in packets to us.

        Earlier ones are among them, since such packets may still be on their way (RFC 3264 §8.3.2).
        """
        first = stream.codecs[0]
        return MediaPlan(
            remote_host=stream.host,
            remote_port=stream.port,
            remote_rtcp_port=stream.reports_port(terms),
            codec=first.encoding,
            payload_type=first.payload_type,
            event_payload_type=stream.event.payload_type if stream.event else None,
            ptime=stream.ptime,
            may_send=direction.send,
            may_receive=direction.receive,
            receive_codecs={
                number: codec
                for number, each in meanings.items()
                for codec in self._codecs
                if each.means(codec)
            },
            receive_events=frozenset(
                number
                for number, each in meanings.items()
                if stream.event is not None and each.means(EVENT)
            ),
            remote_sources=stream.sources,
            keying=terms.keying,
            handshake=terms.handshake,
        )

    def _answer_line(
        self, offered: Media, stream: Stream, direction: Direction, terms: Terms
    ) -> Media:
        """One codec and telephone-event where offered, under their numbers (RFC 3264 §6.1)."""
        formats = [evolve(stream.codecs[0], parameters="")]
        if stream.event is not None:
            formats.append(evolve(stream.event, parameters=event_ranges(stream.events)))
        attributes = [*format_attributes(formats), *terms.attributes]
        attributes.append(Attribute("ptime", str(stream.ptime)))
        attributes.append(Attribute(str(direction)))
        numbers = tuple(str(each.payload_type) for each in formats)
        return Media(offered.kind, self._port, offered.proto, numbers, attributes=tuple(attributes))

    def _free_slot(self) -> int:
        """Where a new stream goes while none is active: an old audio slot, else the first one.

        A slot with port 0 may be used again for any stream (RFC 3264 §8.1).
        """
        kinds = [slot.kind.lower() for slot in self._agreed.slots]
        return kinds.index("audio") if "audio" in kinds else 0

    def _body(self, slots: tuple[Media, ...], timing: str) -> bytes:
        """The body with these media lines; the version grows by one if it differs (RFC 3264 §8)."""
        origin = self._sent.origin if self._sent is not None else self._origin
        assert origin is not None
        connection = Connection(origin.net_type, origin.addr_type, origin.address)
        body = SessionDescription(origin, connection=connection, timing=timing, media=slots)
        if self._sent is not None and body != self._sent:
            body = evolve(body, origin=evolve(origin, version=origin.version + 1))
        self._sent = body
        return body.to_bytes()
