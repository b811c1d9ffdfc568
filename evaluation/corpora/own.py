"""The repository's own recordings below ``tests/data``: real tunnels that ``tests.dig`` dug, with the truth beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from evaluation.cases import Case, Target
from evaluation.corpora.estimate import estimated_bytes
from evaluation.corpora.readers import read

DATA = Path(__file__).parent.parent.parent / "tests" / "data"


def own_names() -> list[str]:
    """Name the recordings that have a truth: ``own/folder``."""
    return sorted(f"own/{truth.parent.name}" for truth in DATA.rglob("truth.json"))


def own_case(name: str) -> Case:
    """Load a recording: its packets, and the tunnels that the truth names."""
    folder = next(truth.parent for truth in DATA.rglob("truth.json") if truth.parent.name == name.removeprefix("own/"))
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    queries = read(next(iter(sorted(folder.glob("*.pcap*")))))
    order = np.argsort(queries["ts"].cast(pa.int64()).to_numpy(), kind="stable")
    queries = queries.take(order).combine_chunks()
    targets = [_target(tunnel, queries) for tunnel in truth["tunnels"]]
    tool = "+".join(sorted({str(tunnel["tool"]) for tunnel in truth["tunnels"]})) or "office"
    return Case(name, "corpora", "own recordings", tool, "", queries, targets)


def _target(tunnel: dict[str, Any], queries: pa.Table) -> Target:
    """Find the rows of one tunnel; its bytes are estimated row by row, as the truth has only their sum."""
    qnames, clients = queries["qname"].to_pylist(), queries["client"].to_pylist()
    zone = f".{tunnel['domain'].lower()}"
    pairs = zip(qnames, clients, strict=True)
    rows = np.array([bool(q) and q.lower().endswith(zone) and who == tunnel["client"] for q, who in pairs], dtype=bool)
    bytes_up = estimated_bytes(qnames, rows)
    who, where = frozenset({tunnel["client"]}), frozenset({tunnel["registered_domain"]})
    return Target(who, where, rows, bytes_up, estimated=True)
