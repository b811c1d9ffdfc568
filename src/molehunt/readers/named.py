"""The files that a user's names stand for: folders walked, globs expanded."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STDIN = "-"


@dataclass(frozen=True)
class Named:
    """A source as the user called it, or as a folder or glob gave it.

    Attributes:
        name: What messages call it.
        path: Where it is; None for standard input.
        found: It was found in a folder; then not being a DNS log is no fault.
        fault: Why it cannot be looked at.
    """

    name: str
    path: Path | None
    found: bool = False
    fault: str | None = None


def expand(names: Sequence[str]) -> Iterator[Named]:
    """Give every source once, in the order named; folders and globs in the order of their names."""
    seen: set[Path] = set()
    for name in names:
        for named in _expand_one(name):
            if named.path is not None and named.fault is None:
                real = named.path.resolve()
                if real in seen:
                    continue
                seen.add(real)
            yield named


def _expand_one(name: str) -> Iterator[Named]:
    path = Path(name)
    if name == STDIN:
        yield Named(STDIN, None)
    elif path.is_dir():
        yield from _walk(path)
    elif os.path.lexists(path):
        yield Named(name, path)
    elif matches := sorted(glob.glob(name, recursive=True)):
        for match in matches:
            yield from _walk(Path(match)) if Path(match).is_dir() else [Named(match, Path(match), found=len(matches) > 1)]
    else:
        yield Named(name, path, fault="no such file or folder")


def _walk(folder: Path) -> Iterator[Named]:
    for above, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Named(str(Path(above, name)), Path(above, name), found=True)
