"""Twin and text of the published rule give the same rows on every public corpus."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from evaluation import corpora

from molehunt.schema import TIMESTAMP
from rule_oracle import assert_same, native

NOW = datetime(2026, 1, 6, tzinfo=UTC)
#: Public captures that the rule does find: so that agreeing on nothing cannot pass.
FOUND = {
    "malicious/bonelee/iodine_direct_ssh4_base32.pcap.txt",
    "malicious/ggyggy666/iodine-cname.pcap",
    "malicious/korving/iodine-null-base128-0455ce50-query.log.gz",
    "malicious/raaaaag/Ozyman.pcapng",
    "malicious/tomaspena53/MXSIZE-65-FLSIZE-610.pcap",
}
#: Files in which their collectors counted no query hold none that a reader could give.
FILES = [file for file, entry in corpora.manifest().items() if entry.query_count != 0]
FOLDERS = sorted({file.rsplit("/", 1)[0] for file in FILES})


def load(file: str) -> pa.Table:
    """Return the columns that the rule reads: the newest record laid on NOW, the file's name before each client.

    So a whole folder can be asked at once, and the rule still sees each file by itself. Without times: a query a second.
    """
    entry = corpora.manifest()[file]
    queries = corpora.make(f"corpus/{file}").queries if entry.form in corpora.NAME_LISTS else corpora.load(entry)
    ts = queries["ts"].cast(pa.int64())
    if ts.null_count == len(ts):
        ts = pa.chunked_array([[i * 1_000_000 for i in range(len(ts))]], pa.int64())
    shift = int(NOW.timestamp() * 1e6) - (pc.max(ts).as_py() or 0)
    client = pc.binary_join_element_wise(file, queries["client"], " ", null_handling="replace")
    columns = {"ts": pc.add(ts, shift).cast(TIMESTAMP), "client": client, "qname": queries["qname"], "qtype": queries["qtype"]}
    return pa.table(columns)


@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS or ["absent"])
def test_twin_and_text_agree_on_every_corpus(folder: str, shared: object):
    files = [file for file in FILES if file.rsplit("/", 1)[0] == folder]
    assert files
    table = pa.concat_tables(load(file) for file in files)
    rows = assert_same(table)
    assert {row[1].split(" ")[0] for row in rows} >= FOUND.intersection(files), "the rule finds these tunnels"
    assert_same(table, NOW - timedelta(minutes=10))
    always = {(row[1], row[2]): row[3] for row in native(table, window=None).result.rows}
    assert all(always[row[1], row[2]] >= row[3] for row in rows if (row[1], row[2]) in always)
