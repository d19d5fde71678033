"""A folder is a registry: collect one constant from each of its modules.

This is the whole plug-in system. Knows: packages and names. Must never know: what the constants
mean.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType


def constants(package: ModuleType, name: str) -> Iterator[object]:
    """The constant `name` of every module directly in `package` that defines it, by module name.

    Folders inside the package count as modules. Faults while importing a module are not hidden.
    """
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = import_module(f"{package.__name__}.{found.name}")
        if name in vars(module):
            yield vars(module)[name]


def shipped(name: str) -> Path:
    """A file or folder of `etc/`: beside the package in a checkout, else under share/umserver.

    Raises FileNotFoundError with the places looked at.
    """
    beside = Path(__file__).resolve().parent.parent / "etc" / name
    installed = Path(sys.prefix) / "share" / "umserver" / name
    for place in (beside, installed):
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is neither at {beside} nor at {installed}")
