"""The tables of a database, version after version, in words that SQLite and PostgreSQL fill in.

Knows: tables, columns, indexes. Must never know: what is written into them and when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from umserver.edges.store.lamps import LAMPS_SCHEMA
from umserver.edges.store.ledger import LEDGER_SCHEMA
from umserver.edges.store.outbox import OUTBOX_SCHEMA
from umserver.edges.store.recordings import RECORDINGS_SCHEMA
from umserver.edges.store.roster import ROSTER_SCHEMA

OBJECTS_SCHEMA = """
CREATE TABLE revision (one INTEGER PRIMARY KEY CHECK (one = 1), number {integer} NOT NULL);
INSERT INTO revision VALUES (1, 0);
CREATE TABLE objects (
    id {serial}, section {text} NOT NULL, folded {text} NOT NULL, name {text} NOT NULL,
    version {integer} NOT NULL, text {text} NOT NULL, UNIQUE (section, folded));
CREATE TABLE mailboxes (
    folded {text} PRIMARY KEY, address {text} NOT NULL,
    dial_plan {text} NOT NULL, policy {text} NOT NULL,
    version {integer} NOT NULL, text {text} NOT NULL){clustered};
CREATE INDEX mailboxes_of_plan ON mailboxes (dial_plan);
CREATE INDEX mailboxes_of_policy ON mailboxes (policy);
CREATE TABLE numbers (
    plan {text} NOT NULL, number {text} NOT NULL, written {text} NOT NULL,
    owner {text} NOT NULL REFERENCES mailboxes (folded) ON DELETE CASCADE,
    PRIMARY KEY (plan, number)){clustered};
CREATE INDEX numbers_of_owner ON numbers (owner);
CREATE TABLE secrets (name {text} PRIMARY KEY, value {octets} NOT NULL){clustered};
CREATE TABLE pins (owner {text} PRIMARY KEY, hash {text} NOT NULL){clustered};
"""
NAMES_SCHEMA = """
CREATE TABLE names (
    way {text} NOT NULL, plan {text} NOT NULL, keys {text} NOT NULL,
    owner {text} NOT NULL REFERENCES mailboxes (folded) ON DELETE CASCADE,
    is_open INTEGER NOT NULL, PRIMARY KEY (way, plan, keys, owner)){clustered};
CREATE INDEX names_of_owner ON names (owner);
"""
SCHEMAS = (
    OBJECTS_SCHEMA,
    LEDGER_SCHEMA + ROSTER_SCHEMA,
    NAMES_SCHEMA,
    LAMPS_SCHEMA,
    OUTBOX_SCHEMA,
    RECORDINGS_SCHEMA,
)
"""What each version of the schema adds to the one before."""


def statements(since: int, words: Mapping[str, str]) -> Iterator[str]:
    """What makes the newest schema of the one with the number `since`; 0 is an empty database.

    `words`: the database's own for serial (a key that counts by itself), integer (64 bits), real
    (64 bits), text (compared by code points), octets and clustered.
    """
    for schema in SCHEMAS[since:]:
        for statement in schema.format(**words).strip().split(";\n"):
            yield statement.rstrip(";")
