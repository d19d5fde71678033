"""Answering desks, as they describe themselves."""

from __future__ import annotations

from umserver.interfaces import FleetServer


def desk(name: str, calls: int = 0, capacity: int = 100, state: str = "Active") -> FleetServer:
    """An answering desk."""
    return FleetServer(name, f"{name}.example.com", ("mbx",), {"mbx": 5062}, capacity, calls, state)
