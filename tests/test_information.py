"""Information: the compiled coder against a plain one, that it is a true code, and that it bounds what channels send."""

from __future__ import annotations

import base64
import math
import random
import statistics
import uuid
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import information_oracle as oracle
from molehunt.config import InformationSettings
from molehunt.names import information as info
from molehunt.names import model

LABEL = st.one_of(
    st.sampled_from(["www", "api", "0009", "0010", "00ff", "WwW", "x-ray", "a_b", "é", r"\255\000"]),
    st.text("abcdef0123456789", min_size=1, max_size=20),
    st.text("ABCdef-_", min_size=1, max_size=70),
    st.integers(0, 120).map(str),
)
NAMES = st.lists(st.lists(LABEL, max_size=20).map(".".join), max_size=25, unique=True)


def measure(*groups: list[str]) -> info.Information:
    offsets = np.cumsum([0, *map(len, groups)])
    return info.information(pa.array([name for group in groups for name in group], pa.string()), offsets)


def stated(names: list[str]) -> int:
    column, offsets = pa.array(names, pa.string()), np.array([0, len(names)])
    return int(info.stated_bytes(info.information(column, offsets), info.compressed_bytes(column, offsets))[0])


@given(NAMES)
@settings(max_examples=150, deadline=None)
def test_bits_agree_with_the_plain_coder(names: list[str]):
    found, group = measure(names), oracle.Group()
    costs = [group.bits(name) for name in names]
    assert found.name_bits == pytest.approx([sum(cost) for cost in costs], rel=1e-4)
    depths = [sum(c for cost in costs for i, c in enumerate(cost[1:]) if min(i, 15) == d) for d in range(info.DEPTHS)]
    assert found.label_bits[0] == pytest.approx(depths, rel=1e-4, abs=1e-4)
    distinct = [group.depths[d].labels if d in group.depths else Counter() for d in range(info.DEPTHS)]
    assert found.label_count[0].tolist() == [len(labels) for labels in distinct]
    assert found.label_chars[0].tolist() == [sum(map(len, labels)) for labels in distinct]


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=20), st.binary(min_size=4, max_size=4), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_all_that_could_come_next_has_probability_one(before: list[bytes], last: bytes, place: int):
    depth = oracle.Depth()
    for label in [*before, last]:
        oracle.label_bits(depth, label)
    for context in ((model.START, model.START), (3, 7)):
        assert sum(depth.octet(octet, context, place, last) for octet in range(256)) == pytest.approx(1)
        assert sum(depth.octet(octet, context, place, None) for octet in range(256)) == pytest.approx(1)
    assert sum(oracle.adaptive(depth.events, kind, 3, 1.5) for kind in ("seen", "next", "spelt")) == pytest.approx(1)
    assert sum(oracle.adaptive(depth.lengths, size, 64, 2) for size in range(64)) == pytest.approx(1)
    assert sum(depth.seen(label) for label in depth.labels) == pytest.approx(1)


def test_the_tables_are_probabilities():
    tables = model.tables()
    assert tables.fixed.sum(0) == pytest.approx(1)
    assert tables.base.sum() == pytest.approx(1)
    whole = sum(tables.spelling[..., model.SYMBOLS[octet]] * tables.case[octet] for octet in range(256))
    assert whole == pytest.approx(1)
    assert sum(model.PRIOR) == sum(model.COPY_PRIOR) == pytest.approx(1)


@pytest.mark.parametrize(
    ("label", "following"),
    [
        ("9", "10"),
        ("0099", "0100"),
        ("00af", "00b0"),
        ("ff", "100"),
        ("seg-9", "seg-10"),
        ("x", "x"),
        ("a9", "aa"),
        ("z9", "z10"),
    ],
)
def test_counting_up(label: str, following: str):
    assert oracle.successor(label.encode()) == following.encode()
    if following != label:
        assert measure([label, following]).name_bits[1] < measure([label, following[::-1] + "q"]).name_bits[1] - 6


# --- channels with known payload -------------------------------------------------------------------------------------

STEMS = [a + b + c for a in ("ba", "de", "ki", "lo") for b in ("nan", "ster", "mo", "ret") for c in ("a", "er", "ing", "ly")]
WORDS = [stem + tail for stem in STEMS for tail in ("", "s", "x", "th")]


def base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def in_case(data: bytes) -> str:
    text, number = "telemetrycollectorserviceupdate", int.from_bytes(data, "big")
    return "".join(c.upper() if number >> i & 1 else c for i, c in enumerate(text))


def octets(data: bytes) -> str:
    return "".join(f"\\{octet:03d}" for octet in data)


CODECS = {
    "hex": bytes.hex,
    "upper hex": lambda data: data.hex().upper(),
    "base32": base32,
    "base64url": base64url,
    "decimal": lambda data: str(int.from_bytes(data, "big")),
    "16 letters": lambda data: data.hex().translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop")),
    "octets": octets,
    "case": lambda data: ".".join(in_case(data[i : i + 3]) for i in range(0, len(data), 3)),
    "words": lambda data: "-".join(WORDS[octet] for octet in data),
    "word labels": lambda data: ".".join(WORDS[octet] for octet in data),
}
SHAPES = {
    "alone": "{data}",
    "in front": "{data}.s1.t",
    "behind": "www.{data}",
    "counted": "{i}.{data}",
    "counted behind": "{data}.{i:04x}.7f3a",
    "inside": "v2-{data}-x",
}


def cut(text: str, chars: int = 57) -> str:
    return text if "." in text or "\\" in text else ".".join(text[i : i + chars] for i in range(0, len(text), chars))


def channel(codec: str, shape: str, chunk: int, total: int) -> tuple[list[str], int]:
    """Return distinct names that carry random payload, and how many bytes of it."""
    rng = random.Random(f"{codec} {shape} {chunk} {total}")
    chunks = list(dict.fromkeys(rng.randbytes(chunk) for _ in range(total // chunk)))
    names = [SHAPES[shape].format(data=cut(CODECS[codec](data)), i=i) for i, data in enumerate(chunks)]
    return names, chunk * len(chunks)


@pytest.mark.parametrize("codec", CODECS)
def test_stated_bytes_bound_the_payload_of_every_channel(codec: str):
    ratios = []
    for shape in SHAPES:
        for chunk in (3, 6, 12, 30):
            for total in (240, 4096):
                names, payload = channel(codec, shape, chunk, total)
                ratios.append(stated(names) / payload)
                assert ratios[-1] >= 1, (shape, chunk, total)
    limit = {"words": 2.6, "word labels": 2.4}.get(codec, 1.25)
    assert statistics.median(ratios) <= limit


def test_the_bound_is_near_the_payload_over_all_channels():
    ratios = [
        stated(names) / payload for codec in CODECS for shape in SHAPES for names, payload in [channel(codec, shape, 12, 4096)]
    ]
    assert 1 <= statistics.median(ratios) <= 1.1


def test_code_words_behind_a_counter_are_counted():
    rng = random.Random(5)
    one_bit = [f"{rng.choice(['yes', 'no'])}.{i}" for i in range(8 * 512)]
    assert 512 <= stated(one_bit) <= 1.1 * 512
    one_byte = [f"{rng.choice(WORDS)}.{i:x}" for i in range(4096)]
    assert 4096 <= stated(one_byte) <= 1.3 * 4096


def test_where_the_payload_stands_hardly_matters():
    totals = [measure(channel("base32", shape, 30, 6000)[0]).group_bits[0] for shape in SHAPES]
    assert max(totals) <= 1.05 * min(totals)


def test_counters_and_constants_cost_almost_nothing():
    assert measure([f"www.{i:08d}.session7" for i in range(1000)]).group_bits[0] < 250
    assert measure([f"{i}" for i in range(1000)]).group_bits[0] < 200
    assert measure([f"{i:08x}" for i in range(1000)]).group_bits[0] < 800
    payload = [base32(random.Random(i).randbytes(10)) for i in range(500)]
    framed = [f"{data}.v1.k9x2" for data in payload]
    assert measure(framed).group_bits[0] < measure(payload).group_bits[0] + 100


def test_hosts_of_ordinary_networks_say_little():
    hosts = ["www", "mail", "api", "static", "img", "cdn", "login", "telemetry", "update", "ns1", "ns2"]
    assert measure(hosts).group_bits[0] / 8 < 40


def test_letter_case_counts_where_it_is_given():
    names = [in_case(random.Random(i).randbytes(3)) for i in range(200)]
    assert measure(names).group_bits[0] > 24 * 200
    assert measure(sorted({name.lower() for name in names})).group_bits[0] < 200


@given(st.lists(NAMES, min_size=1, max_size=6), st.randoms())
@settings(max_examples=40, deadline=None)
def test_groups_do_not_know_each_other(groups: list[list[str]], rng: random.Random):
    together = measure(*groups)
    assert together.group_bits == pytest.approx([measure(group).group_bits[0] for group in groups], rel=1e-5)
    order = list(range(len(groups)))
    rng.shuffle(order)
    assert measure(*(groups[i] for i in order)).group_bits == pytest.approx(together.group_bits[order], rel=1e-5)


def test_null_and_empty_names_and_groups():
    found = info.information(pa.array(["", None, "www"]), np.array([0, 0, 2, 3]))
    assert found.group_bits[0] == 0
    assert found.name_bits[1] == 0
    assert info.stated_bytes(found).tolist()[0] == 0
    assert found.label_count.sum() == 1


def test_a_large_group_widens_its_tables():
    names = [f"{i * 7919 % 1_000_003:x}.{i % 77}.x" for i in range(30_000)]
    found = measure(names[:10], names, names[:10])
    assert found.label_count[1][:3].tolist() == [1, 77, 30_000]
    assert found.group_bits[0] == pytest.approx(found.group_bits[2])


@pytest.mark.parametrize("offsets", [[], [0, 4], [-1, 3], [2, 1, 3]])
def test_offsets_have_to_fit(offsets: list[int]):
    with pytest.raises(ValueError, match="offsets must rise"):
        info.information(pa.array(["a", "b", "c"]), np.array(offsets, np.int64))


def test_large_groups_are_not_compressed():
    column, offsets = pa.array(["a" * 50, "b" * 50]), np.array([0, 2])
    assert info.compressed_bytes(column, offsets, InformationSettings(compress_bytes=100)).tolist() == [-1]
    assert 0 < info.compressed_bytes(column, offsets)[0] < 40


# --- repeats ---------------------------------------------------------------------------------------------------------


def repeats(ids: list[int] | np.ndarray) -> np.ndarray:
    return info.repeat_bits(np.array(ids), np.array([0, len(ids)]))


@pytest.mark.parametrize("choices", [2, 5, 16, 64])
def test_code_words_that_are_repeated_are_counted(choices: int):
    rng = np.random.default_rng(choices)
    sent = rng.integers(0, choices, 4000)
    bits = repeats(np.concatenate([np.arange(choices), sent]))
    truth = 4000 * math.log2(choices)
    assert truth <= bits.sum() <= 1.15 * truth + 100


def test_habits_say_nothing():
    assert repeats([0] * 1000)[1:].sum() < 20
    assert repeats(np.tile(np.arange(20), 100)).sum() < 500


def test_repeats_of_each_group_are_their_own():
    ids = [0, 1, 0, 1, 1, 0]
    both = info.repeat_bits(np.array(ids + ids), np.array([0, 6, 12]))
    assert both[:6] == pytest.approx(both[6:])
    assert both[:6] == pytest.approx(repeats(ids))


@pytest.mark.parametrize("ids", [[1, 0], [0, 2], [-1], [0, 1, 5]])
def test_ids_count_in_order_of_appearance(ids: list[int]):
    with pytest.raises(ValueError, match="ids must count"):
        repeats(ids)


# --- alphabets -------------------------------------------------------------------------------------------------------


def alphabet(labels: list[str]) -> str:
    return info.ALPHABETS[measure(list(dict.fromkeys(labels))).alphabet[0][0]]


def drawn(letters: str, chars: int = 40, count: int = 20) -> list[str]:
    rng = random.Random(letters)
    return ["".join(rng.choices(letters, k=chars)) for _ in range(count)]


LOWER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (drawn(DIGITS), "digits"),
        (drawn(DIGITS + "abcdef"), "hex"),
        (drawn(DIGITS + "ABCDEF"), "hex"),
        ([str(uuid.UUID(int=random.Random(i).getrandbits(128))) for i in range(9)], "hex"),
        (["10-0-3-7", "192-168-1-20"], "digits"),
        (drawn(LOWER + "234567"), "base32"),
        (drawn(LOWER.upper() + "234567"), "base32"),
        (drawn(DIGITS + LOWER[:22]), "base32hex"),
        (drawn(LOWER + "012345"), "base32iodine"),
        (drawn(DIGITS + LOWER), "base36"),
        (drawn(LOWER + LOWER.upper() + DIGITS + "+/"), "base64"),
        (drawn(LOWER + LOWER.upper() + DIGITS + "-_"), "base64url"),
        ([octets(random.Random(i).randbytes(40)) for i in range(10)], "binary"),
        (["correct-horse", "battery", "staple", "winter-update", "collector"], "words"),
        (drawn(DIGITS + LOWER + "-_"), "mixed"),
        ([], "none"),
    ],
)
def test_alphabets(labels: list[str], name: str):
    assert alphabet(labels) == name
