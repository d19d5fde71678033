"""The answering desk put together: SIP port, sound, voice, scripts, spool and delivery.

Knows: the role `mbx`, its edges, and in which order they start and stop. Must never know: how any
of them works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from attrs import define, field
from twisted.logger import Logger

import umserver.calls.flows
from umserver.calls.office import Flow
from umserver.discover import constants, shipped
from umserver.edges.mail.imap.mailboxes import ImapMailboxes
from umserver.edges.mail.maildir.mailboxes import MaildirMailboxes
from umserver.edges.mail.spool.spool import Spool, open_spool
from umserver.edges.net.doorkeepers import Doorkeepers
from umserver.edges.net.media import MediaEngine
from umserver.edges.net.sip_server import SipServer
from umserver.edges.net.tls.connections import Identity
from umserver.edges.speech.cache import SpokenCache
from umserver.edges.speech.catalogue import load_catalogue
from umserver.edges.speech.greetings import FolderGreetings
from umserver.edges.speech.imported import ImportedPrompts
from umserver.edges.speech.shelf import PromptShelf
from umserver.edges.store.pins import StorePins
from umserver.edges.store.settings import SettingsStore
from umserver.edges.threads import Pool
from umserver.interfaces import (
    ICallLog,
    IDirectory,
    IGreetingDesk,
    IMailboxes,
    IPeople,
    IPins,
    ISettingsDesk,
)
from umserver.org.bootstrap import Bootstrap
from umserver.org.facts import CallFacts
from umserver.org.peers import translated_networks
from umserver.org.refusals import PIPELINE_FULL, TOO_MANY_CALLS, Refusal
from umserver.org.settings import Mailbox
from umserver.org.states import State
from umserver.org.tokens import Claim, verify
from umserver.roles.delivery import Delivery
from umserver.roles.lamps import Lamps
from umserver.roles.mbx import AnsweringDesk, Equipment
from umserver.roles.noticed import NoticedMailboxes
from umserver.roles.notices import NoticePost
from umserver.roles.poller import Poller
from umserver.service import post
from umserver.service.doors import Door, door_of
from umserver.service.expected import Expected
from umserver.service.machine import Machine
from umserver.service.missing import missing_prompts
from umserver.service.recordings import SharedRecordings
from umserver.service.standing import Standing

log = Logger()

BYE_SECONDS = 2.0
"""How long peers may take to answer our last hang-ups."""

SHOW_EVERY = 0.5
"""Seconds between two lines about the rendering of prompts."""


@define(eq=False)
class Desk:
    """The role mbx of one process. `prepare`, then `start`; `stop` at the end."""

    machine: Machine
    bootstrap: Bootstrap
    state: Path
    host: str
    poller: Poller
    store: SettingsStore
    call_log: ICallLog
    key: bytes = field(repr=False)
    standing: Standing
    identity: Identity
    spool: Spool = field(init=False)
    delivery: Delivery = field(init=False)
    mailboxes: MaildirMailboxes | ImapMailboxes = field(init=False)
    pins: StorePins = field(init=False)
    notices: NoticePost = field(init=False)
    shelf: PromptShelf = field(init=False)
    engine: MediaEngine = field(init=False)
    role: AnsweringDesk = field(init=False)
    server: SipServer = field(init=False)
    door: Door = field(init=False)
    lamps: Lamps | None = field(init=False, default=None)
    """Handed in when they are made."""
    home_of: Callable[[Mailbox], str] = field(init=False, default=lambda mailbox: "")
    """Where the server of a mailbox listens; handed in too."""
    queue_state: State = field(init=False, default="Active")
    """Of the component HubTransport."""
    voiceless: int = field(init=False, default=0)
    """Prompts that nothing could speak."""
    recordings: SharedRecordings = field(init=False)
    missing_prompts: Sequence[str] = field(init=False, default=())
    """Their files, and recordings that the settings name and nobody imported, at the start."""
    _mail_threads: Pool = field(init=False)
    _shown_at: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        """Make the parts and open the spool. Raises SpoolInUse, OSError, CatalogueFaults."""
        self._open_mail()
        self._open_sound()
        self.role = self._role()
        self.door = door_of("mbx", self.bootstrap, self.poller.settings)
        self.server = self._server()

    def _open_mail(self) -> None:
        """Everything that mails go through, and PINs, which cause some."""
        machine, bootstrap = self.machine, self.bootstrap
        self.spool = open_spool(
            machine.reactor,
            self.state / "spool",
            max_waiting=bootstrap.spool.max_waiting,
            min_free_bytes=bootstrap.spool.min_free_megabytes << 20,
        )
        self._mail_threads = Pool(machine.reactor, 4, "mail")
        self.mailboxes = post.mailboxes_of(machine, bootstrap, self.state, self._mail_threads)
        self.notices = NoticePost(
            machine.reactor, self.store, self.spool, f"{self.host} {self.state}"
        )
        self.pins = StorePins(
            machine.reactor,
            self.store,
            machine.wall,
            lambda: self.poller.settings,
            self.host,
            on_notice=self.notices.look,
        )
        self.delivery = Delivery(
            machine.reactor,
            self.spool,
            post.mailer_of(machine, bootstrap, self.state, self._mail_threads, self.host),
            machine.wall,
            on_delivered=self._changed,
        )

    def _open_sound(self) -> None:
        """What is said and heard."""
        machine, media = self.machine, self.bootstrap.media
        self.shelf = PromptShelf(
            machine.reactor,
            SpokenCache(self.state / "prompts"),
            load_catalogue([shipped("prompts")]),
            self.state / "prompts.d",
            machine.voice(machine.reactor),
            custom=ImportedPrompts(self.state),
            publish=self.store.put_recording,
        )
        self.recordings = SharedRecordings(
            self.store, ImportedPrompts(self.state), machine.in_thread
        )
        self.engine = MediaEngine(
            machine.reactor,
            machine.reactor if machine.exact_clock else None,
            range(media.first_rtp_port, media.last_rtp_port + 1),
            machine.random,
            media_timeout=float(media.timeout_seconds),
            dscp=media.dscp,
            wall=machine.wall,
        )

    def _server(self) -> SipServer:
        machine, bootstrap = self.machine, self.bootstrap
        return SipServer(
            reactor=machine.reactor,
            offered=self.role.offered,
            random=machine.random,
            port=self.door.port,
            listen=bootstrap.listen.hosts or ("0.0.0.0", "::"),
            engine=self.engine,
            keys_over_plain_sip=bootstrap.media.keys_over_plain_sip,
            external_address=bootstrap.server.external_address or None,
            host=self.host,
            seconds=machine.seconds,
            identity=self.identity,
            plain=self.door.is_plain,
            tls_port=self.door.tls_port if self.door.is_tls else None,
            doorkeepers=self._doorkeepers(),
            translated=lambda source, names: translated_networks(
                self.poller.settings, source, names
            ),
        )

    def _doorkeepers(self) -> Doorkeepers:
        expected = Expected(lambda: self.poller.settings)

        def passes(source: str) -> bool:
            return expected.is_gateway(source) and self._admission(self.role.active) is None

        return Doorkeepers(
            decide=self.role.decide,
            passes=passes,
            known=expected.knows,
            known_names=expected.knows_names,
        )

    def _role(self) -> AnsweringDesk:
        found = constants(umserver.calls.flows, "FLOW")
        flows = {flow.name: flow for flow in found if isinstance(flow, Flow)}
        greetings = FolderGreetings(self.state / "greetings", self.machine.in_thread)
        return AnsweringDesk(
            clock=self.machine.reactor,
            wall=self.machine.wall,
            settings=lambda: self.poller.settings,
            directory=cast(IDirectory, self.store),
            call_log=self.call_log,
            equipment=Equipment(
                shelf=self.shelf,
                greetings=cast(IGreetingDesk, greetings),
                spool=self.spool,
                mailboxes=NoticedMailboxes(cast(IMailboxes, self.mailboxes), self._changed),
                pins=cast(IPins, self.pins),
                people=cast(IPeople, self.store),
                desk=cast(ISettingsDesk, self.store),
                random=self.machine.random,
                host=self.host,
                mails_outside=self.bootstrap.mail.delivery != "maildir",
                home_of=lambda mailbox: self.home_of(mailbox),
            ),
            flows=flows,
            routed=self._routed,
            admission=self._admission,
        )

    def _routed(self, facts: CallFacts) -> Claim | None:
        return verify(facts.route_token, self.key, self.machine.wall())

    def _admission(self, running: int) -> Refusal | None:
        if (refusal := self.standing.closed("mbx")) is not None:
            return refusal
        if running >= self.poller.settings.service.max_calls_allowed:
            return TOO_MANY_CALLS
        if self.spool.waiting() >= self.bootstrap.spool.max_waiting:
            return PIPELINE_FULL
        return None

    async def prepare(self) -> None:
        """Rescue what a crash left, begin to deliver, and have every prompt ready to be played."""
        await self.spool.recover()
        self.delivery.start()
        self.notices.start()
        self._shown_at = self.machine.seconds()
        self.voiceless = await self.shelf.preload(None, self._show)
        await self.recordings.look(self.poller.settings)
        self.missing_prompts = await missing_prompts(self.shelf, self.poller.settings)

    def start(self) -> None:
        """Take calls at the ports that the startup mode has. Raises OSError."""
        self.engine.start()
        self.server.start()

    def obey(self, queue: State) -> None:
        """Show peers whether we take calls; deliver, or hold what waits (spec 9.2)."""
        self.server.available = self.standing.answers("mbx")
        before, self.queue_state = self.queue_state, queue
        if queue != before:
            self.delivery.hold(queue == "Inactive")
            if queue == "Draining":
                self.delivery.kick()

    def _changed(self, address: str) -> None:
        """Something happens in a mailbox."""
        if self.lamps is not None:
            self.lamps.touch(address, expects=True)

    async def finish_calls(self) -> None:
        """End what is running; fires when everything recorded is safe in the spool."""
        await self.role.hang_up_all()

    async def stop(self) -> None:
        """Close everything; running calls have ended before."""
        if self.lamps is not None:
            await self.lamps.stop()
        await self.server.quiet(BYE_SECONDS)
        await self.server.stop()
        await self.notices.stop()
        await self.delivery.stop()
        self.engine.stop()
        self.shelf.stop()
        self.spool.close()
        self.mailboxes.stop()
        self._mail_threads.stop()
        self.pins.stop()

    def _show(self, done: int, all: int, name: str) -> None:
        """Progress for whoever waits for a first start."""
        now = self.machine.seconds()
        if now - self._shown_at >= SHOW_EVERY:
            self._shown_at = now
            self.machine.say(f"  rendering prompts: {done} of {all} ({name})")
