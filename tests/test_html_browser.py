"""The HTML report in Debian's Chromium: what is shown is the report, hostile names do nothing, people can use it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import sink_reports
from molehunt.findings import Evidence, Finding, Report
from molehunt.sinks import SinkOptions, load
from molehunt.sinks.alert import TITLES, title
from molehunt.sinks.pivots import pivots
from molehunt.sinks.text import defang, human_bytes, safe
from sink_reports import HOSTILE

AXE = "4.14"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not shutil.which(CHROMIUM):
        pytest.skip(f"Chromium is absent: {CHROMIUM} (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class View:
    """A page and everything it did that a report must not do."""

    page: Any
    url: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", self._request)
        self.page.on("popup", lambda popup: self.wrong.append("popup"))

    def _request(self, request: Any) -> None:
        if request.url.partition("#")[0] != self.url and not request.url.startswith("data:"):
            self.wrong.append(f"request: {request.url}")

    def open(self, finding_id: str) -> None:
        self.page.goto(f"{self.url}#finding-{finding_id}")
        self.page.wait_for_function(
            "id => document.querySelector('#finding [data-field=finding_id]')?.textContent === id", arg=finding_id
        )

    def all(self, selector: str) -> list[str]:
        """Texts of all elements that match, as JavaScript sees them, without the space around."""
        texts = self.page.evaluate("s => [...document.querySelectorAll(s)].map((e) => e.textContent)", selector)
        return [text.strip() for text in texts]

    def text(self, selector: str) -> str:
        return self.all(selector)[0]

    def table(self, caption: str) -> list[list[str]]:
        """Cells of the table with this caption, row by row."""
        script = """caption => [...document.querySelectorAll('table')].filter((t) => t.caption.textContent === caption)
          .flatMap((t) => [...t.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)))"""
        return [[cell.strip() for cell in row] for row in self.page.evaluate(script, caption)]


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """Write a report and open it; in the end, nothing may have gone wrong."""
    views: list[View] = []

    def made(report: Report, width: int = 1280, **context: Any) -> View:
        path = tmp_path / f"{len(views)}.html"
        with path.open("wb") as stream:
            load("html").write(report, stream, SinkOptions())
        page = chromium.new_context(viewport={"width": width, "height": 900}, **context).new_page()
        view = View(page, path.as_uri())
        view.watch()
        page.goto(view.url)
        page.wait_for_selector("#list tbody tr")
        views.append(view)
        return view

    yield made
    for view in views:
        assert view.wrong == []
        view.page.context.close()


def who(finding: Finding) -> str:
    return safe(finding.client) if finding.client is not None else f"{finding.client_count} clients"


def what(finding: Finding) -> str:
    return defang(finding.registered_domain) if finding.registered_domain is not None else "many domains"


def said(text: str, finding: Finding) -> str:
    """A sentence as the page shows it."""
    domain = finding.registered_domain
    return safe(text).replace(safe(domain), defang(domain)) if domain else safe(text)


def moment(text: str | None) -> str:
    return text[:19].replace("T", " ") + " UTC" if text else "-"


# -- what is shown is the report ----------------------------------------------------------------------------------------


def test_the_overview_counts_what_the_report_holds(show: Any):
    report = sink_reports.demo()
    view = show(report)
    open_findings = [f for f in report.findings if not f.suppressed]
    facts = {name: view.text(f"#fact-{name}") for name in ("alerts", "findings", "suppressed", "up", "down", "clients")}
    assert facts == {
        "alerts": str(sum(f.alert for f in open_findings)),
        "findings": str(len(open_findings)),
        "suppressed": str(len(report.findings) - len(open_findings)),
        "up": human_bytes(sum(f.up_bytes or 0 for f in open_findings)),
        "down": human_bytes(sum(f.down_bytes or 0 for f in open_findings)),
        "clients": str(len({f.client for f in open_findings if f.client})),
    }
    assert f"{report.record_count:,} queries of {report.client_count:,} clients" in " ".join(view.text(".top .lead").split())
    for level, count, alerts in view.table("Findings by severity"):
        assert int(count) == sum(f.severity == level for f in open_findings)
        assert int(alerts) == sum(f.severity == level and f.alert for f in open_findings)
    moved = view.table("Bytes by client and domain")
    assert moved == [[who(f), what(f), human_bytes(f.up_bytes), human_bytes(f.down_bytes)] for f in open_findings]
    assert "too few columns" in view.text("#overview")
    assert "no reader recognises it" in view.text("#overview")


def test_the_list_shows_every_finding(show: Any):
    report = sink_reports.demo()
    view = show(report)
    view.page.check("#filter-suppressed")
    rows = view.page.locator("#list tbody tr").all()
    assert len(rows) == len(report.findings)
    for row, f in zip(rows, report.findings, strict=True):
        cells = [cell.text_content() for cell in row.locator("th,td").all()]
        expected = [
            f.severity, f.confidence, who(f), what(f) + said(f.summary, f), f.kind.replace("_", " "),
            human_bytes(f.up_bytes), human_bytes(f.down_bytes), f"{f.query_count:,}",
            moment(f.model_dump(mode="json")["last_ts"]),
        ]  # fmt: skip
        assert cells == expected


@pytest.mark.parametrize("make", [sink_reports.demo, sink_reports.hostile])
def test_every_field_of_every_finding_is_shown_as_it_is(show: Any, make: Any):
    report = make()
    view = show(report)
    for finding in report.findings:
        view.open(finding.finding_id)
        check_finding(view, finding)


def check_finding(view: View, finding: Finding) -> None:
    record = finding.model_dump(mode="json")
    assert view.text("#finding-heading") == f"{who(finding)} → {what(finding)}"
    assert view.text("#finding .sentence") == said(finding.summary or title(finding), finding).strip()
    assert view.all("#finding .tag")[:2] == [f"{finding.confidence} confidence", finding.kind.replace("_", " ")]
    assert view.text("#finding .badge") == finding.severity
    field_of = {
        name: view.text(f"#finding [data-field={name}]")
        for name in ("up_bytes", "down_bytes", "score", "first_ts", "last_ts", "family")
    }
    assert field_of["up_bytes"] == human_bytes(finding.up_bytes)
    assert field_of["down_bytes"] == human_bytes(finding.down_bytes)
    assert float(field_of["score"].replace("−", "-")) == pytest.approx(finding.score, abs=0.005)
    assert (field_of["first_ts"], field_of["last_ts"]) == (moment(record["first_ts"]), moment(record["last_ts"]))
    assert field_of["family"] == (safe(finding.family).replace("_", " ").strip() if finding.family else "nothing known")
    for name in ("query_count", "unique_name_count", "client_count"):
        assert view.text(f"#finding [data-field={name}]") == f"{record[name]:,}"
    for technique in finding.attack:
        assert safe(technique).strip() in view.text("#finding [data-field=attack]")
    ordered = [*weighty(finding), *(e for e in finding.evidence if not e.weight)]
    assert view.all("#finding .evidence") == [said(e.sentence, finding).strip() for e in ordered]
    assert [float(w.replace("−", "-")) for w in view.all("#finding .weight")] == [
        pytest.approx(e.weight, abs=0.005) for e in ordered
    ]
    assert view.all("#finding .names code") == [shown_name(name, finding).strip() for name in finding.sample_names]
    assert view.all("#finding .steps li") == [said(step, finding).strip() for step in finding.next_steps]
    assert view.all("#finding .clients code") == [
        safe(c).strip() for c in (finding.detail.other_clients if finding.detail else [])
    ]
    assert view.all("#finding pre code") == [pivot.text for pivot in pivots(finding)]
    if finding.suppressed:
        for part in (
            finding.suppressed.reason,
            finding.suppressed.rule,
            finding.suppressed.owner or "",
            finding.suppressed.expires or "",
        ):
            assert safe(part).strip() in view.text("#finding [data-field=suppressed]")
    loose = "[...document.getElementById('finding').childNodes].filter((n) => n.nodeType === 3).map((n) => n.data)"
    assert view.page.evaluate(loose) == []
    check_charts(view, finding)


def weighty(finding: Finding) -> list[Evidence]:
    return sorted((e for e in finding.evidence if e.weight), key=lambda e: -e.weight)


def shown_name(name: str, finding: Finding) -> str:
    domain = finding.registered_domain
    if domain and name.lower().endswith("." + domain):
        return f"{safe(name[: -len(domain) - 1])}.{defang(domain)}"
    return safe(name)


def check_charts(view: View, finding: Finding) -> None:
    """The numbers behind each chart are the finding's, and so are those that Chart.js draws."""
    types = sorted(finding.qtypes.items(), key=lambda item: -item[1])
    assert view.table("Queries by record type") == [[safe(kind).strip(), f"{count:,}"] for kind, count in types]
    detail = finding.detail
    drawn = view.page.evaluate(
        "[...document.querySelectorAll('#finding canvas')].map(c => [c.closest('figure').querySelector('h3').textContent,"
        " Chart.getChart(c).data.datasets.map(d => d.data)])"
    )
    data = dict(drawn)
    total = finding.prior
    for span, e in zip(data["Why: the evidence adds up to the score"][0][1:-1], weighty(finding), strict=True):
        assert span == pytest.approx([total, total + e.weight])
        total += e.weight
    if detail is None:
        assert "Queries over time" not in data
        return
    assert [p["y"] for p in data["Queries over time"][0]] == [b.query_count for b in detail.timeline]
    assert [p["y"] for p in data["Bytes over time"][0]] == [b.up_bytes for b in detail.timeline]
    assert len(view.table("Bytes over time")) == len(detail.timeline)
    assert [p["y"] for p in data["Rhythm"][0]] == (detail.rhythm.gaps_s if detail.rhythm else [])
    assert data["Where it stands in the name"][0] == [label.up_bytes for label in detail.anatomy]
    assert [row[1] for row in view.table("Name anatomy")] == [safe(label.alphabet)[:40].strip() for label in detail.anatomy]


# -- hostile names do nothing -------------------------------------------------------------------------------------------


def test_hostile_names_do_nothing_in_the_list_either(show: Any):
    report = sink_reports.hostile()
    view = show(report)
    view.page.check("#filter-suppressed")
    assert view.all("#list tbody th a") == [what(f).strip() for f in report.findings]
    for text in HOSTILE[:6]:
        view.page.fill("#filter-text", text.replace("\n", " "))
    view.page.fill("#filter-text", "")
    assert view.page.evaluate("document.querySelectorAll('img, iframe, object, embed, main script, svg').length") == 0
    assert view.page.title() == "molehunt report"


@pytest.mark.parametrize("address", ["finding-<img src=x onerror=alert(1)>", "finding-%", "finding-none", "%3Cscript%3E"])
def test_a_hostile_address_does_nothing(show: Any, address: str):
    view = show(sink_reports.demo())
    view.page.goto(f"{view.url}#{address}")
    view.page.wait_for_timeout(50)
    assert view.page.locator("#list").is_visible()


def test_the_policy_holds_against_what_a_hole_would_let_in(show: Any):
    """Even if some text became markup, the browser would run none of it: the policy is tried from inside the page."""
    view = show(sink_reports.demo())
    outcome = view.page.evaluate(
        """() => new Promise((done) => setTimeout(() => {
          const tried = {};
          const attempt = (name, act) => { try { act(); tried[name] = 'let in'; } catch { tried[name] = 'refused'; } };
          attempt('markup', () => { document.body.innerHTML += '<img src=x>'; });
          const made = document.createElement('script');
          attempt('script', () => { made.text = 'window.ran = 1'; document.body.append(made); });
          tried.ran = 'ran' in window;
          done(tried);
        }))"""
    )
    assert outcome == {"markup": "refused", "script": "refused", "ran": False}
    assert all("Content Security Policy" in text or "Trusted" in text for text in view.wrong)
    view.wrong.clear()


# -- use ----------------------------------------------------------------------------------------------------------------


def test_filter_sort_and_pages(show: Any):
    report = sink_reports.many(130)
    view = show(report)
    page = view.page
    assert view.text("#shown") == "1 to 50 of 130"
    page.get_by_role("button", name="Next page").click()
    assert view.text("#shown") == "51 to 100 of 130"
    page.select_option("#filter-severity", "critical")
    assert view.text("#shown") == f"1 to 26 of {sum(f.severity == 'critical' for f in report.findings)}"
    page.select_option("#filter-severity", "")
    page.select_option("#filter-confidence", "alert")
    assert view.text("#shown").endswith(f"of {sum(f.alert for f in report.findings)}")
    page.select_option("#filter-confidence", "")
    some = report.findings[77]
    page.fill("#filter-text", defang(some.registered_domain or ""))
    assert view.all("#list tbody th a") == [what(some)]
    page.fill("#filter-text", "no such thing")
    assert "No finding matches" in view.text("#list tbody")
    page.fill("#filter-text", "")
    for press, order in (("descending", -1), ("ascending", 1)):
        page.get_by_role("button", name="Up", exact=True).click()
        assert page.locator("#list th[data-field=up_bytes]").get_attribute("aria-sort") == press
        ordered = sorted(report.findings, key=lambda f: order * (f.up_bytes or 0))
        assert view.all("#list tbody th a")[:5] == [what(f) for f in ordered[:5]]


def test_the_keyboard_is_enough(show: Any):
    report = sink_reports.demo()
    view = show(report)
    page = view.page
    page.keyboard.press("Tab")
    assert view.text(":focus") == "Skip to the findings"
    page.keyboard.press("/")
    page.wait_for_function("() => document.activeElement.id === 'filter-text'")
    page.keyboard.type("t.example")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#list tbody') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'finding-heading'")
    assert "t[.]example" in view.text("#finding-heading")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.closest('#list tbody') !== null")
    page.fill("#filter-text", "")
    page.locator("#list tbody a").first.press("Enter")
    for key, index in (("", 0), ("j", 1), ("j", 2), ("k", 1)):
        if key:
            page.keyboard.press(key)
        page.wait_for_function(
            "t => document.getElementById('finding-heading')?.textContent === t",
            arg=f"{who(report.findings[index])} → {what(report.findings[index])}",
        )
    page.go_back()
    page.wait_for_function(
        "t => document.getElementById('finding-heading')?.textContent === t",
        arg=f"{who(report.findings[2])} → {what(report.findings[2])}",
    )


def test_a_deep_link_opens_its_finding_and_the_copy_button_copies(show: Any):
    report = sink_reports.demo()
    view = show(report, permissions=["clipboard-read", "clipboard-write"])
    view.open(report.findings[1].finding_id)
    assert not view.page.locator("#list").is_visible()
    view.page.get_by_role("button", name="Copy the KQL query").click()
    view.page.wait_for_function("() => document.getElementById('said').textContent === 'KQL query copied'")
    assert view.page.evaluate("navigator.clipboard.readText()") == pivots(report.findings[1])[0].text


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, the accessibility checker that Lighthouse and others use."""
    if not shutil.which("npm"):
        pytest.skip("npm is absent: accessibility is not checked by axe-core")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        ["npm", "pack", "--silent", f"axe-core@{AXE}"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"npm cannot fetch axe-core: {done.stderr[-200:]}")
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member
        return member.read().decode("utf-8")


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_with_screen_readers_or_weak_eyes_find_their_way(show: Any, axe: str, scheme: str):
    """axe-core finds nothing against WCAG 2.2 AA or its best practices: names, landmarks, tables, headings, contrast."""
    report = sink_reports.demo()
    view = show(report, color_scheme=scheme)
    view.page.evaluate(axe)
    assert violations(view) == []
    view.open(report.findings[0].finding_id)
    assert violations(view) == []
    labels = view.page.evaluate("[...document.querySelectorAll('#finding canvas')].map((c) => c.ariaLabel)")
    assert len(labels) == 6
    assert all(labels)


def violations(view: View) -> list[str]:
    tags = "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }"
    found = view.page.evaluate(f"axe.run(document, {tags})")
    assert len(found["passes"]) > 20
    return [f"{v['id']}: {node['html'][:120]}" for v in found["violations"] for node in v["nodes"]]


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_nothing_sticks_out_at_any_width(show: Any, width: int):
    for report in (sink_reports.demo(), sink_reports.hostile()):
        view = show(report, width=width)
        assert view.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        view.open(report.findings[0].finding_id)
        assert view.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_prints(show: Any, tmp_path: Path):
    view = show(sink_reports.demo())
    view.open(sink_reports.demo().findings[0].finding_id)
    view.page.emulate_media(media="print")
    assert not view.page.locator(".between").first.is_visible()
    assert view.page.locator("#finding canvas").first.is_visible()
    pdf = view.page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 20_000


def test_the_list_prints_in_one_piece(show: Any):
    view = show(sink_reports.many(130), width=794)  # A4 at 96 dpi
    view.page.get_by_role("button", name="Next page").click()
    view.page.emulate_media(media="print")
    view.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert view.text("#shown") == "1 to 130 of 130"
    assert view.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    view.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.text("#shown") == "51 to 100 of 130"


@pytest.mark.parametrize("count", [1000, 10_000])
def test_large_reports_open_quickly(show: Any, count: int, record_property: Any):
    """The target is one second with 1,000 findings; it is measured and said, and held loosely, as the machine may be busy."""
    view = show(sink_reports.many(count))
    timing = view.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    record_property(f"load_ms_{count}", round(timing))
    print(f"{count:,} findings: ready after {timing / 1000:.2f} s")
    assert view.text("#shown") == f"1 to 50 of {count:,}"
    assert timing < (5_000 if count == 1000 else 20_000)
    view.open(sink_reports.many(count).findings[-1].finding_id)


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(251, 250, 248)"), ("dark", "rgb(20, 23, 27)")])
def test_light_and_dark_follow_the_system(show: Any, scheme: str, ground: str):
    view = show(sink_reports.demo(), color_scheme=scheme)
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    first = "Chart.getChart(document.querySelector('canvas')).data.datasets[0].backgroundColor[0]"
    before = view.page.evaluate(first)
    view.page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    view.page.wait_for_function(f"before => {first} !== before", arg=before)  # drawn again in the other scheme's colours


def test_titles_are_the_same_on_both_sides(show: Any):
    view = show(sink_reports.demo())
    index = json.loads(view.page.locator("#index").text_content())
    assert index["titles"] == TITLES
