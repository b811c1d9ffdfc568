"""Files that molehunt reads by itself, read by molehunt itself."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

import molehunt


def read(path: Path) -> pa.Table:
    """Read a log or capture as a table of QUERIES.

    Raises:
        MolehuntError: molehunt cannot read it.
    """
    return molehunt.read(str(path)).read_all()
