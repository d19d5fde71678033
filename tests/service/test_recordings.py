"""Recorded prompts on several servers of one store."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred, execute
from twisted.trial.unittest import TestCase

from tests.contracts.store import PEPPER, quick_hash
from tests.org.examples import LOBBY, ORG
from umserver.edges.speech.imported import ImportedPrompts
from umserver.edges.store.archive import Archive
from umserver.edges.store.memory import MemoryTables
from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import Unavailable
from umserver.org.prompt_files import AUTO_ATTENDANT
from umserver.service.recordings import SharedRecordings

WHOSE = (AUTO_ATTENDANT, LOBBY.name)
NAMING = evolve(LOBBY, info_announcement_enabled="True", info_announcement_filename="news.wav")


class SharedRecordingTests(TestCase):
    """What is recorded on one server is heard on all."""

    timeout = 20.0

    def setUp(self) -> None:
        self.archive = Archive(MemoryTables(), lambda: PEPPER, quick_hash)
        self.org = evolve(ORG, auto_attendants=(NAMING, *ORG.auto_attendants[1:]))
        self.archive.import_organisation(self.org, [])
        self.store = SettingsStore(reactor, self.archive)
        self.addCleanup(self.store.close)
        self.servers = [self.server() for _ in range(2)]

    def server(self) -> SharedRecordings:
        """One more."""
        folder = ImportedPrompts(Path(self.mktemp()).resolve())
        return SharedRecordings(self.store, folder, lambda work: execute(work))

    async def test_everywhere(self) -> None:
        """Feature 135: every server has a recording after its next look, and its newer versions."""
        for octets in (b"one", b"two"):
            await self.store.put_recording(*WHOSE, "night.wav", octets)
            for server in self.servers:
                await server.look(self.org)
                self.assertEqual(server.folder.octets(*WHOSE, "night.wav"), octets)

    async def test_an_older_installation(self) -> None:
        """What lies in the folder of one server, and is in use, comes to the others."""
        first, second = self.servers
        first.folder.put(*WHOSE, "news.wav", b"news")
        first.folder.put(*WHOSE, "unused.wav", b"old")
        await first.look(self.org)
        await second.look(self.org)
        self.assertEqual(second.folder.octets(*WHOSE, "news.wav"), b"news")
        self.assertIsNone(second.folder.octets(*WHOSE, "unused.wav"))

    async def test_the_store_wins(self) -> None:
        """Of two versions that of the store is heard everywhere."""
        second = self.servers[1]
        second.folder.put(*WHOSE, "news.wav", b"stale")
        await self.store.put_recording(*WHOSE, "news.wav", b"fresh")
        await second.look(self.org)
        self.assertEqual(second.folder.octets(*WHOSE, "news.wav"), b"fresh")

    async def test_nothing_is_fetched_twice(self) -> None:
        """A server reads what it has only once, however often settings change."""
        first = self.servers[0]
        await self.store.put_recording(*WHOSE, "night.wav", b"one")
        await first.look(self.org)
        first.folder = ImportedPrompts(Path(self.mktemp()).resolve())
        await first.look(ORG)
        self.assertIsNone(first.folder.octets(*WHOSE, "night.wav"))

    async def test_settings_that_change_during_a_look(self) -> None:
        """What only the newest settings name is not forgotten because an older look goes on."""
        first, second = self.servers
        first.folder.put(*WHOSE, "news.wav", b"news")
        looking = Deferred.fromCoroutine(first.look(ORG))
        await first.look(self.org)
        await looking
        await second.look(self.org)
        self.assertEqual(second.folder.octets(*WHOSE, "news.wav"), b"news")

    async def test_a_store_that_is_away(self) -> None:
        """Where the store cannot be asked, what is there stays, and nothing fails."""
        first = self.servers[0]
        first.folder.put(*WHOSE, "news.wav", b"news")
        self.archive.tables = Broken()
        await first.look(self.org)
        self.assertEqual(first.folder.octets(*WHOSE, "news.wav"), b"news")


class Broken(MemoryTables):
    """Answers nothing."""

    def reading(self) -> NoReturn:
        """Nobody sees anything."""
        raise Unavailable("the store is away")
