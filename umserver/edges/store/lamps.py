"""Message lamps in rows: what telephones were told, and which server keeps which lamp (spec 4.8).

Knows: names, counts, leases. Must never know: SIP, mailboxes, when something is told. A lamp is
kept by one server at a time; a server keeps its lamps for as long as it renews its one lease, so
that very many lamps cost one row to renew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import define, evolve, field

from umserver.edges.store.statement import Statement, fold
from umserver.org.lamps import Lamp, Waiting

LAMPS_SCHEMA = """
CREATE TABLE lamps (
    folded {text} PRIMARY KEY, address {text} NOT NULL,
    keeper {text} NOT NULL, touched INTEGER NOT NULL,
    plan {text} NOT NULL, extension {text} NOT NULL,
    fresh INTEGER NOT NULL, saved INTEGER NOT NULL,
    urgent_fresh INTEGER NOT NULL, urgent_saved INTEGER NOT NULL,
    told_at {real} NOT NULL){clustered};
CREATE INDEX lamps_of_keeper ON lamps (keeper, touched);
CREATE TABLE keepers (name {text} PRIMARY KEY, until {real} NOT NULL){clustered};
"""
LAMP = "address, plan, extension, fresh, saved, urgent_fresh, urgent_saved, told_at"
DEAD = "NOT EXISTS (SELECT 1 FROM keepers k WHERE k.name = lamps.keeper AND k.until > ?)"


class Lamps(Protocol):
    """What a transaction sees of the lamps, and can write down about them."""

    def lamp(self, address: str) -> Lamp | None:
        """What was told last."""

    def kept(self, address: str, keeper: str) -> Lamp | None:
        """What was told last, where this server keeps the lamp."""

    def claim(self, address: str, keeper: str) -> Lamp | None:
        """Keep this lamp from now on; None while another living server does, which is nudged."""

    def told(self, lamp: Lamp, keeper: str) -> bool:
        """Keep what was told; False and nothing done where another server keeps the lamp."""

    def renew(self, keeper: str, seconds: float) -> Sequence[str]:
        """Live on for so long; the addresses of this keeper's lamps that were nudged."""

    def release(self, keeper: str) -> None:
        """Live no longer: others may take the lamps."""

    def take_over(self, keeper: str, most: int) -> Sequence[str]:
        """Keep up to so many lamps of servers that are gone; their addresses."""

    def lit(self, keeper: str, most: int) -> Sequence[str]:
        """Addresses of this keeper's burning lamps, those told last first."""

    def tally(self, keeper: str) -> tuple[int, int]:
        """How many lamps this keeper has, and how many of them burn."""

    def forget(self, address: str) -> None:
        """There is no such lamp any more."""


@define
class SqlLamps:
    """In tables. See `Lamps`."""

    _sql: Statement
    _now: Callable[[], float]
    """Seconds since 1970 by one clock for all servers."""

    def lamp(self, address: str) -> Lamp | None:
        """See `Lamps`."""
        found = self._sql(f"SELECT {LAMP} FROM lamps WHERE folded = ?", (fold(address),))
        row = found.fetchone()
        return _lamp(row) if row else None

    def kept(self, address: str, keeper: str) -> Lamp | None:
        """See `Lamps`."""
        found = self._sql(
            f"SELECT {LAMP} FROM lamps WHERE folded = ? AND keeper = ?",
            (fold(address), fold(keeper)),
        )
        row = found.fetchone()
        return _lamp(row) if row else None

    def claim(self, address: str, keeper: str) -> Lamp | None:
        """See `Lamps`."""
        done = self._sql(
            "INSERT INTO lamps (folded, address, keeper, touched, plan, extension, fresh, saved, "
            "urgent_fresh, urgent_saved, told_at) VALUES (?, ?, ?, 0, '', '', 0, 0, 0, 0, 0.0) "
            "ON CONFLICT (folded) DO UPDATE SET keeper = excluded.keeper, touched = 0 "
            f"WHERE lamps.keeper = excluded.keeper OR {DEAD}",
            (fold(address), address, fold(keeper), self._now()),
        )
        if done.rowcount > 0:
            return self.lamp(address)
        self._sql("UPDATE lamps SET touched = 1 WHERE folded = ?", (fold(address),))
        return None

    def told(self, lamp: Lamp, keeper: str) -> bool:
        """See `Lamps`."""
        waiting = lamp.waiting
        done = self._sql(
            "UPDATE lamps SET plan = ?, extension = ?, fresh = ?, saved = ?, urgent_fresh = ?, "
            "urgent_saved = ?, told_at = ? WHERE folded = ? AND keeper = ?",
            (
                lamp.plan,
                lamp.extension,
                waiting.new,
                waiting.saved,
                waiting.urgent_new,
                waiting.urgent_saved,
                lamp.told_at,
                fold(lamp.address),
                fold(keeper),
            ),
        )
        return done.rowcount > 0

    def renew(self, keeper: str, seconds: float) -> Sequence[str]:
        """See `Lamps`."""
        self._sql(
            "INSERT INTO keepers (name, until) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET until = excluded.until",
            (fold(keeper), self._now() + seconds),
        )
        nudged = self._sql(
            "UPDATE lamps SET touched = 0 WHERE keeper = ? AND touched = 1 RETURNING address",
            (fold(keeper),),
        )
        return sorted(row[0] for row in nudged.fetchall())

    def release(self, keeper: str) -> None:
        """See `Lamps`."""
        self._sql("DELETE FROM keepers WHERE name = ?", (fold(keeper),))

    def take_over(self, keeper: str, most: int) -> Sequence[str]:
        """See `Lamps`."""
        now = self._now()
        taken = self._sql(
            "UPDATE lamps SET keeper = ?, touched = 0 WHERE folded IN "
            f"(SELECT folded FROM lamps WHERE keeper <> ? AND {DEAD} LIMIT ?) AND {DEAD} "
            "AND keeper <> ? RETURNING address",
            (fold(keeper), fold(keeper), now, most, now, fold(keeper)),
        )
        return sorted(row[0] for row in taken.fetchall())

    def lit(self, keeper: str, most: int) -> Sequence[str]:
        """See `Lamps`."""
        found = self._sql(
            "SELECT address FROM lamps WHERE keeper = ? AND fresh > 0 "
            "ORDER BY told_at DESC, folded LIMIT ?",
            (fold(keeper), most),
        )
        return [row[0] for row in found.fetchall()]

    def tally(self, keeper: str) -> tuple[int, int]:
        """See `Lamps`."""
        row = self._sql(
            "SELECT count(*), coalesce(sum(CASE WHEN fresh > 0 THEN 1 ELSE 0 END), 0) "
            "FROM lamps WHERE keeper = ?",
            (fold(keeper),),
        ).fetchone()
        return int(row[0]), int(row[1])

    def forget(self, address: str) -> None:
        """See `Lamps`."""
        self._sql("DELETE FROM lamps WHERE folded = ?", (fold(address),))


def _lamp(row: Sequence[object]) -> Lamp:
    address, plan, extension, *counts, told_at = row
    waiting = Waiting(*counts)  # type: ignore[arg-type]
    return Lamp(str(address), str(plan), str(extension), waiting, float(told_at))  # type: ignore[arg-type]


@define
class _Kept:
    """A lamp in memory."""

    lamp: Lamp
    keeper: str
    touched: bool = False


@define
class MemoryLamps:
    """In dicts. See `Lamps`."""

    _now: Callable[[], float]
    _lamps: dict[str, _Kept] = field(factory=dict)
    _keepers: dict[str, float] = field(factory=dict)

    def copy(self) -> MemoryLamps:
        """The same, to be changed apart."""
        kept = {name: evolve(one) for name, one in self._lamps.items()}
        return MemoryLamps(self._now, kept, dict(self._keepers))

    def lamp(self, address: str) -> Lamp | None:
        """See `Lamps`."""
        kept = self._lamps.get(fold(address))
        return kept.lamp if kept is not None else None

    def kept(self, address: str, keeper: str) -> Lamp | None:
        """See `Lamps`."""
        kept = self._lamps.get(fold(address))
        return kept.lamp if kept is not None and kept.keeper == fold(keeper) else None

    def claim(self, address: str, keeper: str) -> Lamp | None:
        """See `Lamps`."""
        kept = self._lamps.setdefault(fold(address), _Kept(Lamp(address), fold(keeper)))
        if kept.keeper != fold(keeper) and self._lives(kept.keeper):
            kept.touched = True
            return None
        kept.keeper, kept.touched = fold(keeper), False
        return kept.lamp

    def told(self, lamp: Lamp, keeper: str) -> bool:
        """See `Lamps`."""
        kept = self._lamps.get(fold(lamp.address))
        if kept is None or kept.keeper != fold(keeper):
            return False
        kept.lamp = evolve(lamp, address=kept.lamp.address)
        return True

    def renew(self, keeper: str, seconds: float) -> Sequence[str]:
        """See `Lamps`."""
        self._keepers[fold(keeper)] = self._now() + seconds
        nudged = [one for one in self._of(keeper) if one.touched]
        for one in nudged:
            one.touched = False
        return sorted(one.lamp.address for one in nudged)

    def release(self, keeper: str) -> None:
        """See `Lamps`."""
        self._keepers.pop(fold(keeper), None)

    def take_over(self, keeper: str, most: int) -> Sequence[str]:
        """See `Lamps`."""
        orphans = [
            one
            for one in self._lamps.values()
            if one.keeper != fold(keeper) and not self._lives(one.keeper)
        ]
        for one in orphans[:most]:
            one.keeper, one.touched = fold(keeper), False
        return sorted(one.lamp.address for one in orphans[:most])

    def lit(self, keeper: str, most: int) -> Sequence[str]:
        """See `Lamps`."""
        burning = [one.lamp for one in self._of(keeper) if one.lamp.waiting.lit]
        burning.sort(key=lambda lamp: (-lamp.told_at, fold(lamp.address)))
        return [lamp.address for lamp in burning[:most]]

    def tally(self, keeper: str) -> tuple[int, int]:
        """See `Lamps`."""
        kept = self._of(keeper)
        return len(kept), sum(one.lamp.waiting.lit for one in kept)

    def forget(self, address: str) -> None:
        """See `Lamps`."""
        self._lamps.pop(fold(address), None)

    def _of(self, keeper: str) -> list[_Kept]:
        return [one for one in self._lamps.values() if one.keeper == fold(keeper)]

    def _lives(self, keeper: str) -> bool:
        return self._keepers.get(keeper, 0.0) > self._now()
