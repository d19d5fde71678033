"""What payload types mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sdp.description import Attribute, Media
from umserver.wire.sdp.formats import Format, event_ranges, events_of, formats_of


def media(formats: str, *attributes: str) -> Media:
    """An audio line with these formats and attributes (`name:value`)."""
    pairs = [each.split(":", 1) for each in attributes]
    return Media(
        "audio",
        4000,
        "RTP/AVP",
        tuple(formats.split()),
        attributes=tuple(Attribute(*p) for p in pairs),
    )


class FormatTests(SynchronousTestCase):
    """RFC 8866 §6.6, RFC 3551 §6."""

    def test_order_and_case(self) -> None:
        """Formats come in the order of the m= line; names compare without case."""
        found = formats_of(
            media(
                "8 101 0 97",
                "rtpmap:101 Telephone-Event/8000",
                "fmtp:101 0-15",
                "rtpmap:97 pcmu/8000/1",
            )
        )
        self.assertEqual(
            found,
            (
                Format(8, "PCMA", 8000),
                Format(101, "TELEPHONE-EVENT", 8000, parameters="0-15"),
                Format(0, "PCMU", 8000),
                Format(97, "PCMU", 8000),
            ),
        )
        self.assertTrue(found[3].means("PCMU"))

    def test_what_is_left_out(self) -> None:
        """Numbers without a meaning, beyond 127, doubled, and words."""
        found = formats_of(media("0 0 96 128 300 speech ٣ -1", "rtpmap:0 PCMU/8000", "rtpmap:x y"))
        self.assertEqual(found, (Format(0, "PCMU", 8000),))

    def test_the_first_rtpmap_counts(self) -> None:
        """A second mapping of a number is passed over; other rates and channels differ."""
        found = formats_of(
            media(
                "96 97 0",
                "rtpmap:96 PCMU/16000",
                "rtpmap:96 PCMU/8000",
                "rtpmap:97 PCMU/8000/2",
                "rtpmap:0 L16/44100",
                "fmtp:96 a",
                "fmtp:96 b",
                "fmtp:rubbish",
            )
        )
        self.assertEqual([each.means("PCMU") for each in found], [False, False, False])
        self.assertEqual(found[0].parameters, "a")

    def test_what_was_known(self) -> None:
        """A number without a mapping means what it meant before."""
        known = {96: Format(96, "PCMA", 8000, parameters="old")}
        self.assertEqual(formats_of(media("96"), known), (Format(96, "PCMA", 8000),))


class EventTests(SynchronousTestCase):
    """RFC 4733 §2.4.1."""

    @given(some.frozensets(some.integers(0, 255), min_size=1))
    def test_round_trip(self, events: frozenset[int]) -> None:
        """What we say is what is read."""
        self.assertEqual(events_of(event_ranges(events)), events)

    def test_forms(self) -> None:
        """Lists, ranges, spaces and the long form; whatever is garbled means the sixteen keys."""
        keys = frozenset(range(16))
        self.assertEqual(events_of("0-15"), keys)
        self.assertEqual(events_of(" EVENTS = 0-3, 5 ,16"), frozenset((0, 1, 2, 3, 5, 16)))
        self.assertEqual(events_of("250-999"), frozenset(range(250, 256)))
        for garbled in ("", "x", "5-1", "1,,2", "-", "events="):
            self.assertEqual(events_of(garbled), keys, garbled)
        self.assertEqual(event_ranges(keys), "0-15")
        self.assertEqual(event_ranges(frozenset((1, 3, 4, 9))), "1,3-4,9")
