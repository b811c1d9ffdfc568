"""Queries, retransmissions and responses become transactions."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

import packets as p
from molehunt.config import PcapSettings
from molehunt.wire import batches
from molehunt.wire._decoder import Decoder

SECOND_CLIENT = "10.0.0.6"


def query(name: str = "a.example", qtype: int = 1, **others) -> bytes:
    sport = others.pop("sport", 40000)
    source = others.pop("source", p.CLIENT)
    return p.ethernet(p.ipv4(p.udp(p.message(name, qtype, **others), sport), source))


def response(name: str | None = "a.example", qtype: int = 1, rcode: int = 0, **others) -> bytes:
    dport = others.pop("dport", 40000)
    target = others.pop("target", p.CLIENT)
    source = others.pop("source", p.SERVER)
    return p.ethernet(p.ipv4(p.udp(p.message(name, qtype, rcode=rcode, **others), 53, dport), source, target))


def brief(rows: list[dict]) -> list[tuple]:
    return [(row["qname"], row["rcode"], row["retry_count"], row["query_bytes"] is not None) for row in rows]


def test_a_query_and_its_response_are_one_row():
    (row,) = p.rows(p.pcap((0, query()), (0.25, response(answers=[p.record(1, b"\1\2\3\4", ttl=60)]))))
    assert row["rtt_s"] == 0.25
    assert (row["query_bytes"], row["response_bytes"], row["answer_bytes"]) == (27, 43, 4)
    assert (row["answers"], row["answer_types"], row["answer_ttls"]) == (["1.2.3.4"], ["A"], [60])


def test_a_query_without_response_stays():
    (row,) = p.rows(p.pcap(query()))
    assert brief([row]) == [("a.example", None, 0, True)]
    assert [row[name] for name in ("answers", "answer_types", "answer_ttls", "answer_bytes", "response_bytes", "rtt_s")] == [
        None
    ] * 6


def test_a_response_without_query_is_a_row():
    (row,) = p.rows(p.pcap((3, response(rcode=3))))
    assert brief([row]) == [("a.example", "NXDOMAIN", None, False)]
    assert (row["client"], row["resolver"], row["rtt_s"]) == (p.CLIENT, p.SERVER, None)
    assert row["ts"].timestamp() == p.START + 3


@pytest.mark.parametrize(
    "other",
    [response(id=8), response("b.example"), response(qtype=28), response(dport=40001), response(target=SECOND_CLIENT),
     response(source="10.0.0.2")],
)  # fmt: skip
def test_what_differs_does_not_pair(other: bytes):
    rows = p.rows(p.pcap(query(), other))
    assert len(rows) == 2
    assert {row["rcode"] for row in rows} == {None, "NOERROR"}


def test_letter_case_does_not_matter():
    assert brief(p.rows(p.pcap(query("A.exAMple"), response("a.EXample")))) == [("A.exAMple", "NOERROR", 0, True)]


def test_a_refusal_without_question_pairs():
    assert brief(p.rows(p.pcap(query(), response(None, rcode=5)))) == [("a.example", "REFUSED", 0, True)]


def test_a_message_without_question_has_no_name():
    (row,) = p.rows(p.pcap(query(None)))
    assert (row["qname"], row["qtype"], row["query_bytes"]) == (None, None, 12)


@pytest.mark.parametrize("answered_after", [None, 2.5, 0.5])
def test_retransmissions_fold(answered_after: float | None):
    frames = [(0, query()), (1, query()), (2, query())]
    if answered_after:
        frames = sorted([*frames, (answered_after, response())])
    rows = p.rows(p.pcap(*frames))
    assert brief(rows) == [("a.example", "NOERROR" if answered_after else None, 2, True)]
    assert rows[0]["ts"].timestamp() == p.START
    assert rows[0]["rtt_s"] == answered_after


def test_each_transmission_may_be_answered_once():
    frames = [(0, query()), (1, query()), (1.1, response()), (1.2, response())]
    assert brief(p.rows(p.pcap(*frames))) == [("a.example", "NOERROR", 1, True)]
    third = (1.3, response(answers=[p.record(1, b"\6\6\6\6")]))
    assert brief(p.rows(p.pcap(*frames, third))) == [("a.example", "NOERROR", 1, True), ("a.example", "NOERROR", None, False)]


def test_the_same_query_later_is_another():
    assert brief(p.rows(p.pcap((0, query()), (5.1, query())))) == [("a.example", None, 0, True)] * 2
    assert brief(p.rows(p.pcap((0, query()), (5.1, query())), retry_s=6)) == [("a.example", None, 1, True)]


def test_a_response_may_be_late_but_not_too_late():
    assert len(p.rows(p.pcap((0, query()), (29.9, response())))) == 1
    assert len(p.rows(p.pcap((0, query()), (30.1, response())))) == 2
    assert len(p.rows(p.pcap((0, query()), (2.1, response())), pair_s=2)) == 2


def test_many_queries_at_once_pair():
    names = [f"n{index}.example" for index in range(2000)]
    asked = [query(name, id=index % 7, sport=1024 + index) for index, name in enumerate(names)]
    told = [response(name, id=index % 7, dport=1024 + index) for index, name in enumerate(names)]
    rows = p.rows(p.pcap(*asked, *reversed(told)))
    assert sorted(row["qname"] for row in rows) == sorted(names)
    assert all(row["rcode"] == "NOERROR" for row in rows)


def test_a_full_table_gives_rows_early_and_loses_none():
    asked = [query(f"n{index}.example", id=index) for index in range(500)]
    told = [response(f"n{index}.example", id=index) for index in range(500)]
    rows = p.rows(p.pcap(*asked, *told), open_query_count=64)
    assert sum(row["query_bytes"] is not None for row in rows) == 500
    assert sum(row["rcode"] is not None for row in rows) == 500
    assert sum(row["rtt_s"] is not None for row in rows) == 64


def test_a_flood_of_one_key_neither_hangs_nor_loses():
    asked = [query(f"n{index}.example") for index in range(3000)]
    assert len(p.rows(p.pcap(*asked))) == 3000


def test_a_clock_that_jumps_loses_nothing():
    frames = [(0, query("a.x")), (10**8, query("b.x", id=2)), (0.5, query("c.x", id=3)), (0.6, response("c.x", id=3))]
    assert sorted(brief(p.rows(p.pcap(*frames)))) == sorted(
        [("a.x", None, 0, True), ("b.x", None, 0, True), ("c.x", "NOERROR", 0, True)]
    )


def test_edns_options_of_the_query():
    options = p.opt([(10, bytes(8)), (65001, b"secret")])
    rows = p.rows(p.pcap(query(additional=[options]), query("b", id=9), query("c", id=10, additional=[p.opt()])))
    assert [row["edns_options"] for row in rows] == [[10, 65001], None, []]


def test_an_extended_response_code():
    (row,) = p.rows(p.pcap(query(), response(rcode=0, additional=[p.opt(extended=1)])))
    assert row["rcode"] == "BADVERS"


def test_malformed_answers_keep_their_row():
    bad = response(answers=[p.record(1, b"\1\2\3"), p.record(1, b"\1\2\3\4")])
    rows, problems = p.read(p.pcap(query(), bad))
    assert [row["answers"] for row in rows] == [["\\# 3 010203", "1.2.3.4"]]
    assert problems == {"answer data breaks the form of its type": (1, f"packet 2 at byte {24 + 16 + 69}")}


def group(message: bytes, address: str, port: int, sport: int = 5353) -> bytes:
    return p.ethernet(p.ipv4(p.udp(message, sport, port), p.CLIENT, address))


def test_mdns_questions_are_a_row_each():
    more = [p.name("b.local") + b"\0\x0c\0\1", p.name("c.local") + b"\0\x10\x80\1"]
    rows = p.rows(p.pcap(group(p.message("a.local", 255, id=0, more=more), "224.0.0.251", 5353)))
    found = sorted((row["qname"], row["qtype"], row["query_bytes"] is not None) for row in rows)
    assert found == [("a.local", "ANY", True), ("b.local", "PTR", False), ("c.local", "TXT", False)]


def test_an_mdns_announcement_names_no_client():
    told = p.message(None, id=0, rcode=0, answers=[p.record(1, b"\1\2\3\4", owner=p.name("a.local"), rclass=0x8001)])
    (row,) = p.rows(p.pcap(group(told, "224.0.0.251", 5353)))
    assert (row["client"], row["resolver"], row["qname"], row["answers"]) == (None, p.CLIENT, None, ["1.2.3.4"])
    assert row["protocol"] == "mdns"


def test_llmnr_is_answered_by_whoever_can():
    asked = group(p.message("printer"), "224.0.0.252", 5355, 50000)
    told = p.udp(p.message("printer", rcode=0), 5355, 50000)
    (row,) = p.rows(p.pcap(asked, p.ethernet(p.ipv4(told, "10.0.0.77", p.CLIENT))))
    assert (row["protocol"], row["resolver"], row["rcode"]) == ("llmnr", "224.0.0.252", "NOERROR")


def test_a_retransmission_counts_across_batches():
    """The row of an answered query is in the batch before when its retransmission comes."""
    asked, told = query("f.x"), response("f.x")

    def numbered(frame: bytes, number: int, port_at: int) -> bytes:
        port = (1024 + (number >> 16)).to_bytes(2, "big")
        return frame[:port_at] + port + frame[port_at + 2 : 42] + (number & 0xFFFF).to_bytes(2, "big") + frame[44:]

    pairs = [(numbered(asked, i, 34), numbered(told, i, 36)) for i in range((1 << 16) + 10)]
    frames = [(i * 1e-6, frame) for i, pair in enumerate(pairs) for frame in pair]
    rows = p.rows(p.pcap(*frames, (1, pairs[5][0])))
    assert len(rows) == len(pairs)
    assert [index for index, row in enumerate(rows) if row["retry_count"]] == [5]


def bare(*messages: tuple[bytes, int | None, str, str, int, bool]) -> list[dict]:
    """Rows of bare messages, as dnstap carries them."""
    settings = PcapSettings()
    decoder = Decoder((53,), 30 * 10**9, 5 * 10**9, settings.open_query_count, 16, 16, 1 << 20)
    for octets, ts_ns, client, resolver, port, tcp in messages:
        decoder.add_message(octets, ts_ns, ip_address(client).packed, ip_address(resolver).packed, port, 53, tcp)
    return [row for batch in batches.rest(decoder) for row in batch.to_pylist()]


@pytest.mark.parametrize(("client", "resolver"), [(p.CLIENT, p.SERVER), (p.CLIENT6, p.SERVER6)])
@pytest.mark.parametrize("tcp", [False, True])
def test_bare_messages_pair_as_packets_do(client: str, resolver: str, tcp: bool):
    asked, told = p.message("a.example"), p.message("a.example", rcode=0, answers=[p.record(1, b"\1\2\3\4")])
    start = p.START * 10**9
    (row,) = bare((asked, start, client, resolver, 4000, tcp), (told, start + 5 * 10**6, client, resolver, 4000, tcp))
    assert (row["client"], row["resolver"], row["transport"]) == (client, resolver, "tcp" if tcp else "udp")
    assert (row["qname"], row["answers"], row["rtt_s"]) == ("a.example", ["1.2.3.4"], 0.005)


def test_bare_messages_without_time():
    (row,) = bare((p.message("a.example"), None, p.CLIENT, p.SERVER, 4000, False))
    assert (row["ts"], row["qname"]) == (None, "a.example")


def test_a_bare_message_needs_addresses_of_one_family():
    with pytest.raises(ValueError, match="4 or 16 octets"):
        bare((p.message("a.example"), None, p.CLIENT, p.SERVER6, 4000, False))
