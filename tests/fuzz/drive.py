"""Drive one target by coverage: `python -m tests.fuzz.drive TARGET CORPUS SECONDS`.

What finds new ways through the code is kept in CORPUS; what breaks a promise is written to
CORPUS/../broken and ends the run with an exit code that is not 0.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import atheris  # type: ignore[import-not-found]

MEASURED = (
    *("umserver.wire.sip", "umserver.wire.sdp", "umserver.wire.rtp", "umserver.wire.audio.wav"),
    *("umserver.edges", "umserver.org"),
)
"""What coverage steers by: everything but the coders of sound, whose loops tell nothing."""

with atheris.instrument_imports(include=list(MEASURED)):
    from tests.fuzz.targets import TARGETS

MOST_OCTETS = 4096


def main(arguments: list[str]) -> None:
    """Never returns: the engine ends the process."""
    name, corpus, seconds = arguments[1:4]
    target, folder = TARGETS[name], Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    broken = folder.parent / "broken"
    broken.mkdir(exist_ok=True)
    for seed in target.seeds():
        (folder / sha256(seed).hexdigest()[:20]).write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={MOST_OCTETS}", "-timeout=5"]
    options += ["-rss_limit_mb=1024", f"-artifact_prefix={broken}/{name}-", "-print_final_stats=1"]
    atheris.Setup([arguments[0], *options, str(folder)], lambda data: void(target.run(data)))
    atheris.Fuzz()


def void(_: object) -> None:
    """The engine wants nothing back."""


if __name__ == "__main__":
    main(sys.argv)
