"""What an analyst sees first: one card or table row a finding, the evidence as a waterfall on demand."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from molehunt.findings import Comparison, Evidence, Finding, Report, RuleResult
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import defang, defanged, human_bytes, human_span, rfc3339, safe

#: Groups of the evidence that says why a finding is listed, and why one with the score of an alert is none; they weigh nothing.
LISTING, HELD = "listing", "held"

#: From this width on the reason stands in a column of its own; below it, on a line below the finding.
WIDE = 130
#: Columns that a rule's rows need to stand in one line.
RULE_WIDE = 150
BAR_CHARS = 24
INDENT = 10
#: A weight below this is shown only on demand.
SMALL = 0.005

STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}


class TerminalSink:
    """Write for a person: at most one screen line a finding where the terminal is wide enough, two where not."""

    name = "table"
    summary = "for the terminal: a line or two a finding; -v shows the evidence"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the rule's rows if a rule was run, else the findings, then what was left out."""
        console = Console(
            width=options.width, no_color=not options.color, force_terminal=options.color, highlight=False, emoji=False,
            markup=False, color_system="standard" if options.color else None, legacy_windows=False,
        )  # fmt: skip
        with console.capture() as captured:
            for part in _parts(report, options):
                console.print(part)
        text = captured.get() if options.color else _trimmed(captured.get())
        stream.write(text.encode("utf-8", "backslashreplace"))


def explain(finding: Finding, everything: bool = True) -> RenderableType:
    """Return all about one finding: facts, why it is listed, waterfall, names, next steps.

    Args:
        finding: The finding.
        everything: Whether evidence that weighs nothing is shown too.
    """
    parts: list[RenderableType] = [
        _headline(finding),
        _moved(finding),
        Text(defanged(finding.summary, finding.registered_domain)),
        Text(""),
        _facts(finding),
    ]
    if listed := [e for e in finding.evidence if e.group == LISTING]:
        parts += [Text(""), Text("Listed because", style="bold")]
        parts += [Text(f"- {safe(e.sentence)} ({e.detector})") for e in listed]
    parts += [Text(f"- {safe(e.sentence)}") for e in finding.evidence if e.group == HELD]
    parts += [Text(""), Text("Evidence (log10 odds)", style="bold"), _waterfall(finding, everything)]
    if finding.sample_names:
        parts += [Text(""), Text("Names, payload between « »", style="bold"), *_names(finding)]
    if finding.detail and finding.detail.anatomy:
        parts += [
            Text(""),
            Text("Where it stands in the name (label 1 is next to the domain)", style="bold"),
            _anatomy(finding),
        ]
    if finding.next_steps:
        parts += [Text(""), Text("Next steps", style="bold")]
        steps = enumerate(finding.next_steps, 1)
        parts += [Text(f"{i}. {defanged(step, finding.registered_domain)}") for i, step in steps]
    return Group(*parts)


def _parts(report: Report, options: SinkOptions) -> list[RenderableType]:
    if report.rule is not None:
        if not report.rule.rows:
            return [Text(f"No rows: nothing matches {report.rule.rule_id}.")]
        return [_rule_table(report.rule)] if options.width >= RULE_WIDE else _rule_cards(report.rule)
    findings = shown(report, options)
    hidden = sum(f.suppressed is not None for f in report.findings) - sum(f.suppressed is not None for f in findings)
    parts: list[RenderableType] = []
    if not findings:
        parts.append(Text("No findings."))
    elif options.verbose:
        parts += [Padding(explain(f, options.verbose > 1), (0, 0, 1, 0)) for f in findings]
    elif options.width >= WIDE:
        parts.append(_table(findings))
    else:
        parts += [_card(f) for f in findings]
    if hidden:
        parts.append(Text(f"{hidden} suppressed (--show-suppressed lists them).", style="dim"))
    if report.comparison:
        parts += _changes(report.comparison)
    return parts


def _changes(comparison: Comparison) -> list[RenderableType]:
    """Tell what is new, gone and grown, a line each."""
    lines = [Text(f"Against {safe(comparison.baseline)}:", "bold")]
    named = (("new", comparison.new), ("gone", comparison.gone), ("grown", comparison.grown))
    for word, changes in named:
        for change in changes:
            who = safe(change.client) if change.client else "many clients"
            what = defang(change.registered_domain) if change.registered_domain else "many domains"
            up = f"up {human_bytes(change.up_bytes_before)} -> {human_bytes(change.up_bytes_now)}"
            down = f"down {human_bytes(change.down_bytes_before)} -> {human_bytes(change.down_bytes_now)}"
            lines.append(Text(f"  {word:<6} {who} -> {what} ({change.kind.replace('_', ' ')}), {up}, {down}"))
    return [*lines, Text("  nothing changed")] if len(lines) == 1 else list(lines)


def _trimmed(text: str) -> str:
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def _who(finding: Finding) -> str:
    return safe(alert.who(finding))


def _what(finding: Finding) -> str:
    return defang(finding.registered_domain) if finding.registered_domain else "many domains"


def _rate(finding: Finding) -> str:
    if not finding.first_ts or not finding.last_ts or finding.query_count < 2:
        return "-"
    seconds = max((finding.last_ts - finding.first_ts).total_seconds(), 1.0)
    for unit, size in (("s", 1), ("min", 60), ("h", 3600)):
        if finding.query_count / seconds * size >= 1:
            return f"{finding.query_count / seconds * size:.0f}/{unit}"
    return f"{finding.query_count / seconds * 86400:.1f}/d"


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for name in ("SEVERITY", "SURE", "CLIENT", "DOMAIN", "KIND"):
        table.add_column(name, no_wrap=name not in {"DOMAIN", "CLIENT"}, overflow="fold")
    for name in ("UP", "DOWN", "RATE"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("WHY", ratio=1, overflow="fold")
    for f in findings:
        table.add_row(
            Text(f.severity, STYLES[f.severity]), f.confidence, _who(f), Text(_what(f), "bold"), f.kind.replace("_", " "),
            human_bytes(f.up_bytes), human_bytes(f.down_bytes), _rate(f), why(f),
        )  # fmt: skip
    return table


def _card(finding: Finding) -> RenderableType:
    return Group(
        _headline(finding), *(Padding(part, (0, 0, 0, INDENT)) for part in (_moved(finding), Text(why(finding), "dim")))
    )


def _headline(finding: Finding) -> Text:
    line = Text(f"{finding.severity:<{INDENT}}", STYLES[finding.severity])
    line.append(_who(finding), "default")
    line.append(" -> ", "default")
    line.append(_what(finding), "bold default")
    return line


def _moved(finding: Finding) -> Text:
    text = f"{finding.kind.replace('_', ' ')}, {finding.confidence} confidence; up {human_bytes(finding.up_bytes)}"
    return Text(text + f", down {human_bytes(finding.down_bytes)}, {_rate(finding)}")


def why(finding: Finding) -> str:
    """Return the two or three strongest reasons in one line, and what speaks against."""
    ordered = sorted(finding.evidence, key=lambda e: -e.weight)
    pro = [safe(e.sentence).rstrip(".") for e in ordered if e.weight > 0][:3]
    held = [safe(e.sentence).rstrip(".") for e in finding.evidence if e.group == HELD]
    contra = held or [safe(e.sentence).rstrip(".") for e in ordered[::-1] if e.weight < 0][:1]
    text = "; ".join(pro) or "listed because of its volume alone"
    return text + (f". Against: {contra[0]}" if contra else "")


def _facts(finding: Finding) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    span = "-"
    if finding.first_ts and finding.last_ts:
        length = human_span((finding.last_ts - finding.first_ts).total_seconds())
        span = f"{rfc3339(finding.first_ts)} to {rfc3339(finding.last_ts)} ({length})"
    rows = {
        "finding": finding.finding_id,
        "seen": span,
        "queries": f"{finding.query_count:,} for {finding.unique_name_count:,} names",
        "clients": f"{finding.client_count:,}",
        "types": ", ".join(f"{safe(kind)} {count:,}" for kind, count in finding.qtypes.items()) or "-",
        "looks like": finding.family or "nothing known",
        "ATT&CK": ", ".join(finding.attack) or "-",
    }
    if finding.suppressed:
        rows["suppressed"] = safe(f"{finding.suppressed.reason} (rule {finding.suppressed.rule})")
    for name, value in rows.items():
        grid.add_row(name, value)
    return grid


def _waterfall(finding: Finding, everything: bool) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, width=BAR_CHARS)
    table.add_column(overflow="fold", ratio=1)
    steps = [("prior", finding.prior, "odds of a channel before looking")]
    weighed = sorted((e for e in finding.evidence if e.group not in {LISTING, HELD}), key=lambda e: -e.weight)
    told = [e for e in weighed if everything or abs(e.weight) >= SMALL]
    steps += [(e.group, e.weight, _because(e)) for e in told]
    rest = round(finding.score - finding.prior - sum(e.weight for e in told), 3)
    if rest:
        steps.append(("rest", rest, "what weighs less (-vv shows it)"))
    low, high = _reach(finding)
    total = 0.0
    for _, weight, text in steps:
        table.add_row(f"{weight:+.3f}", _bar(total, total + weight, low, high), text)
        total += weight
    table.add_row(Text(f"{finding.score:+.3f}", "bold"), _bar(0, total, low, high), Text("score", "bold"))
    return table


def _because(evidence: Evidence) -> str:
    return f"{evidence.group or evidence.detector}: {safe(evidence.sentence)}"


def _reach(finding: Finding) -> tuple[float, float]:
    totals, total = [0.0, finding.prior], finding.prior
    for evidence in sorted(finding.evidence, key=lambda e: -e.weight):
        total += evidence.weight
        totals.append(total)
    return min(totals), max(totals)


def _bar(start: float, stop: float, low: float, high: float) -> Text:
    scale = BAR_CHARS / (high - low or 1.0)
    left, right = sorted((round((start - low) * scale), round((stop - low) * scale)))
    width = max(right - left, 1)
    left = min(left, BAR_CHARS - width)
    return Text(" " * left) + Text("█" * width, "red" if stop >= start else "green")


def _names(finding: Finding) -> list[Text]:
    lines = []
    for name in finding.sample_names:
        domain = finding.registered_domain or ""
        payload, found = (name[: -len(domain) - 1], True) if name.lower().endswith("." + domain) and domain else (name, False)
        line = Text("  «")
        line.append(safe(payload), "red")
        line.append("»" + ("." + defang(domain) if found else ""))
        lines.append(line)
    return lines


def _anatomy(finding: Finding) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("label", "alphabet", "distinct", "mean chars", "carries"):
        table.add_column(name, justify="left" if name == "alphabet" else "right")
    for label in finding.detail.anatomy if finding.detail else []:
        table.add_row(
            str(label.depth),
            label.alphabet,
            f"{label.distinct_count:,}",
            f"{label.mean_chars:.1f}",
            human_bytes(round(label.up_bytes)),
        )
    return table


def _rule_table(rule: RuleResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in rule.columns:
        table.add_column(
            column, justify="right" if column.endswith(("Count", "Length", "Subdomains")) else "left", overflow="fold"
        )
    for row in rule.rows:
        table.add_row(*(_rule_cell(value) for value in row))
    return table


def _rule_cards(rule: RuleResult) -> list[RenderableType]:
    """Write a column a line, as the columns do not fit beside each other."""
    cards: list[RenderableType] = []
    for row in rule.rows:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for column, value in zip(rule.columns, row, strict=True):
            grid.add_row(column, _rule_cell(value))
        cards.append(Padding(grid, (0, 0, 1, 0)))
    return cards


def _rule_cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        return safe(",".join(map(str, value)))
    return rfc3339(value) if isinstance(value, datetime) else safe(str(value))


SINK = TerminalSink()
