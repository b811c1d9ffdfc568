"""Hostile octets: rows or a MolehuntError, never a crash, a hang or growth. A child process decodes, so that a crash is a test
failure and not the end of the run."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import random
import resource
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import packets as p
from molehunt import schema, wire
from molehunt.config import PcapSettings
from molehunt.errors import MolehuntError
from molehunt.wire.capture import Capture

ANSWERS = [
    p.record(1, b"\1\2\3\4"), p.record(28, bytes(16)), p.record(15, b"\0\5\4mail\xc0\x0c"), p.record(16, b"\3abc\4defg"),
    p.record(6, b"\2ns\xc0\x0c\1a\xc0\x0c" + bytes(20)), p.record(65, b"\0\1\0\0\1\0\3\2h2\0\4\0\4\1\2\3\4"),
    p.record(46, b"\0\1\x08\2" + bytes(12) + b"\0\1\xc0\x0csig"), p.record(47, b"\1b\xc0\x0c\0\6\x40\1\0\0\0\3"),
    p.record(65399, b"data"),
]  # fmt: skip
QUESTION = p.message("Fuzz.example.com", 16, additional=[p.opt([(10, bytes(8)), (3, b"x")])])
REPLY = p.message("fuzz.example.com", 16, rcode=0, answers=ANSWERS, additional=[p.opt(extended=1)])
LONG = p.udp(REPLY, 53, 40000)
BACK = {"source": p.SERVER, "target": p.CLIENT}
BACK6 = {"source": p.SERVER6, "target": p.CLIENT6}
STREAM = p.framed(QUESTION, p.message("second.example", id=8))
TWO_QUESTIONS = p.message("x.local", id=0, more=[p.name("y.local") + b"\0\1\0\1"])
FRAMES = [
    p.ethernet(p.ipv4(p.udp(QUESTION), options=b"\1" * 8)),
    p.ethernet(p.ipv4(LONG, **BACK), [0x88A8, 0x8100]),
    p.ethernet(p.ipv6(p.udp(QUESTION), extensions=[(0, b"\0\5\2\0\0\0\0"), (60, b"\0\1\4\0\0\0\0")])),
    *(p.ethernet(p.ipv4(LONG[at : at + 64], offset=at, more=at + 64 < len(LONG), **BACK)) for at in range(0, len(LONG), 64)),
    *(p.ethernet(p.ipv6_fragment(LONG[at : at + 80], at, at + 80 < len(LONG), **BACK6)) for at in range(0, len(LONG), 80)),
    *(p.ethernet(p.ipv4(p.tcp(STREAM[a:b], 9 + a), number=6)) for a, b in ((0, 20), (40, len(STREAM)), (20, 40))),
    p.ethernet(p.ipv4(p.udp(TWO_QUESTIONS, 5353, 5353), p.CLIENT, "224.0.0.251")),
]  # fmt: skip
CAPTURES = [
    p.pcap(*FRAMES),
    p.pcap(*FRAMES, order=">", nano=True),
    p.section() + p.interface(options=p.option(9, b"\x89")) + b"".join(p.enhanced(f, p.START << 9) for f in FRAMES),
    p.section(">") + p.interface(order=">") + b"".join(p.obsolete(f, 5, order=">") for f in FRAMES)
    + p.section() + p.interface(113) + p.interface() + p.simple(FRAMES[0]) + p.enhanced(FRAMES[1], p.START * 10**6, 1),
]  # fmt: skip


def decode(octets: bytes) -> int:
    """Rows of a capture; -1 if it is refused."""
    try:
        source = Capture(io.BytesIO(octets), "fuzz", PcapSettings())
        table = pa.Table.from_batches(source.batches(), schema=schema.QUERIES)
        table.validate(full=True)
        assert all(problem.count >= 0 for problem in source.problems())
    except MolehuntError:
        return -1
    return table.num_rows


def mutated(chance: random.Random, octets: bytes) -> bytes:
    """The octets with a few of them changed, cut out or repeated."""
    changed = bytearray(octets)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(changed))
        kind = chance.random()
        if kind < 0.6:
            changed[at] = chance.choice((chance.randrange(256), changed[at] ^ 1 << chance.randrange(8), 0, 255, 0xC0))
        elif kind < 0.75:
            changed[at : at + 2] = chance.choice((b"\0\0", b"\xff\xff", b"\xc0\x0c", b"\0\x0c"))
        elif kind < 0.9:
            del changed[at : at + chance.randrange(1, 40)]
        else:
            changed[at:at] = changed[at : at + chance.randrange(1, 80)]
        if not changed:
            break
    return bytes(changed)


def hammer(seed: int, rounds: int, results: object) -> None:
    """Decode many mutations; report rows, refusals and how much memory the second half took."""
    chance = random.Random(seed)
    counts = [0, 0]
    before = 0
    for index in range(rounds):
        found = decode(mutated(chance, chance.choice(CAPTURES)))
        counts[found < 0] += 1
        if index == rounds // 2:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results.put((counts, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))


def run(seed: int, rounds: int, patience_s: float) -> tuple[list[int], int]:
    print(f"seed {seed}")  # shown where it fails
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    child = context.Process(target=hammer, args=(seed, rounds, results))
    child.start()
    try:
        found = results.get(timeout=patience_s)
        child.join(10)
    finally:
        child.kill()
    assert child.exitcode == 0
    return found


def test_the_seeds_read_well():
    assert [decode(one) for one in CAPTURES] == [7, 7, 7, 8]


def test_flipped_octets_give_rows_or_an_error():
    counts, growth_kib = run(seed=int(time.time()), rounds=2000, patience_s=120)
    assert counts[0] > 500
    assert counts[1] > 5
    assert growth_kib < 16 << 10


@settings(max_examples=150, deadline=None)
@given(head=st.sampled_from([one[:size] for one in CAPTURES for size in (4, 24, 28, 60, 120)]), tail=st.binary(max_size=400))
def test_any_octets_behind_any_head(head: bytes, tail: bytes):
    decode(head + tail)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 1, 9, 10, 12, 101, 108, 113, 228, 276]), st.binary(max_size=120)), max_size=8))
def test_any_octets_as_frames(frames: list[tuple[int, bytes]]):
    for link, frame in frames:
        decode(p.pcap(frame, p.ethernet(p.ipv4(frame)), p.ethernet(p.ipv6(p.udp(frame))), link=link))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=90), st.sampled_from([2, 1, 4, 16, 24])), max_size=12))
def test_any_segments(segments: list[tuple[int, bytes, int]]):
    decode(p.pcap(*(p.ethernet(p.ipv4(p.tcp(data, seq, flags=flags), number=6)) for seq, data, flags in segments)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=90), st.booleans(), st.integers(0, 2)), max_size=12))
def test_any_fragments(fragments: list[tuple[int, bytes, bool, int]]):
    decode(p.pcap(*(p.ethernet(p.ipv4(d, offset=8 * at, more=more, id=id)) for at, d, more, id in fragments)))


def slow(octets: bytes) -> float:
    start = time.process_time()
    decode(octets)
    return time.process_time() - start


def test_names_that_cost_much_are_bounded():
    """64 KiB of records whose owners are the longest chains of the longest names."""
    chain = b"".join(b"\x0e" + b"\xff" * 14 + (0xC00C + 17 * i).to_bytes(2, "big") for i in range(16))
    far = 0xC000 | (12 + 17 * 15)
    body = chain + (far.to_bytes(2, "big") + b"\0\5\0\1\0\0\0\0\0\2" + far.to_bytes(2, "big")) * 4600
    head = b"\0\1\x81\x80\0\0\x11\xf8\0\0\0\0"
    big = p.framed((head + b"\0" + body)[:65000])
    frames = [p.ethernet(p.ipv4(p.tcp(big[at : at + 1400], 1 + at, 53, 40000), number=6)) for at in range(0, len(big), 1400)]
    assert slow(p.pcap(*frames)) < 1


@pytest.mark.parametrize("step", [1, 2, 1399])
def test_segments_that_cost_much_are_bounded(step: int):
    """20,000 segments of one stream that never completes a message."""
    frames = [p.ethernet(p.ipv4(p.tcp(b"\xff", 10 + step * i % 65536), number=6)) for i in range(20_000)]
    assert slow(p.pcap(*frames)) < 5


def test_refusals_of_bare_messages_are_errors_of_ours():
    chance = random.Random(1)
    for _ in range(5000):
        with contextlib.suppress(MolehuntError):
            wire.decode_message(mutated(chance, REPLY))
