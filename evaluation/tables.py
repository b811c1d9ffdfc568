"""The page ``docs/evaluation.md``: tables of figures, written by the program and never by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from evaluation import figures
from evaluation.results import MOLEHUNT, Result
from molehunt.detectors import DETECTORS

INTRODUCTION = """# Evaluation

This page is written by `{command}` (seed {seed}, data {digest}); nothing in it is written by hand. {coverage}

* **found**: an alert (confidence medium or high) names the tunnel's client and registered domain. **listed**: a finding of any
  confidence does.
* **before the alarm**: queries of the tunnel, and bytes of its payload, that had passed when the alarm came, the query that
  raised it included; molehunt is run on growing beginnings of the log until it alerts (of generated channels, on those of
  4 kB a day). Bytes of public captures are estimated from their names, as nobody says what they carried; bytes of generated
  channels are known.
* **false alerts**: pairs of client and registered domain that are alerted on and carry no tunnel, per 10,000 clients and
  day (their number in brackets); a client counts on each day on which it asks.
* The rules beside molehunt are re-implemented from their published thresholds, see `evaluation/rivals.py`, and run on the
  same queries. Logs without times are given a query a second for them.
* What is not a public capture comes from generators with a seed: `evaluation/channels`, `evaluation/lookalikes`,
  `evaluation/mixed.py`. How to read it: `docs/labels.md` says which public labels are wrong.
"""


def page(results: Sequence[Result], head: dict[str, str], extra: str = "") -> str:
    """Write the whole page.

    Args:
        results: Of all cases.
        head: Values of the introduction: command, seed, digest, coverage.
        extra: Further Markdown, such as the leave-one-tool-out table.
    """
    rules = rules_of(results)
    parts = [
        INTRODUCTION.format(**head),
        "## All rules on the same data\n\n" + main_table(results, rules),
        "## Stated ÷ true bytes\n\n" + ratio_table(results),
        "## Tunnels in public captures, by tool\n\n" + tunnel_table(of(results, "corpora"), rules, lambda r: r.tool),
        "## Tunnels in public captures, by corpus\n\n" + tunnel_table(of(results, "corpora"), rules, lambda r: r.corpus),
        "## What attackers change\n\n" + change_table(of(results, "channels"), rules),
        "## Mixed days\n\n" + tunnel_table(of(results, "mixed days"), rules, lambda r: f"{r.corpus}, {r.change} a day"),
        "## What each detector lists\n\n" + detector_table(results),
        "## Benign logs\n\n" + benign_table(of(results, "corpora"), rules, lambda r: r.corpus),
        "## Look-alikes\n\n" + benign_table(of(results, "lookalikes"), rules, lambda r: r.tool),
        extra,
        "## What molehunt misses\n\n" + misses(results),
    ]
    return "\n".join(part for part in parts if part)


def of(results: Iterable[Result], part: str) -> list[Result]:
    """Return the results of one part."""
    return [result for result in results if result.part == part]


def rules_of(results: Sequence[Result]) -> list[str]:
    """Return the rules that were run, molehunt first."""
    names = {name for result in results for name in result.false_alerts}
    return [MOLEHUNT, *sorted(names - {MOLEHUNT})]


def at_least_4k(results: Iterable[Result]) -> list[Result]:
    """Return the results of channels of 4 kB a day and above."""
    return [result for result in results if "137 B" not in (result.change, result.name.split("/")[-1])]


def main_table(results: Sequence[Result], rules: Sequence[str]) -> str:
    """Compare the rules: one row each."""
    captures, channels = of(results, "corpora"), of(results, "channels")
    mixed, alike = at_least_4k(of(results, "mixed days")), of(results, "lookalikes")
    head = ["", "all found", "captures found", "changes found", "mixed days found"]
    head += ["captures: queries before the alarm (median, p95)", "captures: bytes before the alarm (median, p95)"]
    head += ["false alerts, benign logs", "false alerts, look-alikes"]
    rows = []
    for rule in rules:
        parts = ([*captures, *channels, *mixed], captures, channels, mixed)
        shares = [_share(figures.recall(part, rule)) for part in parts]
        before = [_pair(figures.queries_before(captures, rule)), _pair(figures.bytes_before(captures, rule))]
        rates = [_rate(figures.rate(part, rule), figures.false_alerts(part, rule)[0]) for part in (captures, alike)]
        rows.append([f"**{rule}**" if rule == MOLEHUNT else rule, *shares, *before, *rates])
    return markdown(head, rows)


def ratio_table(results: Sequence[Result]) -> str:
    """Show the promise: what molehunt states against what was moved."""
    rows = []
    for part in ("channels", "mixed days"):
        values = figures.ratios(of(results, part))
        low, median, high = (figures.quantile(values, share) for share in (0.0, 0.5, 1.0))
        rows.append([part, _share(figures.listed(of(results, part))), _number(low), _number(median), _number(high)])
    return markdown(["", "listed", "min", "median", "max"], rows)


def tunnel_table(results: Sequence[Result], rules: Sequence[str], key: Callable[[Result], str]) -> str:
    """Show recall and leaks of molehunt, and the recall of the others, one row per key."""
    head = ["", "tunnels", "found", "listed", "queries (median, p95)", "bytes (median, p95)", *rules[1:]]
    rows = []
    for name, group in (_by(results, key) | {"**all**": list(results)}).items():
        count = len(figures.targets(group))
        if not count:
            continue
        row = [name, str(count), _share(figures.recall(group, MOLEHUNT)), _share(figures.listed(group))]
        row += [_pair(figures.queries_before(group, MOLEHUNT)), _pair(figures.bytes_before(group, MOLEHUNT))]
        rows.append(row + [_share(figures.recall(group, rule)) for rule in rules[1:]])
    return markdown(head, rows)


def change_table(results: Sequence[Result], rules: Sequence[str]) -> str:
    """Show each change: at which rates it is found, what leaks, what is stated, and what the others find."""
    rates = list(dict.fromkeys(result.name.split("/")[-1] for result in results))
    head = ["change", "", *rates, "bytes before (median, worst)", "stated ÷ true (min, max)", *rules[1:]]
    rows = []
    for name, group in _by(results, lambda r: f"{r.change}/{r.tool}").items():
        by_rate = {result.name.split("/")[-1]: result for result in group}
        found = [_mark(by_rate[rate]) if rate in by_rate else "" for rate in rates]
        leaks, shares = figures.bytes_before(group, MOLEHUNT), figures.ratios(group)
        leak = f"{_number(figures.quantile(leaks, 0.5))}, {_number(figures.quantile(leaks, 1.0))}" if leaks else "–"
        ratio = f"{min(shares):.2f}, {max(shares):.2f}" if shares else "–"
        others = [_share(figures.recall(group, rule)) for rule in rules[1:]]
        rows.append([*name.split("/", 1), *found, leak, ratio, *others])
    return markdown(head, rows)


def benign_table(results: Sequence[Result], rules: Sequence[str], key: Callable[[Result], str]) -> str:
    """Show false alerts on benign data, one row per key; the last column is what molehunt lists with low confidence."""
    head = ["", "queries", "groups", "client-days", *(f"alerts: {rule}" for rule in rules), "listed, low"]
    rows = []
    benign = [result for result in results if result.benign]
    for name, group in (_by(benign, key) | {"**all**": benign}).items():
        numbers = [sum(getattr(r, field) for r in group) for field in ("query_count", "group_count", "client_days")]
        wrong = [str(figures.false_alerts(group, rule)[0]) for rule in rules]
        rows.append([name, *(f"{n:,}" for n in numbers), *wrong, str(sum(r.listed_count for r in group))])
    return markdown(head, rows)


def detector_table(results: Sequence[Result]) -> str:
    """Show what each detector lists, whatever the confidence; several may list the same."""
    head = ["", "captures", "changes", "mixed days", "findings in benign logs", "findings in look-alikes"]
    parts = [of(results, "corpora"), of(results, "channels"), of(results, "mixed days")]
    benign = [[result for result in of(results, part) if result.benign] for part in ("corpora", "lookalikes")]
    rows = []
    for name in DETECTORS:
        found = [[name in one.detectors for one in figures.caught(part, MOLEHUNT)] for part in parts]
        wrong = [sum(result.listed_by.get(name, 0) for result in part) for part in benign]
        rows.append([name, *(_share((sum(hits), len(hits))) for hits in found), *(f"{count:,}" for count in wrong)])
    return markdown(head, rows)


def misses(results: Sequence[Result]) -> str:
    """List every tunnel without alert, every benign case with one, and every case that could not be measured."""
    lines = []
    for result in results:
        for target in result.targets:
            if not (one := target.caught[MOLEHUNT]).alerted:
                state = "listed with low confidence" if one.listed else "not listed"
                true = f", {target.true_bytes:,.0f} bytes" if target.true_bytes else ""
                lines.append(f"* missed: `{result.name}`: {target.query_count} queries{true}; {state}")
        if result.judged and (wrong := result.false_alerts.get(MOLEHUNT)):
            what = "false alert" if result.benign else "alert beside the tunnel"
            lines.append(f"* {what}: `{result.name}`: {'; '.join(f'{who} → {where}' for who, where in wrong[:5])}")
        if result.error:
            lines.append(f"* not measured: `{result.name}`: {result.error}")
    return "\n".join(lines or ["Nothing."]) + "\n"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _by(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return groups


def _mark(result: Result) -> str:
    one = result.targets[0].caught[MOLEHUNT]
    return "found" if one.alerted else "listed" if one.listed else "**missed**"


def _share(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}" if pair[1] else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.0f}"


def _pair(values: Sequence[float]) -> str:
    return f"{_number(figures.quantile(values, 0.5))}, {_number(figures.quantile(values, 0.95))}"


def _rate(value: float | None, count: int) -> str:
    return "–" if value is None else f"{value:,.1f} ({count})"
