"""The curves as a table for the terminal: for each threshold, the alerts that each value would have given."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from molehunt.sinks import SinkOptions
from molehunt.sinks.text import defang, human_bytes, safe
from molehunt.sinks.tuning.suppressions import cost
from molehunt.tuning import Curve, Tuning

#: Proposals shown; the file has all.
PROPOSALS = 12


def table(tuning: Tuning, options: SinkOptions) -> str:
    """Return everything as text; the value in force stands in brackets."""
    console = Console(
        width=options.width, no_color=not options.color, force_terminal=options.color, highlight=False, emoji=False,
        markup=False, color_system="standard" if options.color else None, legacy_windows=False,
    )  # fmt: skip
    with console.capture() as captured:
        for part in _parts(tuning):
            console.print(part)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _parts(tuning: Tuning) -> list[RenderableType]:
    alerts = f"{tuning.alert_count} alerts among {tuning.listed_count} findings"
    parts: list[RenderableType] = [
        Text(f"{tuning.record_count:,} queries over {tuning.days:.1f} days: {alerts}; the published rule gives"
             f" {tuning.rule_alert_count}."),
        Text(""), Text("Alerts against each threshold (listed findings in parentheses; [ ] is the value in force)", "bold"),
        _curves(tuning.curves),
    ]  # fmt: skip
    if tuning.families:
        parts += [Text(""), Text("What today's findings look like", "bold"), _families(tuning)]
    if tuning.proposals:
        parts += [
            Text(""),
            Text("Suppressions to consider (-f suppressions writes them as a file)", "bold"),
            *_proposals(tuning),
        ]
    parts += [Text(f"suppression {safe(use.rule)}: {_use_text(use.state, use.finding_count)}") for use in tuning.suppressions]
    return [*parts, Text(""), Text(_budget(tuning))]


def _curves(curves: list[Curve]) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    grid.add_column("threshold", no_wrap=True)
    grid.add_column("value: alerts (listed)", ratio=1, overflow="fold")
    for curve in curves:
        grid.add_row(curve.setting, Text("   ").join(_point(curve, i) for i in range(len(curve.points))))
    return grid


def _point(curve: Curve, index: int) -> Text:
    point = curve.points[index]
    counts = f"{point.alert_count}" + (f" ({point.listed_count})" if point.listed_count != point.alert_count else "")
    text = f"{point.value:g}: {counts}"
    return Text(f"[{text}]", "bold") if point.value == curve.current else Text(text)


def _families(tuning: Tuning) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("looks like", "kind", "findings", "alerts", "up"):
        grid.add_column(name, justify="left" if name in {"looks like", "kind"} else "right")
    for family in tuning.families:
        counts = f"{family.finding_count:,}", f"{family.alert_count:,}", human_bytes(family.up_bytes)
        grid.add_row(family.family or "nothing known", family.kind, *counts)
    return grid


def _proposals(tuning: Tuning) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(f"  {defang(p.domain)} ({p.family}): {cost(p)}") for p in tuning.proposals[:PROPOSALS]]
    more = len(tuning.proposals) - PROPOSALS
    return [*lines, Text(f"  and {more} more")] if more > 0 else lines


def _use_text(state: str, count: int) -> str:
    return f"hides {count} findings" if state == "active" else state


def _budget(tuning: Tuning) -> str:
    budget = tuning.budget
    wish = f"Alert budget, {budget.alerts_per_week:g} a week: "
    if not budget.lost_count:
        return wish + f"kept as it is ({budget.reached_per_week:.1f} a week)."
    return (
        wish + f"set detection.verdict.medium = {budget.medium:g}. That leaves {budget.reached_per_week:.1f} a week"
        f" and lowers {budget.lost_count} of today's alerts to low confidence; look at them before you do."
    )
