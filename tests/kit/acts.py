"""What a server can be asked, where a test needs only some of it."""

from __future__ import annotations

from typing import Any

from attrs import fields

from umserver.edges.admin.asks import ServerActs


def acts_of(**able: Any) -> ServerActs:
    """A server that can do this; everything else is a mistake of the test."""

    def unable(*details: object) -> Any:
        raise AssertionError(f"nobody was to ask for this: {details}")

    return ServerActs(**{part.name: able.get(part.name, unable) for part in fields(ServerActs)})
