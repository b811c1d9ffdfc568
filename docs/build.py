"""Writes the pages that are made from the program itself: ``python docs/build.py``; ``--check`` says if one is stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from molehunt import cli
from molehunt.detectors import DETECTORS
from molehunt.findings import Evidence, Finding, Report
from molehunt.schema import FINDINGS, QUERIES

HERE = Path(__file__).parent


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Walk the command tree, depth first, in the order of ``--help``."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def cli_page() -> str:
    """Return the command-line reference: the text of every ``--help``."""
    for name in cli.COMMANDS:
        import_module(f"molehunt.cli.{name}")
    parts = ["# Command line\n\nMade from `molehunt --help` by `docs/build.py`.\n"]
    for path, command in commands(typer.main.get_command(cli.app), "molehunt"):
        context = command.context_class(command, info_name=path, terminal_width=100, max_content_width=100)
        parts.append(f"\n## {path}\n\n```\n{command.get_help(context).rstrip()}\n```\n")
    return "".join(parts)


def output_page() -> str:
    """Return the reference of what goes in and out: QUERIES, findings, the report."""
    parts = ["# Tables and documents\n\nMade from the code by `docs/build.py`. The JSON Schema is `report.schema.json`.\n"]
    parts.append("\n## QUERIES\n\nOne row per DNS transaction; what every reader produces.\n")
    parts.append("\n| column | type | meaning | null means |\n|---|---|---|---|\n")
    for field in QUERIES:
        about = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        unit = f" ({about['unit']})" if about.get("unit") else ""
        parts.append(f"| {field.name} | `{field.type}` | {about['meaning']}{unit} | {about['null']} |\n")
    parts.append("\n## Finding as a table\n\nColumns of Parquet files and frames.\n\n| column | type |\n|---|---|\n")
    parts += [f"| {field.name} | `{field.type}` |\n" for field in FINDINGS]
    for model in (Finding, Evidence, Report):
        parts.append(f"\n## {model.__name__} as JSON\n\n{(model.__doc__ or '').strip()}\n\n| field | type |\n|---|---|\n")
        for name, info in model.model_fields.items():
            kind = str(info.annotation).replace("molehunt.findings.", "").replace("typing.", "").replace("|", "or")
            kind = kind.removeprefix("<class '").removesuffix("'>")
            parts.append(f"| {name} | {kind} |\n")
    return "".join(parts)


def figures(name: str) -> str:
    """Say what the evaluation says of a detector."""
    table = (HERE / "evaluation.md").read_text("utf-8").partition("## What each detector lists")[2]
    row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
    captures, changes, mixed, logs, alike = row.strip("| ").split(" | ")[1:]
    found = f"{captures} public captures, {changes} generated channels and {mixed} mixed days"
    wrong = f"{logs} findings in benign logs and {alike} in look-alikes, of whatever confidence"
    return f"In [the evaluation](../evaluation.md) it lists {found}; beside them {wrong}."


def detector_page(name: str) -> str:
    """Return the page of a detector: its docstring, and what the page holds by hand below its first heading of second order."""
    title, _, text = (import_module(DETECTORS[name].partition(":")[0]).__doc__ or "").strip().partition("\n\n")
    summary = title.partition(": ")[2]
    parts = [f"# {name}\n\n{summary[0].upper()}{summary[1:]}\n"]
    for part in re.split(r"\n(?=[A-Z][a-z]+: )", text):
        head, _, body = " ".join(part.split()).partition(": ")
        body = re.sub(r":mod:`([\w.]+)`", lambda found: f"`{found[1].replace('.', '/')}.py`", body).replace("``", "`")
        parts.append(f"\n**{head}.** {body[0].upper()}{body[1:]}\n")
    parts.append(f"\n**Figures.** {figures(name)}\n")
    parts.append(f"\nSettings: `[detection.{name}]`; `molehunt config show` prints them all. Made by `docs/build.py`.\n")
    page = HERE / "detectors" / f"{name}.md"
    _, mark, rest = (page.read_text("utf-8") if page.exists() else "").partition("\n## ")
    return "".join([*parts, mark, rest])


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli_page, "output.md": output_page}
PAGES |= {f"detectors/{name}.md": partial(detector_page, name) for name in DETECTORS}


def main() -> None:
    """Write the pages, or with ``--check`` leave with 1 if one is stale."""
    stale = [name for name, page in PAGES.items() if not (HERE / name).exists() or (HERE / name).read_text("utf-8") != page()]
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run python docs/build.py" if stale else 0)
    for name in stale:
        (HERE / name).write_text(PAGES[name](), "utf-8")


if __name__ == "__main__":
    main()
