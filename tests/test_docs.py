"""The docs say what is true: pages made from the program are fresh, every plug-in has its page, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from molehunt.detectors import DETECTORS
from molehunt.readers import READERS
from molehunt.sinks import SINKS
from molehunt.sinks.delivery import DELIVERIES

MOLEHUNT = str(Path(sys.executable).parent / "molehunt")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
UPDATE = bool(os.environ.get("MOLEHUNT_UPDATE_SCREENS"))


def test_pages_made_from_the_program_are_fresh():
    done = subprocess.run([sys.executable, ROOT / "docs" / "build.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("folder", "names"),
    [("inputs", READERS), ("detectors", DETECTORS), ("sinks", SINKS), ("sinks", DELIVERIES)],
    ids=["readers", "detectors", "sinks", "deliveries"],
)
def test_everything_that_plugs_in_has_a_page(folder, names):
    missing = [name for name in names if not (ROOT / "docs" / folder / f"{name}.md").exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def transcript() -> str:
    """Return what `make demo` shows, at 100 columns."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    command = [MOLEHUNT, "scan", "tests/data/demo/demo.pcap"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    return f"$ molehunt scan tests/data/demo/demo.pcap\n{done.stdout}{done.stderr}"


def test_the_transcript_in_the_readme_is_true():
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    block = re.compile(r"```console\n.*?```", re.S)
    made = f"```console\n{transcript()}```"
    if UPDATE:
        text = block.sub(lambda _: made, text, count=1)
        readme.write_text(text, "utf-8")
    assert made in text, "stale: MOLEHUNT_UPDATE_SCREENS=1 pytest tests/test_docs.py"


def test_the_options_that_the_readme_types_exist():
    blocks = "".join(re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), flags=re.S))
    commands = re.findall(r"^molehunt (.+?)(?:\s{2,}#.*)?$", blocks, flags=re.M)
    assert len(commands) >= 6
    for command in commands:
        name, *words = shlex.split(command)
        help_text = subprocess.run([MOLEHUNT, name, "--help"], capture_output=True, text=True, check=True).stdout
        for word in words:
            if word.startswith("-") and len(word) > 1:
                assert re.search(rf"(^|[\s,]){re.escape(word)}[\s,]", help_text), f"molehunt {command}: no {word}"


def test_the_figures_in_the_readme_are_those_of_the_evaluation():
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    row = {line.split(" | ")[0].strip("|* "): line.split(" | ") for line in page.splitlines() if line.startswith("| ")}
    ours, theirs = row["molehunt"], row["published rule"]
    queries, octets = (ours[at].split(", ")[0].removesuffix(".00") for at in (5, 6))
    fired = theirs[8].strip(" |").partition("(")[2].rstrip(")")
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert (
        f"molehunt alerts on {ours[1]} tunnels (half of those in captures within {queries} queries and {octets} bytes)" in text
    )
    assert f"the published rule finds {theirs[1].split()[0]} of them and fires on {fired} of the look-alikes" in text
