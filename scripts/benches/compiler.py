"""C programs of the benches, compiled for the run that wants them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def build(name: str, folder: Path) -> Path:
    """The program made of `name`.c beside this file. Raises SystemExit without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit(f"{name} needs a C compiler (cc)")
    program = folder / name
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return program
