"""Who may import whom: the floors and wings of the house, exhaustively.

One table. A module in no room fails, imports under TYPE_CHECKING count, relative imports fail, and
only `umserver.service` may import the reactor.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
ANY = "*"
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "misc", "manager", "handler"}
MAX_LINES = 500


@frozen
class Room:
    """A package or module and what it may import, of ours and of others (beside the stdlib)."""

    name: str
    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


VALUES = ("attr", "attrs")
DOOR = ("umserver.interfaces", "umserver.org")
SOUND = (*DOOR, "umserver.wire.audio")
ROOMS = [
    Room("umserver.wire.sip", others=VALUES),
    Room("umserver.wire.sdp", others=VALUES),
    Room("umserver.wire.audio", ("umserver.discover",), (*VALUES, "numpy", "lameenc", "miniaudio")),
    Room("umserver.wire.trace", others=VALUES),
    Room("umserver.wire.rtp", ("umserver.wire.audio",), VALUES),
    Room("umserver.wire.srtp", others=(*VALUES, "pylibsrtp")),
    Room(
        "umserver.wire.media",
        ("umserver.wire.sdp", "umserver.wire.rtp", "umserver.wire.srtp", "umserver.wire.audio"),
        VALUES,
    ),
    Room("umserver.wire", ()),
    Room("umserver.org", (), (*VALUES, "cattrs", "phonenumbers", "argon2")),
    Room(
        "umserver.interfaces",
        ("umserver.org",),
        (*VALUES, "zope.interface", "twisted.internet.defer"),
    ),
    Room(
        "umserver.calls",
        ("umserver.interfaces", "umserver.org", "umserver.wire.audio", "umserver.discover"),
        (
            *VALUES,
            "zope.interface",
            "twisted.internet.defer",
            "twisted.internet.interfaces",
            "twisted.logger",
        ),
    ),
    Room("umserver.edges.net", (*DOOR, "umserver.wire", "umserver.discover"), (ANY,)),
    Room("umserver.edges.threads", DOOR, (*VALUES, "twisted")),
    Room("umserver.edges.store", (*DOOR, "umserver.edges.threads", "umserver.discover"), (ANY,)),
    Room("umserver.edges.mail", (*SOUND, "umserver.edges.threads", "umserver.discover"), (ANY,)),
    Room("umserver.edges.directory", DOOR, (ANY,)),
    Room("umserver.edges.speech", (*SOUND, "umserver.discover"), (ANY,)),
    Room("umserver.edges.web", (*DOOR, "umserver.wire.trace"), (ANY,)),
    Room("umserver.edges.admin", (*DOOR, "umserver.wire.trace", "umserver.discover"), (ANY,)),
    Room("umserver.edges", ()),
    Room("umserver.roles", ("umserver.calls", *DOOR), (ANY,)),
    Room("umserver.discover", ()),
    Room("umserver.logs", (), (ANY,)),
    Room(
        "umserver.command",
        (
            *DOOR,
            "umserver.edges.admin",
            "umserver.edges.store",
            "umserver.edges.mail",
            "umserver.edges.threads",
        ),
        (ANY,),
    ),
    Room("umserver.service", ("umserver",), (ANY,)),
    Room("umserver", ()),
]


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours with its file."""
    for path in sorted((ROOT / "umserver").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def inside(module: str, room: str) -> bool:
    """Whether the module is the room or stands in it."""
    return module == room or module.startswith(room + ".")


def room_of(module: str) -> Room | None:
    """The innermost room; the bare packages that hold rooms only hold themselves."""
    for room in ROOMS:
        whole = room.name not in ("umserver", "umserver.wire", "umserver.edges")
        if inside(module, room.name) if whole else module == room.name:
            return room
    return None


@cache
def imports(path: Path) -> tuple[tuple[str, int], ...]:
    """Every name that the file imports, with its line; a leading dot marks a relative one."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno
            for alias in node.names:
                yield f"{'.' * node.level}{node.module or ''}.{alias.name}", node.lineno


def allowed(room: Room, name: str) -> bool:
    """Whether the room may import this dotted name."""
    top = name.partition(".")[0]
    if top == "umserver":
        return any(inside(name, ours) for ours in (room.name, *room.ours)) or name in (
            "umserver",
            "umserver.__version__",
            *(ours.rpartition(".")[0] for ours in (room.name, *room.ours)),
        )
    if top in sys.stdlib_module_names or ANY in room.others:
        return True
    return any(inside(name, other) or other.startswith(name + ".") for other in room.others)


def arrows() -> dict[str, set[str]]:
    """Which modules of ours each module imports; of a name in a package the deepest that is one."""
    ours = {module for module, _ in modules()}
    found: dict[str, set[str]] = {}
    for module, path in modules():
        lines: dict[int, set[str]] = {}
        for name, line in imports(path):
            if name in ours and name != module:
                lines.setdefault(line, set()).add(name)
        found[module] = {
            name
            for names in lines.values()
            for name in names
            if not any(other.startswith(name + ".") for other in names)
        }
    return found


def in_circles(arrows: dict[str, set[str]]) -> set[str]:
    """What is left when whoever imports nobody who is left goes, again and again."""
    left = dict(arrows)
    while free := [module for module, named in left.items() if not named & left.keys()]:
        for module in free:
            del left[module]
    return {module for module in left if _leads_back(module, left)}


def _leads_back(module: str, arrows: dict[str, set[str]]) -> bool:
    """Whether one comes back to a module on the ways that begin there."""
    seen: set[str] = set()
    ahead = list(arrows[module])
    while ahead:
        name = ahead.pop()
        if name == module:
            return True
        if name in arrows and name not in seen:
            seen.add(name)
            ahead += arrows[name]
    return False


class ArchitectureTests(SynchronousTestCase):
    """The house keeps its plan."""

    def test_every_module_stands_in_a_room(self) -> None:
        """A newcomer finds every module in the plan."""
        self.assertEqual([name for name, _ in modules() if room_of(name) is None], [])

    def test_imports_follow_the_table(self) -> None:
        """The wings meet only at the door, and the ground floor imports nothing above it."""
        wrong = []
        for module, path in modules():
            room = room_of(module)
            for name, line in imports(path):
                if room is None or not allowed(room, name):
                    wrong.append(f"{module}:{line} imports {name}")
        self.assertEqual(wrong, [])

    def test_no_circles(self) -> None:
        """Every module can be read, and changed, without those that are built upon it."""
        self.assertEqual(in_circles(arrows()), set())

    def test_circles_are_seen(self) -> None:
        """A circle is found wherever it stands, and nobody who only leads there."""
        three = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}, "e": set()}
        self.assertEqual(in_circles(three), {"b", "c"})

    def test_no_relative_imports(self) -> None:
        """Every import says where it leads."""
        self.assertEqual(
            [f"{m}:{line}" for m, p in modules() for name, line in imports(p) if name[0] == "."], []
        )

    def test_only_the_assembly_knows_the_reactor(self) -> None:
        """Everything else gets its clock and reactor handed in."""
        knows = {m for m, p in modules() for n, _ in imports(p) if n == "twisted.internet.reactor"}
        self.assertLessEqual(knows, {"umserver.service"})

    def test_no_drawer_names(self) -> None:
        """No module is a drawer for everything."""
        self.assertEqual([m for m, _ in modules() if FORBIDDEN_NAMES & set(m.split("."))], [])

    def test_no_file_is_where_everything_happens(self) -> None:
        """Files stay small enough to be read in one go."""
        long = [m for m, p in modules() if len(p.read_text("utf-8").splitlines()) > MAX_LINES]
        self.assertEqual(long, [])

    def test_every_package_says_what_it_is_for(self) -> None:
        """Each package's docstring is its decision record."""
        silent = [
            m
            for m, p in modules()
            if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
        ]
        self.assertEqual(silent, [])
