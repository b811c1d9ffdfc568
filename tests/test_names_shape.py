"""Normal form and the numbers of a name, against dnspython and plain Python."""

from __future__ import annotations

import dns.name
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import name_oracle as oracle
from molehunt import names

LABELS = st.lists(st.binary(min_size=1, max_size=12), min_size=0, max_size=7)
TEXT = st.text(st.sampled_from('aZ09-_.\\é\x7f\x00 "食@'), max_size=40)


def normal(name: str) -> str:
    return names.normal_form(pa.array([name]))[0].as_py()


def small(octets: bytes) -> bytes:
    return octets.lower()


@given(LABELS)
def test_normal_form_keeps_the_labels_that_dnspython_wrote(labels: list[bytes]):
    text = dns.name.Name([*labels, b""]).to_text()
    assert oracle.labels_of(normal(text)) == [small(label) for label in labels]


@given(LABELS)
def test_however_a_log_escapes_it_the_normal_form_is_one(labels: list[bytes]):
    every = ".".join("".join(f"\\{octet:03d}" for octet in label) for label in labels)
    assert normal(every) == normal(dns.name.Name([*labels, b""]).to_text())


@pytest.mark.parametrize(
    ("seen", "form"),
    [
        ("MiXed.Case.", "mixed.case"),
        (r"\065\.b\\", r"a\.b\\"),
        ("a b", r"a\032b"),
        ("tab\tname", r"tab\009name"),
        (r"\195\188", "ü"),
        ("ü", "ü"),
        ("Ü", "Ü"),
        (r"\195", r"\195"),
        (r"\237\160\128", r"\237\160\128"),
        (r"\999", "999"),
        (r"\12", "12"),
        ("end\\", r"end\\"),
        (r"dot\.", r"dot\."),
        ("x.....", "x"),
    ],
)
def test_normal_forms(seen: str, form: str):
    assert normal(seen) == form
    assert normal(form) == form


def test_binary_that_is_no_text_is_escaped():
    assert names.normal_form(pa.array([b"\xff\xfeA.de"])).to_pylist() == [r"\255\254a.de"]


@given(LABELS)
def test_numbers_agree_with_plain_python(labels: list[bytes]):
    text = dns.name.Name([*labels, b""]).to_text()
    row = names.split(pa.array([text]))[0].as_py()
    left = oracle.labels_of(row["subdomain_seen"])
    octets = b"".join(left)
    assert row["label_count"] == len(labels)
    assert row["length_chars"] == len(b".".join(labels))
    assert row["subdomain_label_count"] == len(left)
    assert row["subdomain_chars"] == len(b".".join(left))
    assert row["entropy_bits"] == pytest.approx(oracle.entropy(octets.lower()), abs=1e-5)
    assert row["digit_count"] == sum(48 <= o <= 57 for o in octets)
    assert row["letter_count"] == sum(chr(o).isascii() and chr(o).isalpha() for o in octets)
    assert row["upper_count"] == sum(65 <= o <= 90 for o in octets)
    assert row["mark_count"] == octets.count(b"-") + octets.count(b"_")
    counted = row["digit_count"] + row["letter_count"] + row["mark_count"] + row["other_count"]
    assert counted == len(octets)


def test_letter_case_is_kept_where_it_may_carry_data():
    row = names.split(pa.array(["aGVsbG8.T.Example.com"]))[0].as_py()
    assert (row["subdomain"], row["subdomain_seen"]) == ("agvsbg8.t", "aGVsbG8.T")


@given(TEXT)
def test_anything_a_person_types_has_one_normal_form(text: str):
    assert normal(normal(text)) == normal(text)


def test_long_names_do_not_break_the_counters():
    row = names.split(pa.array(["ab" * 100_000 + ".example.com"]))[0].as_py()
    assert row["subdomain_chars"] == 200_000
    assert row["entropy_bits"] == pytest.approx(1.0)
