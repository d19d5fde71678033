"""Where blocking work is done: a pool of threads whose results come back in the reactor thread.

Knows: Twisted's thread pool. Must never know: what the work is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, execute, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from umserver.interfaces import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class Threads(Protocol):
    """Runs a blocking function elsewhere."""

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Fires in the reactor thread with what `work` returned or raised."""
        ...

    def stop(self) -> None:
        """Wait for what runs and take no more."""
        ...


@define(eq=False)
class Pool:
    """Threads of its own, started with the first work and kept."""

    reactor: Any
    """Gives callFromThread."""
    size: int = 8
    name: str = "disk"
    _pool: ThreadPool | None = field(init=False, default=None)
    _stopped: bool = field(init=False, default=False)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Fires in the reactor thread with what `work` returned or raised.

        Fails with Unavailable after `stop`.
        """
        if self._stopped:
            return fail(Unavailable(f"the threads for {self.name} have stopped"))
        if self._pool is None:
            self._pool = ThreadPool(0, self.size, self.name)
            self._pool.start()
        done: Deferred[T] = deferToThreadPool(self.reactor, self._pool, work, *args, **kwargs)
        return done

    def stop(self) -> None:
        """Wait for what runs and take no more; harmless when it is stopped already."""
        if self._pool is not None and not self._stopped:
            self._pool.stop()
        self._stopped = True


class Here:
    """No threads at all: the work is done at once. For tools and tests."""

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Has fired already."""
        done: Deferred[T] = execute(work, *args, **kwargs)
        return done

    def stop(self) -> None:
        """Nothing runs."""
