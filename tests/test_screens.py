"""What a person sees: real terminals (tmux) at 80 and 160 columns, and the pictures of them in the README.

``MOLEHUNT_UPDATE_SCREENS=1 pytest tests/test_screens.py`` makes the pictures anew.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from conftest import DATA, ROOT

MOLEHUNT = str(Path(sys.executable).parent / "molehunt")
IMAGES = ROOT / "docs" / "images"
#: Lines of a screen that its picture shows.
PICTURE_LINES = 40
UPDATE = bool(os.environ.get("MOLEHUNT_UPDATE_SCREENS"))

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed: the terminal cannot be looked at")


def screen(command: str, columns: int, rows: int = 60) -> str:
    """Run a command in a real terminal of this size; return what stands on it, with its colours as escape sequences."""
    name = f"molehunt-{uuid.uuid4().hex[:8]}"
    tmux = ["tmux", "-L", name]
    script = f"cd {shlex.quote(str(ROOT))}; clear; {command}; printf '\\n=end=\\n'; sleep 60"
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    environment = {**inherited, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    size = ["-x", str(columns), "-y", str(rows)]
    subprocess.run([*tmux, "new-session", "-d", "-s", "s", *size, "sh", "-c", script], check=True, env=environment)
    try:
        for _ in range(300):
            shown = subprocess.run(
                [*tmux, "capture-pane", "-p", "-e", "-t", "s"], capture_output=True, text=True, check=True
            ).stdout
            if "=end=" in shown:
                return shown.partition("=end=")[0].rstrip() + "\n"
            time.sleep(0.1)
        raise AssertionError(f"the command did not end: {shown}")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def scan(options: str = "") -> str:
    return f"{shlex.quote(MOLEHUNT)} scan tests/data/demo/demo.pcap {options}"


@pytest.mark.parametrize("columns", [80, 160])
def test_the_table_reads_well(columns):
    shown = screen(scan(), columns)
    lines = plain(shown).splitlines()
    assert "\x1b[" in shown, "a terminal gets colours"
    assert max(map(len, lines)) <= columns
    text = " ".join(" ".join(lines).split())
    for part in ("10.53.0.21", "dug[.]example", "10.53.0.22", "burrow[.]example", "tunnel", "findings:"):
        assert part in text
    starts = [row for row in lines if row.startswith(("critical", "high", "medium", "low", "info"))]
    assert len(starts) >= 2, "every finding begins with its severity"
    if columns == 160:
        assert lines[0].startswith("SEVERITY"), "no progress or summary stands above the result"


def test_no_color_is_respected():
    assert "\x1b[3" not in screen(f"NO_COLOR=1 {scan('-q')}", 80)


def test_the_waterfall_fits_80_columns():
    lines = plain(screen(scan("-q -v"), 80, rows=200)).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("█" in row for row in lines)
    assert any(row.endswith("score") for row in lines)


def test_a_pipe_gets_no_escape_and_no_summary_in_the_result():
    done = subprocess.run([MOLEHUNT, "scan", str(DATA / "demo" / "demo.pcap")], capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout + done.stderr
    assert "findings:" not in done.stdout


def svg(shown: str, columns: int, title: str) -> str:
    """Return the screen as a picture."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text.from_ansi(shown), end="")
    drawn = console.export_svg(title=title, unique_id="molehunt")
    return re.sub(r"\s*@font-face \{.*?\n    \}\n", "\n", drawn, flags=re.S)  # no font from anywhere else


@pytest.mark.parametrize(
    ("name", "options", "columns"), [("terminal-80", "", 80), ("terminal-160", "", 160), ("waterfall", "-q -v", 100)]
)
def test_the_pictures_of_the_terminal_are_true(name, options, columns):
    typed = f"molehunt scan tests/data/demo/demo.pcap {options}".strip()
    shown = "".join(screen(scan(options), columns, rows=200).splitlines(keepends=True)[:PICTURE_LINES])
    made = svg(shown, columns, typed)
    path = IMAGES / f"{name}.svg"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, "utf-8")
    assert path.read_text("utf-8") == made, "stale: MOLEHUNT_UPDATE_SCREENS=1 pytest tests/test_screens.py"


@pytest.mark.browser
@pytest.mark.skipif(not Path("/usr/bin/chromium").exists(), reason="Chromium is not installed: the page cannot be looked at")
@pytest.mark.xdist_group("browser")
def test_the_picture_of_the_page_is_there(tmp_path):
    from playwright.sync_api import sync_playwright

    page_file, picture = tmp_path / "report.html", tmp_path / "report.png"
    subprocess.run([MOLEHUNT, "scan", "tests/data/demo/demo.pcap", "-q", "-o", str(page_file)], check=True, cwd=ROOT)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page(viewport={"width": 1200, "height": 1500}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.get_by_text("dug[.]example").first.wait_for()
        page.screenshot(path=picture)
        browser.close()
    assert picture.stat().st_size > 30_000
    if UPDATE:
        shutil.copy(picture, IMAGES / "report.png")
    assert (IMAGES / "report.png").read_bytes()[:8] == picture.read_bytes()[:8]
