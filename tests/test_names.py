"""Registered domain and subdomain: the list's own vectors, an independent library, and the zones of docs/names.md."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest
import tldextract
from hypothesis import example, given, settings
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

import name_oracle as oracle
from molehunt import names
from molehunt.names.suffixes import parse, punycode

LIST = files("publicsuffixlist") / "public_suffix_list.dat"
VECTORS = (files("publicsuffixlist") / "test_psl.txt").read_text("utf-8")


def domains(*qnames: str | None) -> list[str | None]:
    return names.registered_domain(pa.array(qnames, pa.string())).to_pylist()


@pytest.fixture(scope="session")
def extract(tmp_path_factory: pytest.TempPathFactory) -> tldextract.TLDExtract:
    """Return tldextract on the very list that molehunt reads."""
    return tldextract.TLDExtract(
        cache_dir=str(tmp_path_factory.mktemp("tldextract")),
        suffix_list_urls=(Path(str(LIST)).as_uri(),),
        include_psl_private_domains=True,
        fallback_to_snapshot=False,
    )


def expected(extract: tldextract.TLDExtract, name: str) -> str:
    """Return what tldextract makes of a name; the rule "*" for unlisted last labels is ours to add."""
    parts = extract(name)
    if not parts.suffix:
        return ".".join(name.lower().split(".")[-2:])
    return (parts.top_domain_under_public_suffix or parts.suffix).lower()


def nested_wildcards() -> tuple[str, ...]:
    """Return the bases of wildcard rules that have longer rules below: there tldextract (5.4) forgets the wildcard."""
    bases = [rule[2:] for rule in oracle.rules() if rule.startswith("*.")]
    return tuple(
        base
        for base in bases
        if any(rule.endswith("." + base) and rule != f"*.{base}" for rule in oracle.rules() if not rule.startswith("!"))
    )


def by_package(name: str) -> str:
    """Return what the package that brings the list makes of a name."""
    return PACKAGE.privatesuffix(name.lower()) or PACKAGE.publicsuffix(name.lower())


PACKAGE = PublicSuffixList()
VECTOR = re.compile(r"^checkPublicSuffix\('([^']+)', (?:null|'([^']+)')\);", re.MULTILINE)


def test_the_lists_own_vectors():
    vectors = [(name, domain or name.lower()) for name, domain in VECTOR.findall(VECTORS) if not name.startswith(".")]
    assert len(vectors) > 70
    assert domains(*(name for name, _ in vectors)) == [domain for _, domain in vectors]


def test_a_million_names_agree_with_tldextract(extract: tldextract.TLDExtract):
    nested = nested_wildcards()
    made = [name for name in oracle.made_up_names(1_010_000) if not name.lower().endswith((".in-addr.arpa", ".ip6.arpa"))]
    assert len(made) >= 1_000_000
    for name, ours in zip(made, domains(*made), strict=True):
        assert ours == (by_package(name) if name.lower().endswith(nested) else expected(extract, name)), name


@pytest.mark.shared
def test_names_of_real_logs_agree_with_tldextract(extract: tldextract.TLDExtract, shared: Path):
    text = "\n".join(path.read_text("utf-8", "replace") for path in sorted((shared / "benign").rglob("*dns*.log")))
    seen = sorted(set(re.findall(r'(?<=[\t" ])(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z0-9-]{2,63}(?=[\t" ])', text)))
    real = [name for name in seen if not name.lower().endswith(".arpa") and not re.search(r"\.[\d-]+$", name)]
    assert len(real) > 3000
    assert domains(*real) == [expected(extract, name) for name in real]


@pytest.mark.parametrize(
    ("qname", "domain", "subdomain", "kind"),
    [
        ("WWW.Example.COM.", "example.com", "www", "public"),
        ("d111.cloudfront.net", "d111.cloudfront.net", "", "public"),
        ("a.d111.cloudfront.net", "d111.cloudfront.net", "a", "public"),
        ("_dmarc.example.co.uk", "example.co.uk", "_dmarc", "public"),
        ("com", "com", "", "public"),
        ("co.uk", "co.uk", "", "public"),
        ("a.b.www.ck", "www.ck", "a.b", "public"),
        ("a.b.anything.ck", "b.anything.ck", "a", "public"),
        ("localhost", "localhost", "", "single"),
        ("wpad.", "wpad", "", "single"),
        ("dc1.corp.local", "corp.local", "dc1", "internal"),
        ("_ldap._tcp.dc._msdcs.corp.local", "corp.local", "_ldap._tcp.dc._msdcs", "internal"),
        ("www.example.com.svc.cluster.local", "cluster.local", "www.example.com.svc", "internal"),
        ("printer.fritz.box.lan", "box.lan", "printer.fritz", "internal"),
        ("tv.router.home.arpa", "router.home.arpa", "tv", "internal"),
        ("", "", "", "empty"),
        (".", "", "", "empty"),
        ("...", "", "", "empty"),
        ("4.3.2.1.in-addr.arpa", "3.2.1.in-addr.arpa", "4", "reverse"),
        ("4.0-127.3.2.1.IN-ADDR.ARPA", "3.2.1.in-addr.arpa", "4.0-127", "reverse"),
        ("2.1.in-addr.arpa", "2.1.in-addr.arpa", "", "reverse"),
        ("payload.2.1.in-addr.arpa", "2.1.in-addr.arpa", "payload", "reverse"),
        ("1.256.1.in-addr.arpa", "1.in-addr.arpa", "1.256", "reverse"),
        ("in-addr.arpa", "in-addr.arpa", "", "reverse"),
        ("f.e." + "1." * 14 + "8.b.d.0.1.0.0.2.ip6.arpa", "1." * 8 + "8.b.d.0.1.0.0.2.ip6.arpa", "f.e" + ".1" * 6, "reverse"),
        ("data.8.b.d.0.1.0.0.2.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "data", "reverse"),
        (r"a\.b.example.com", "example.com", r"a\.b", "public"),
        (r"a\\.b.example.com", "example.com", r"a\\.b", "public"),
        (r"\097\046b.example.c\111m", "example.com", r"a\.b", "public"),
        ("shop.食狮.公司.cn", "食狮.公司.cn", "shop", "public"),
        (r"shop.x.\229\133\172\229\143\184.cn", "x.公司.cn", "shop", "public"),
        ("shop.x.xn--55qx5d.cn", "x.xn--55qx5d.cn", "shop", "public"),
        (r"\255\001x.a.de", "a.de", r"\255\001x", "public"),
    ],
)
def test_zones(qname: str, domain: str, subdomain: str, kind: str):
    row = names.split(pa.array([qname]))[0].as_py()
    assert (row["registered_domain"], row["subdomain"], row["kind"]) == (domain, subdomain, kind)
    assert domains(qname) == [domain]
    assert row["name"] == (f"{subdomain}.{domain}" if subdomain else domain)


def test_every_rule_is_entered_as_the_wire_has_it():
    for rule in oracle.rules():
        name = rule.removeprefix("!").removeprefix("*.")
        assert punycode(name) == name.encode("idna")


def test_a_list_is_parsed_by_its_rules():
    flags = parse("// comment\n\nck\n*.ck // and why\n!www.ck\nde\n公司.cn\n")
    assert set(flags) == {b"ck", b"www.ck", b"de", "公司.cn".encode(), b"xn--55qx5d.cn"}


def test_null_stays_null_and_rows_keep_their_place():
    assert domains(None, "a.example.com", None, "") == [None, "example.com", None, ""]
    assert names.split(pa.array([None, "x.de"])).to_pylist()[0] is None


TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]


@pytest.mark.parametrize("kind", [*TYPES, pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_every_arrow_type_slice_and_chunk(kind: pa.DataType):
    rows = [None, "A.b.Example.com", "x.co.uk", None, "", "公司.cn", "a.b.c.d.e.github.io"] * 3
    column = pa.array(rows, pa.string()).cast(kind)
    want = domains(*rows)
    assert names.registered_domain(column).to_pylist() == want
    assert names.registered_domain(column[3:17]).to_pylist() == want[3:17]
    assert names.registered_domain(pa.chunked_array([column[:5], column[5:5], column[5:]])).to_pylist() == want
    assert names.split(column[2:9]).to_pylist() == names.split(pa.array(rows[2:9])).to_pylist()
    assert names.registered_domain(pa.chunked_array([], kind)).to_pylist() == []


def test_only_text_is_a_name():
    with pytest.raises(TypeError, match="must be strings, not int64"):
        names.registered_domain(pa.array([1, 2]))


LABEL = st.one_of(st.sampled_from(["com", "co.uk", "www", "in-addr.arpa", "corp", "公司.cn"]), st.text(max_size=9))
NAME = st.lists(LABEL, max_size=6).map(".".join)


@given(st.lists(NAME, max_size=30), st.randoms())
def test_row_order_letter_case_and_trailing_dot_change_nothing(rows: list[str], rng):
    rows = [name for name in rows if not name.endswith("\\")]
    want = dict(zip(rows, domains(*rows), strict=True))
    swapped = ["".join(c.swapcase() if c.isascii() else c for c in name) for name in rows]
    assert domains(*swapped) == domains(*(name + "." for name in rows)) == [want[name] for name in rows]
    rng.shuffle(rows)
    assert domains(*rows) == [want[name] for name in rows]


@given(st.lists(st.one_of(st.none(), st.binary(max_size=300)), max_size=20))
@settings(max_examples=300)
def test_any_octets_give_valid_text(rows: list[bytes | None]):
    result = names.split(pa.array(rows, pa.binary()))
    result.validate(full=True)
    assert [row is None for row in result.to_pylist()] == [row is None for row in rows]


@given(NAME)
@example("\\..com.com")  # the dot that ends the subdomain is a character of its label
def test_the_parts_make_the_name_and_the_normal_form_is_a_fixed_point(name: str):
    row = names.split(pa.array([name]))[0].as_py()
    parts = [part for part in (row["subdomain"], row["registered_domain"]) if part]
    assert row["name"] == ".".join(parts) or row["name"].startswith(".")
    assert names.normal_form(pa.array([row["subdomain_seen"]]))[0].as_py() == oracle.undotted(row["subdomain"])
    assert domains(row["name"]) == [row["registered_domain"]]
    assert domains(row["registered_domain"]) == [row["registered_domain"]]
