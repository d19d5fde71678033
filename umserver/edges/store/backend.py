"""Which store: chosen by the scheme of its URL, found in this folder.

Knows: URLs and how to find modules. Must never know: any particular store.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

import umserver.edges.store
from umserver.discover import constants
from umserver.edges.store.tables import Tables


@frozen
class Backend:
    """One kind of store: a module's constant `STORE`."""

    scheme: str
    open: Callable[[str, Path], Tables]
    """Opens what stands behind the scheme's colon; the state folder is the place when nothing does.

    Raises Unavailable, and ValueError when the rest of the URL is nonsense.
    """


def open_tables(url: str, state: Path) -> Tables:
    """The store of this URL. Raises ValueError for an unknown scheme, Unavailable."""
    scheme, _, rest = url.partition(":")
    known = {
        backend.scheme: backend
        for backend in constants(umserver.edges.store, "STORE")
        if isinstance(backend, Backend)
    }
    if scheme not in known:
        raise ValueError(f"there is no store {scheme!r}; there are {', '.join(sorted(known))}")
    return known[scheme].open(rest, state)
