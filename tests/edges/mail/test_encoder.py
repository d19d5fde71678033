"""The encoding worker: one process, replaced when it dies, gone with the server."""

from __future__ import annotations

import os
import sys
from io import BytesIO

from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.edges.mail.letters import speech
from umserver.edges.mail.attachment import encode_here
from umserver.edges.mail.encoder import Encoder, read_part, write_part

PYTHON = sys.executable


class EncoderTests(TestCase):
    """A real worker."""

    timeout = 60.0

    def encoder(self, *command: str, patience: float = 30.0) -> Encoder:
        """One that is stopped after the test."""
        encoder = Encoder(command, patience) if command else Encoder()
        self.addCleanup(encoder.stop)
        return encoder

    def process(self, encoder: Encoder) -> int:
        """Its worker's process id."""
        assert encoder._worker is not None
        return encoder._worker.pid

    def alive(self, pid: int) -> bool:
        """Whether there is such a process."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def test_same_as_here(self) -> None:
        """The worker makes the same file as the server would."""
        encoder, sound = self.encoder(), speech(2.0)
        for coding in ("Mp3", "Gsm", "Pcm"):
            made = encoder.encode(coding, "PCMU", sound)
            self.assertEqual(made, encode_here(coding, "PCMU", sound))
        self.assertEqual(encoder.replaced, 0)

    async def test_one_process(self) -> None:
        """However many messages come at once, there is one worker."""
        encoder, sound = self.encoder(), speech(1.0)
        encoder.encode("Mp3", "PCMU", sound)
        pid = self.process(encoder)
        await gatherResults([deferToThread(encoder.encode, "Mp3", "PCMU", sound) for _ in range(8)])
        self.assertEqual((self.process(encoder), encoder.replaced), (pid, 0))

    def test_stop(self) -> None:
        """It is gone when the server stops, and sound is encoded all the same."""
        encoder = self.encoder()
        encoder.encode("Mp3", "PCMU", speech(1.0))
        pid = self.process(encoder)
        encoder.stop()
        self.assertFalse(self.alive(pid))
        self.assertTrue(encoder.encode("Mp3", "PCMU", speech(1.0)))
        self.assertIsNone(encoder._worker)

    def test_killed_worker(self) -> None:
        """A worker that dies is replaced, and no message suffers."""
        encoder, sound = self.encoder(), speech(1.0)
        encoder.encode("Mp3", "PCMU", sound)
        worker = encoder._worker
        assert worker is not None
        worker.kill()
        worker.wait()
        self.assertEqual(encoder.encode("Mp3", "PCMU", sound), encode_here("Mp3", "PCMU", sound))
        self.assertEqual(encoder.replaced, 1)
        self.assertNotEqual(self.process(encoder), worker.pid)

    def test_worker_that_cannot_start(self) -> None:
        """Without a worker the server encodes by itself."""
        for command in (("/nonexistent/python",), (PYTHON, "-c", "pass")):
            encoder = self.encoder(*command)
            self.assertTrue(encoder.encode("Mp3", "PCMU", speech(0.5)))
            self.assertEqual(encoder.replaced, 2)

    def test_worker_that_hangs(self) -> None:
        """A worker that never answers is given up after its patience."""
        encoder = self.encoder(PYTHON, "-c", "import sys; sys.stdin.read()", patience=0.2)
        self.assertTrue(encoder.encode("Mp3", "PCMU", speech(0.5)))
        self.assertEqual(encoder.replaced, 2)

    def test_worker_that_babbles(self) -> None:
        """A worker that answers nonsense is given up; its nonsense is not delivered."""
        encoder = self.encoder(PYTHON, "-c", "print('x' * 4096)")
        sound = speech(0.5)
        self.assertEqual(encoder.encode("Mp3", "PCMU", sound), encode_here("Mp3", "PCMU", sound))

    def test_ends_with_its_pipe(self) -> None:
        """When the server is killed its pipe closes, and the worker ends by itself."""
        encoder = self.encoder()
        encoder.encode("Mp3", "PCMU", speech(0.5))
        worker = encoder._worker
        assert worker is not None and worker.stdin is not None
        worker.stdin.close()
        self.assertEqual(worker.wait(20), 0)

    def test_parts(self) -> None:
        """What goes through the pipe comes out; what is cut or absurd is nothing."""
        pipe = BytesIO()
        write_part(pipe, {"a": 1}, b"xyz")
        whole = pipe.getvalue()
        self.assertEqual(read_part(BytesIO(whole)), ({"a": 1}, b"xyz"))
        for cut in range(len(whole)):
            self.assertIsNone(read_part(BytesIO(whole[:cut])))
        self.assertIsNone(read_part(BytesIO(b"\xff" * 64)))
        self.assertIsNone(read_part(BytesIO(whole[:8] + b"x" * 100)))
