"""The quick pass over a text file: what it counts, whatever the bytes and wherever the pieces begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from molehunt.readers import survey as module
from molehunt.readers._octets import seen as look
from molehunt.readers.survey import survey

TEXTS = st.lists(st.sampled_from([b"\n", b'"', b"\r\n", b"#", b"\0", b"\xff", b"a", b"word " * 20]), max_size=60).map(b"".join)


@given(st.binary(max_size=2000) | TEXTS)
def test_what_stands_in_a_piece_is_seen(octets: bytes):
    rare = any(octet in b"\0\r#" or octet > 127 for octet in octets)
    assert look(octets) == (octets.count(b"\n"), octets.count(b'"'), rare)


@pytest.mark.parametrize("rarity", [b"\0", b"\r", b"#", b"\x80", b"\xff"])
@pytest.mark.parametrize("at", [0, 63, 64, 255 * 64 - 1, 255 * 64, 600_000])
def test_one_rarity_is_seen_wherever_it_stands(rarity: bytes, at: int):
    octets = b'\n"' * 300_000 + b"\n"
    assert look(octets) == (300_001, 300_000, False)
    assert look(octets[:at] + rarity + octets[at:]) == (300_001, 300_000, True)


@pytest.mark.parametrize("threads", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=TEXTS.filter(bool), step_bytes=st.integers(1, 40))
def test_a_file_is_seen_alike_in_pieces_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes, step_bytes: int, threads: bool
):
    monkeypatch.setattr(module, "STEP_BYTES", step_bytes)
    monkeypatch.setattr(module, "LARGE_BYTES", 0 if threads else len(octets) + 1)
    path, told = tmp_path / "text", []
    path.write_bytes(octets)
    seen = survey(path, told.append)
    lines = octets.split(b"\n")
    assert (seen.newline_count, seen.quote_count) == (len(lines) - 1, octets.count(b'"'))
    assert (seen.return_count, seen.return_newline_count) == (octets.count(b"\r"), octets.count(b"\r\n"))
    assert seen.hash_count == sum(line.startswith(b"#") for line in lines)
    assert (seen.nul, seen.ascii) == (b"\0" in octets, octets.isascii())
    assert max(map(len, lines)) - step_bytes < seen.longest_bytes <= max(map(len, lines))
    assert told == [*range(step_bytes, len(octets), step_bytes), len(octets)]


def test_the_last_line_counts_even_if_it_does_not_end(tmp_path: Path):
    path = tmp_path / "text"
    path.write_bytes(b"a\nbc")
    seen = survey(path)
    assert (seen.line_count, seen.longest_bytes) == (2, 2)
