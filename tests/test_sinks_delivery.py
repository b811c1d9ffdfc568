"""Deliveries against real receivers on loopback that fail on purpose: nothing lost, nothing doubled, secrets not shown."""

from __future__ import annotations

import json
import ssl
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import sink_reports
from molehunt.config import DeliverySettings
from molehunt.errors import ConfigError, SinkError
from molehunt.findings import Report
from molehunt.sinks import alert
from molehunt.sinks.delivery import DELIVERIES, Target, deliver, load, slack, syslog, target, teams
from molehunt.sinks.delivery import http as over_http
from sink_receivers import Answer, Request, frames, http_receiver, stream_receiver, udp_receiver

SECRET = "s3cr3t-token-ab12"
QUICK = DeliverySettings(attempt_count=4, first_wait_s=1, longest_wait_s=30, timeout_s=5, batch_count=10)


class Sleeper:
    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def make(text: str, **more: Any) -> Target:
    base: dict[str, Any] = {"secret": SECRET, "settings": QUICK, "sleep": Sleeper(), "hostname": "sensor-1"}
    return target(text, datetime.now(UTC), **{**base, **more})


def ids(report: Report) -> list[str]:
    return [alert.event_id(f) for f in report.findings if f.suppressed is None]


FAILURES = [Answer(500), Answer(drop=True), Answer(503, headers={"Retry-After": "7"})]


# -- what every delivery does -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(DELIVERIES))
def test_every_delivery_says_what_it_is(name: str):
    assert load(name).name == name
    assert load(name).summary


@pytest.mark.parametrize(
    "text", ["", "nope+https://x", "splunk", "splunk+", "splunk+https://", "splunk+https://x:99999", "http://x"]
)
def test_a_target_that_is_none_is_refused(text: str):
    with pytest.raises(ConfigError):
        target(text, datetime.now(UTC))


def test_nothing_of_the_secret_is_in_the_targets_text():
    made = make("slack+https://user:pass@hooks.example/services/T0/B0/XYZ?token=abc", proxy="http://u:p@proxy:8080")
    shown = f"{made!r} {made.label}"
    assert made.label == "slack+https://hooks.example"
    for part in (SECRET, "XYZ", "pass", "abc", "u:p"):
        assert part not in shown


VIA = [("webhook", "/hook"), ("splunk", ""), ("elastic", "/alerts")]


@pytest.mark.parametrize(("via", "path"), VIA)
def test_failures_are_tried_again_and_nothing_is_lost_or_doubled(via: str, path: str):
    report, had = sink_reports.many(35), set()
    with http_receiver(FAILURES, lambda request: accept(via, request, had)) as receiver:
        result = deliver(report, make(f"{via}+{receiver.url}{path}"))
    got = Counter(key for request in receiver.taken for key in received(via, request))
    assert got == Counter(ids(report))
    assert (result.delivered_count, result.duplicate_count, result.retry_count) == (35, 0, len(FAILURES))


@pytest.mark.parametrize("via", list(DELIVERIES))
def test_no_secret_is_logged_or_said(via: str, caplog: pytest.LogCaptureFixture):
    """Neither at the most talkative level nor in the error: httpx would log addresses and headers."""
    caplog.set_level(0)
    with http_receiver([], lambda request: Answer(403)) as receiver:
        address = f"{receiver.url}/hidden-path"
        chat = via in {"slack", "teams"}
        made = make("syslog+tcp://127.0.0.1:9" if via == "syslog" else f"{via}+{address}", secret=address if chat else SECRET)
        with pytest.raises(SinkError) as caught:
            deliver(sink_reports.demo(), made)
        assert via == "syslog" or receiver.requests
    said = caplog.text + str(caught.value) + repr(caught.getrepr(style="short"))
    assert SECRET not in said
    assert "hidden-path" not in caplog.text + str(caught.value)


@pytest.mark.parametrize(("via", "path"), VIA)
def test_a_lost_answer_sends_the_same_ids_again(via: str, path: str):
    """The receiver took the batch but its answer got lost: by the ids it can tell that nothing new came."""
    report, had = sink_reports.many(12), set()

    def take_and_drop(request: Request) -> Answer:
        accept(via, request, had)
        return Answer(drop=True, taken=True)

    turns = [take_and_drop]
    with http_receiver([], lambda request: turns.pop()(request) if turns else accept(via, request, had)) as receiver:
        result = deliver(report, make(f"{via}+{receiver.url}{path}"))
    got = [key for request in receiver.taken for key in received(via, request)]
    assert set(got) == set(ids(report))
    assert len(got) == 22, "the first batch of ten twice, two once"
    if via == "webhook":
        assert receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"]
    if via == "elastic":
        assert (result.delivered_count, result.duplicate_count) == (2, 10)
        assert had == set(ids(report))


def accept(via: str, request: Request, had: set[str]) -> Answer:
    return elastic_answer(request, had) if via == "elastic" else Answer()


def elastic_answer(request: Request, had: set[str], spoiled: dict[str, int] | None = None) -> Answer:
    """Answer a bulk request as Elasticsearch does: 201 for new, 409 for what is there, and what the test spoils."""
    items = []
    for line in request.body.splitlines()[::2]:
        key = json.loads(line)["create"]["_id"]
        status = (spoiled or {}).pop(key, 409 if key in had else 201)
        if status == 201:
            had.add(key)
        error = {} if status == 201 else {"error": {"type": "some_exception"}}
        items.append({"create": {"_id": key, "status": status, **error}})
    return Answer(body=json.dumps({"errors": True, "items": items}).encode())


def received(via: str, request: Request) -> list[str]:
    if via == "webhook":
        return [f["event_id"] for f in request.json()["data"]["findings"]]
    lines = [json.loads(line) for line in request.body.splitlines()]
    if via == "splunk":
        return [line["event"]["event_id"] for line in lines]
    return [line["create"]["_id"] for line in lines[::2]]


def test_waits_double_and_the_receivers_wish_is_kept_within_bounds():
    script = [
        Answer(500),
        Answer(500),
        Answer(429, headers={"Retry-After": "4"}),
        Answer(200),
        Answer(429, headers={"Retry-After": "9999"}),
    ]
    with http_receiver(script) as receiver:
        to = make(f"webhook+{receiver.url}")
        deliver(sink_reports.many(20), to)
    assert to.sleep.waits == [1, 2, 4, 30]


@pytest.mark.parametrize(
    ("value", "date", "wait"),
    [
        (None, None, None), ("5", None, 5.0), ("soon", None, None),
        ("Mon, 05 Jan 2026 18:00:30 GMT", "Mon, 05 Jan 2026 18:00:00 GMT", 30.0),
        ("Mon, 05 Jan 2026 17:00:00 GMT", "Mon, 05 Jan 2026 18:00:00 GMT", 0.0), ("Mon, 05 Jan 2026 18:00:30 GMT", None, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date(value: str | None, date: str | None, wait: float | None):
    assert over_http.retry_after_s(value, date) == wait


def test_what_finally_fails_names_count_and_target_and_is_spooled(tmp_path: Path):
    report, spool = sink_reports.many(25), tmp_path / "spool.json"
    with http_receiver([Answer(200)], lambda request: Answer(500)) as receiver:
        to = make(f"webhook+{receiver.url}/secret-path", spool=spool)
        with pytest.raises(SinkError) as caught:
            deliver(report, to)
        assert len(receiver.requests) == 1 + QUICK.attempt_count, "after one batch is given up, no other is tried"
    text = str(caught.value)
    assert "15 of 25 findings" in text
    assert to.label in text
    assert str(spool) in text
    assert "secret-path" not in text
    kept = Report.model_validate_json(spool.read_bytes())
    assert [f.finding_id for f in kept.findings] == [f.finding_id for f in report.findings[10:]]
    with http_receiver([]) as receiver:
        assert deliver(kept, make(f"webhook+{receiver.url}")).delivered_count == 15


def test_a_spool_keeps_what_an_earlier_failure_left(tmp_path: Path):
    spool, first, second = tmp_path / "spool.json", sink_reports.many(3), sink_reports.demo()
    grown = second.model_copy(update={"findings": [second.findings[0].model_copy(update={"up_bytes": 7}), *first.findings[:1]]})
    with http_receiver([], lambda request: Answer(403)) as receiver:
        for report in (first, second, grown):
            with pytest.raises(SinkError, match=r"They are kept in"):
                deliver(report, make(f"webhook+{receiver.url}", spool=spool))
    kept = {f.finding_id: f.up_bytes for f in Report.model_validate_json(spool.read_bytes()).findings}
    assert set(kept) == {f.finding_id for report in (first, second) for f in report.findings if not f.suppressed}
    assert kept[second.findings[0].finding_id] == 7
    spool.write_text("the user's own notes")
    with http_receiver([], lambda request: Answer(403)) as receiver, pytest.raises(SinkError, match="cannot be written"):
        deliver(first, make(f"webhook+{receiver.url}", spool=spool))
    assert spool.read_text() == "the user's own notes"


def test_a_refusal_is_not_tried_again_and_other_batches_go_on():
    with http_receiver([Answer(200), Answer(400), Answer(200)]) as receiver:
        with pytest.raises(SinkError, match=r"10 of 25 findings were not delivered: 400 Bad Request"):
            deliver(sink_reports.many(25), make(f"webhook+{receiver.url}"))
        assert len(receiver.requests) == 3


def test_a_spool_that_cannot_be_written_is_said(tmp_path: Path):
    with http_receiver([], lambda request: Answer(403)) as receiver, pytest.raises(SinkError, match="cannot be written"):
        deliver(sink_reports.demo(), make(f"webhook+{receiver.url}", spool=tmp_path / "no" / "such" / "folder.json"))


def test_a_redirect_is_not_followed():
    with (
        http_receiver([]) as other,
        http_receiver([], lambda request: Answer(302, headers={"Location": other.url})) as receiver,
    ):
        with pytest.raises(SinkError, match="302"):
            deliver(sink_reports.demo(), make(f"splunk+{receiver.url}"))
        assert other.requests == []


def test_nobody_listens():
    with pytest.raises(SinkError, match=r"3 of 3 findings were not delivered: no answer \(ConnectError\)"):
        deliver(sink_reports.demo(), make("splunk+http://127.0.0.1:9"))


def test_the_suppressed_are_not_sent_and_an_empty_report_sends_nothing():
    with http_receiver([]) as receiver:
        assert deliver(sink_reports.demo(), make(f"webhook+{receiver.url}")).delivered_count == 3
        assert deliver(sink_reports.report([]), make(f"webhook+{receiver.url}")).delivered_count == 0
        assert b"av-lookups" not in b"".join(request.body for request in receiver.requests)
        assert len(receiver.requests) == 1


def test_the_id_of_an_event_follows_its_content():
    finding = sink_reports.finding()
    grown = finding.model_copy(update={"up_bytes": 99_999})
    assert alert.event_id(finding) == alert.event_id(sink_reports.finding())
    assert alert.event_id(finding) != alert.event_id(grown)
    assert alert.event_id(grown).startswith(finding.finding_id)


# -- webhook, Splunk, Elasticsearch -------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "any text will do"])
def test_the_webhooks_signature_is_verified_by_the_standards_own_library(secret: str):
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    with http_receiver([]) as receiver:
        deliver(sink_reports.hostile(), make(f"webhook+{receiver.url}", secret=secret))
    judge = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    for request in receiver.requests:
        assert judge.verify(request.body, request.headers)["type"] == "molehunt.findings"
        with pytest.raises(WebhookVerificationError):
            judge.verify(request.body + b" ", request.headers)


def test_without_a_secret_nothing_is_signed():
    with http_receiver([]) as receiver:
        deliver(sink_reports.demo(), make(f"webhook+{receiver.url}", secret=None))
    assert "webhook-signature" not in receiver.requests[0].headers


def test_splunk_gets_its_token_and_events():
    report = sink_reports.hostile()
    with http_receiver([]) as receiver:
        deliver(report, make(f"splunk+{receiver.url}/ignored"))
    first = receiver.requests[0]
    assert first.path == "/services/collector/event"
    assert first.headers["authorization"] == f"Splunk {SECRET}"
    events = [json.loads(line) for request in receiver.requests for line in request.body.splitlines()]
    assert [e["event"]["registered_domain"] for e in events] == [
        f.registered_domain for f in report.findings if not f.suppressed
    ]
    assert {e["sourcetype"] for e in events} == {"molehunt:finding"}


def test_splunks_acknowledgement_is_awaited_and_a_missing_one_sends_again():
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        if request.path.endswith("/ack"):
            return Answer(body=json.dumps({"acks": {"3": asked.count(request.path) > QUICK.attempt_count}}).encode())
        return Answer(body=b'{"text":"Success","code":0,"ackId":3}')

    with http_receiver([], answer) as receiver:
        result = deliver(sink_reports.demo(), make(f"splunk+{receiver.url}"))
    assert result.retry_count == 1
    assert [path.rpartition("/")[2] for path in asked] == ["event", *["ack"] * QUICK.attempt_count, "event", "ack"]
    assert receiver.requests[0].headers["x-splunk-request-channel"] == receiver.requests[-1].headers["x-splunk-request-channel"]


def test_elastic_tries_again_only_what_failed():
    report, had = sink_reports.many(10), set()
    keys = ids(report)
    spoiled = {keys[2]: 429, keys[5]: 503}
    with http_receiver([], lambda request: elastic_answer(request, had, spoiled)) as receiver:
        result = deliver(report, make(f"elastic+{receiver.url}/molehunt-alerts"))
    assert [received("elastic", request) for request in receiver.requests] == [keys, [keys[2], keys[5]]]
    assert had == set(keys)
    assert result.delivered_count == 10
    assert receiver.requests[0].path == "/molehunt-alerts/_bulk"
    assert receiver.requests[0].headers["authorization"] == f"ApiKey {SECRET}"


def test_elastic_names_what_it_will_never_take(tmp_path: Path):
    report, had = sink_reports.many(10), set()
    spoiled = {ids(report)[4]: 400}
    spool = tmp_path / "spool.json"
    with (
        http_receiver([], lambda request: elastic_answer(request, had, spoiled)) as receiver,
        pytest.raises(SinkError, match=r"1 of 10 findings were not delivered: 400 some_exception"),
    ):
        deliver(report, make(f"elastic+{receiver.url}/molehunt-alerts", spool=spool))
    assert len(had) == 9
    assert Report.model_validate_json(spool.read_bytes()).findings == [report.findings[4]]


def test_elastic_needs_an_index():
    with pytest.raises(ConfigError, match="no index"):
        deliver(sink_reports.demo(), make("elastic+http://127.0.0.1:9200"))


def test_a_certificate_nobody_trusts_is_refused(tmp_path: Path):
    with pytest.raises(SinkError, match="certificates"):
        deliver(sink_reports.demo(), make("webhook+https://127.0.0.1:9", ca_file=tmp_path / "none.pem"))


# -- chat ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("via", ["slack", "teams"])
def test_chat_gets_one_message_with_the_weightiest(via: str):
    report = sink_reports.many(1000)
    with http_receiver([Answer(500)]) as receiver:
        result = deliver(report, make(f"{via}+https://hooks.example", secret=f"{receiver.url}/T0/secret"))
        assert receiver.requests[0].path == "/T0/secret"
    assert len(receiver.taken) == 1
    assert result.delivered_count == 1000
    text = receiver.taken[0].body.decode()
    assert "1000 findings" in text
    assert "992 more" in text
    assert "high confidence" in text
    assert "low confidence" not in text
    assert len(text) < 28_000


def test_slack_takes_the_blocks():
    """slack_sdk's own models check lengths and types."""
    from slack_sdk.models.blocks import Block

    for report in (sink_reports.demo(), sink_reports.hostile()):
        message = slack.message(report.findings, len(report.findings))
        assert len(message["blocks"]) <= 50
        for block in Block.parse_all(message["blocks"]):
            block.validate_json()
        assert {part["type"] for part in texts(message["blocks"])} == {"plain_text"}
        assert "<" not in message["text"]


def texts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in texts(item)]
    if not isinstance(value, dict):
        return []
    own = [value] if isinstance(value.get("text"), str) else []
    return own + [found for item in value.values() for found in texts(item)]


def test_text_from_the_network_is_never_markdown_in_teams():
    report = sink_reports.hostile()
    card = teams.message(report.findings, len(report.findings))["attachments"][0]["content"]
    for part in texts(card["body"]):
        assert part["type"] == "TextRun" or "evil" not in part["text"]
    assert len(json.dumps(card)) < 28_000


@pytest.mark.node
def test_microsofts_own_renderer_parses_the_card(tmp_path: Path):
    import subprocess

    card = teams.message(sink_reports.hostile().findings[:8], 20)["attachments"][0]["content"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "adaptivecards@3"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    script = """
      const A = require('adaptivecards/dist/adaptivecards.min.js');
      const card = new A.AdaptiveCard(), context = new A.SerializationContext(A.Versions.v1_5);
      card.parse(JSON.parse(require('fs').readFileSync('card.json', 'utf8')), context);
      const events = []; for (let i = 0; i < context.eventCount; i++) events.push(context.getEventAt(i).message);
      events.push(...card.validateProperties().validationEvents.map((e) => e.message));
      console.log(JSON.stringify({ events, items: card.getItemCount() }));"""
    done = subprocess.run(["node", "-e", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == {"events": [], "items": 10}


def test_a_chats_secret_is_an_address():
    with pytest.raises(ConfigError, match="address"):
        deliver(sink_reports.demo(), make("slack+https://hooks.example", secret="xoxb-token"))
    with http_receiver([]) as receiver:
        assert deliver(sink_reports.demo(), make(f"teams+{receiver.url}/hook", secret=None)).delivered_count == 3


def test_chat_defangs_the_domain():
    text = json.dumps(slack.message(sink_reports.demo().findings, 3))
    assert "t[.]example" in text
    assert "t.example" not in text


# -- syslog -------------------------------------------------------------------------------------------------------------


def parse(message: bytes) -> Any:
    """Parse by syslog-rfc5424-parser; it does not know the byte order mark of section 6.4, so we take it away."""
    from syslog_rfc5424_parser import SyslogMessage

    return SyslogMessage.parse(message.decode("utf-8").replace("\ufeff", "", 1))


def check(messages: list[bytes], report: Report) -> None:
    open_findings = [f for f in report.findings if not f.suppressed]
    assert len(messages) == len(open_findings)
    for message, finding in zip(messages, open_findings, strict=True):
        read = parse(message)
        assert (read.appname, read.hostname, read.msgid) == ("molehunt", "sensor-1", finding.kind)
        assert read.severity.value == syslog.SEVERITIES[finding.severity]
        assert read.facility.name == "local0"
        assert read.sd["origin"]["software"] == "molehunt"
        assert datetime.fromisoformat(read.timestamp) == finding.last_ts
        assert alert.event_id(finding) in read.msg


@pytest.mark.parametrize("form", ["cef", "leef", "json"])
def test_syslog_by_datagram(form: str):
    report = sink_reports.hostile()
    with udp_receiver() as (port, receive):
        deliver(report, make(f"syslog+udp://127.0.0.1:{port}?format={form}"))
        check(receive(len(ids(report))), report)


def test_syslog_by_stream_survives_a_cut_connection():
    report = sink_reports.hostile()
    with stream_receiver(["reset", ""]) as receiver:
        to = make(f"syslog+tcp://127.0.0.1:{receiver.port}")
        result = deliver(report, to)
    assert result.retry_count == 1
    check([frame for data in receiver.connections for frame in frames(data)], report)


def test_syslog_by_tls_survives_a_cut_connection_and_checks_the_certificate(tmp_path: Path):
    import trustme

    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    report = sink_reports.demo()
    with stream_receiver(["reset"], server) as receiver:
        deliver(report, make(f"syslog+tls://127.0.0.1:{receiver.port}", ca_file=tmp_path / "ca.pem"))
        check([frame for data in receiver.connections for frame in frames(data)], report)
        with pytest.raises(SinkError, match="no connection"):
            deliver(
                report, make(f"syslog+tls://127.0.0.1:{receiver.port}", settings=QUICK.model_copy(update={"attempt_count": 1}))
            )
        assert len(receiver.connections) == 1


def test_syslog_refuses_what_it_does_not_know():
    for address in ("syslog+http://127.0.0.1", "syslog+udp://127.0.0.1?format=xml"):
        with pytest.raises(ConfigError):
            deliver(sink_reports.demo(), make(address))


@pytest.mark.parametrize("hostname", ["", "a b\n<1>", "\u202e"])
def test_a_strange_host_name_breaks_no_header(hostname: str):
    finding = sink_reports.finding()
    made = syslog.message(finding, sink_reports.report([finding]), "text", hostname)
    assert parse(made).msg == "text"


def test_text_beyond_ascii_is_marked():
    finding = sink_reports.finding()
    assert b" \xef\xbb\xbfh\xc3\xa9" in syslog.message(finding, sink_reports.report([finding]), "hé", "-")
