"""Where blocking work is done: a pool of threads whose results come back in the reactor thread.

Knows: the standard library's pool. Must never know: what the work is. Twisted's own pool leaves a
circle of a function and its closure for every work; at 600 works a second the garbage collector had
more to do with those than with all the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, execute, fail
from twisted.python.failure import Failure

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
    _pool: ThreadPoolExecutor | None = field(init=False, default=None)
    _stopped: bool = field(init=False, default=False)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Fires in the reactor thread with what `work` returned or raised.

        Fails with Unavailable after `stop`.
        """
        if self._stopped:
            return fail(Unavailable(f"the threads for {self.name} have stopped"))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.size, self.name)
        done: Deferred[T] = Deferred()
        self._pool.submit(self._do, done, partial(work, *args, **kwargs))
        return done

    def _do(self, done: Deferred[T], work: Callable[[], T]) -> None:
        try:
            result = work()
        except BaseException:
            self.reactor.callFromThread(done.errback, Failure())  # type: ignore[no-untyped-call]
            del done, work  # the failure leads to this frame
        else:
            self.reactor.callFromThread(done.callback, result)

    def stop(self) -> None:
        """Wait for what runs and take no more; harmless when it is stopped already."""
        if self._pool is not None and not self._stopped:
            self._pool.shutdown()
        self._stopped = True


class Here:
    """No threads at all: the work is done at once. For tools and tests."""

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Has fired already."""
        done: Deferred[T] = execute(work, *args, **kwargs)
        return done

    def stop(self) -> None:
        """Nothing runs."""
