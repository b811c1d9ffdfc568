"""The one place where the evaluation asks molehunt: queries in, findings out."""

from __future__ import annotations

import pyarrow as pa

from molehunt.findings import Finding


def hunt(queries: pa.Table) -> list[Finding]:
    """Run the detection over a table of QUERIES, all of it as one window."""
    raise NotImplementedError
