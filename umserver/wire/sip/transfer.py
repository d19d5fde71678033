"""Sending the peer on to somebody else: REFER and what it tells afterwards.

Knows: one REFER at a time within a call. Must never know: offers, media. Sources: RFC 3515, RFC
3420 (sipfrag), RFC 3892 §2 (Referred-By), RFC 6665; RFC 5589 for attended transfers.
"""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import quote
from weakref import ref

from attrs import define, evolve, field

from umserver.wire.sip.dialog import Dialog
from umserver.wire.sip.effects import ProtocolMisuse, Transferring
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.post import Post
from umserver.wire.sip.transaction import Transaction
from umserver.wire.sip.uri import Uri

_STATUS_LINE = re.compile(rb"\s*SIP/2\.0[ \t]+([1-6][0-9][0-9])(?![0-9])", re.IGNORECASE)


class Referring(Protocol):
    """The call that a transfer belongs to."""

    post: Post
    call: str
    dialog: Dialog

    def give_up(self, by: str, reason: str, now: float) -> None:
        """The dialog turned out not to exist any more."""


_MOST_TRIES = 4
"""Times that a REFER is sent which later requests overtake."""


@define(eq=False)
class Transfer:
    """The transfers of one call, one after the other."""

    _session: ref[Referring]
    """Who is asked and told; it holds this, and not the other way about."""
    _asked: bool = field(init=False, default=False)
    """A REFER is out or its subscription lives."""
    _number: int = field(init=False, default=0)
    """The CSeq of the latest REFER, which NOTIFYs may name (RFC 3515 §2.4.6)."""

    @property
    def session(self) -> Referring:
        """The call; whatever of it is under way holds it."""
        session = self._session()
        assert session is not None
        return session

    def refer(self, refer_to: str, now: float) -> None:
        """Ask the peer to call there. Raises ProtocolMisuse while an earlier transfer goes on."""
        if self._asked:
            raise ProtocolMisuse("a transfer is going on")
        self._asked = True
        self._send(refer_to, now)

    def forget(self) -> None:
        """Wait no longer for how the transfer goes; what the peer may yet say of it is refused."""
        self._asked = False

    def _send(self, refer_to: str, now: float, tries: int = 1) -> None:
        session = self.session
        way = session.dialog.way
        pairs = [
            session.post.contact_pair(way),
            ("Refer-To", refer_to),
            ("Referred-By", f"<{session.post.contact(way)}>"),
        ]
        request, way = session.dialog.request(session.post, "REFER", pairs)
        self._number = request.cseq.number

        def passed(response: Request | Response, at: float) -> None:
            assert isinstance(response, Response)
            if session.dialog.was_overtaken(request, response) and tries < _MOST_TRIES:
                self._send(refer_to, at, tries + 1)
            else:
                self._passed(request, response, at)

        session.post.ask(
            request, way, now, passed, lambda status, at: self._failed(request, status)
        )

    def notified(self, to: Transaction, request: Request, now: float) -> None:
        """Answer a NOTIFY and tell what it says of the new call."""
        post = self.session.post
        event = (request.headers.get("event") or "").partition(";")[0].strip().lower()
        if event != "refer":
            post.reply(to, 489, now, headers=[("Allow-Events", "refer")])
            return
        if not self._asked or self._is_of_another(request):
            post.reply(to, 481, now, reason="Subscription does not exist")
            return
        found = _STATUS_LINE.match(request.body)
        if found is None and request.body.strip():
            post.reply(to, 400, now, reason="No sipfrag")
            return
        post.reply(to, 200, now)
        state = (request.headers.get("subscription-state") or "").partition(";")[0]
        status = int(found.group(1)) if found is not None else 0
        is_last = status < 200 and state.strip().lower() == "terminated"
        if status >= 200 or is_last:
            self._asked = False
        if status or is_last:
            post.emit(Transferring(self.session.call, status or 100, is_last=is_last))

    def _is_of_another(self, notify: Request) -> bool:
        """Whether a NOTIFY names another REFER than the latest one."""
        for param in (notify.headers.get("event") or "").split(";")[1:]:
            name, _, value = param.partition("=")
            if name.strip().lower() == "id":
                return value.strip() != str(self._number)
        return False

    def _passed(self, request: Request, response: Response, now: float) -> None:
        if response.status < 200 or request.cseq.number != self._number:
            return
        if response.status < 300:
            self._tell(202)
            return
        self._asked = False
        self._tell(response.status)
        if response.status == 481:
            self.session.give_up("error", "the peer does not know the call", now)

    def _failed(self, request: Request, status: int) -> None:
        if request.cseq.number == self._number:
            self._asked = False
            self._tell(status)

    def _tell(self, status: int) -> None:
        self.session.post.emit(Transferring(self.session.call, status, is_answer=True))


def replacing(uri: Uri, dialog: Dialog) -> str:
    """A Refer-To for an attended transfer: who calls there takes the place of our call.

    `dialog` is our call with `uri` (RFC 3891 §3, RFC 5589 §7.1).
    """
    tags = f"to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
    replaces = quote(f"{dialog.call_id};{tags}", safe="")
    return f"<{evolve(uri, headers=f'Replaces={replaces}')}>"
