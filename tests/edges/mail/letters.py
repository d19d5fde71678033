"""Example messages, and sound that counts as speech."""

from __future__ import annotations

from random import Random

import numpy as np
from attrs import evolve

from umserver.edges.mail.attachment import sound_file
from umserver.org.messages import (
    Addressee,
    Attachment,
    CallerId,
    Envelope,
    OutgoingMail,
    Recipient,
    new_identity,
)
from umserver.wire.audio import g711

RECEIVED = 1_795_531_000.0
"""Tuesday, November 24, 2026, 9:36:40 AM in New York."""


def envelope(number: int = 1, **changes: object) -> Envelope:
    """A call to Ada; different numbers are different calls."""
    received = RECEIVED + number
    id, message_id = new_identity(received, Random(number), "um.example.com")
    plain = Envelope(
        id=id,
        message_id=message_id,
        call_id=f"call-{number}@pbx.example.com",
        received=received,
        mailbox="ada@example.com",
        mailbox_name="Ada Example",
        extension="1001",
        caller=CallerId(number="2125550142"),
        reason="DivertNoAnswer",
        time_zone="America/New_York",
        audio_codec="G711",
    )
    return evolve(plain, **changes)  # type: ignore[arg-type]


def speech(seconds: float, seed: int = 1, law: str = "PCMU") -> bytes:
    """Octets of something that talks: syllables of noise with pauses between."""
    chance = np.random.default_rng(seed)
    count = int(seconds * 8000)
    syllables = (np.sin(np.arange(count) * 2 * np.pi * 3 / 8000) > -0.3) * 4000.0
    return g711.encode(law, (chance.standard_normal(count) * syllables / 2).astype(np.int16))


def outgoing(number: int = 1, data: bytes | None = None, **changes: object) -> OutgoingMail:
    """A small finished mail."""
    about = envelope(number)
    text = (
        f"Message-ID: {about.message_id}\r\nSubject: Voice mail\r\n\r\n"
        "It is about lunch.\r\n.hidden\r\n..\r\n"
    ).encode()
    mail = OutgoingMail(
        about.id, about.message_id, "voicemail@example.com", about.mailbox, data or text
    )
    return evolve(mail, **changes)  # type: ignore[arg-type]


ADA = CallerId("1001", "Ada Example", "ada@example.com")
CHLOE = Recipient("chloe@example.com", "Chloé Démo", "1003", "fr-FR", "Europe/Paris", "G711")
DAN = Recipient("dan@example.com", "Dan Outside", audio_codec="G711")
NAMED = (
    Addressee("ben@example.com", "Ben Sample"),
    Addressee("chloe@example.com", "Chloé Démo"),
    Addressee("dan@example.com"),
)
SENT = envelope(
    mailbox="ben@example.com",
    mailbox_name="Ben Sample",
    extension="1002",
    caller=ADA,
    sent=True,
    missed_call_wanted=False,
    also=(CHLOE, DAN),
    addressed=NAMED,
    subject="FW: Lunch",
    references=("<first@example.com>", "<second@example.com>"),
)
"""Ada sends a message on to three people."""
OLD = Attachment("Old.wav", "audio/wav", sound_file("G711", "PCMU", speech(3.0)).data)
"""Goes along with it."""
PEOPLE = ("ben@example.com", "chloe@example.com", "dan@example.com")
