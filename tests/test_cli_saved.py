"""The commands that read a saved report: block lists, deliveries, reports of other versions. Runs the installed program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from test_cli import HEADER, line, molehunt, tunnel_names


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A saved report with one alert."""
    folder = tmp_path_factory.mktemp("saved")
    path = folder / "dns.log"
    path.write_text(HEADER + "".join(line(i, name) for i, name in enumerate(tunnel_names(120))))
    done = molehunt("scan", path, "-q", "-o", folder / "report.json")
    assert done.returncode == 0, done.stderr
    return folder / "report.json"


def test_a_block_list_is_written_from_a_saved_report(saved):
    done = molehunt("block", saved, "-f", "dnsmasq")
    assert done.returncode == 0
    assert b"local=/evil.example/" in done.stdout
    assert molehunt("block", saved, "-f", "stone").returncode == 2


def test_findings_are_delivered_where_the_user_says(saved):
    import socket
    import threading

    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    received.append(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        done = molehunt("report", saved, "--deliver", f"syslog+tcp://127.0.0.1:{server.getsockname()[1]}", "-f", "jsonl")
        thread.join(20)
    assert done.returncode == 0, done.stderr
    assert b"delivered 1 findings to syslog+tcp://127.0.0.1" in done.stderr
    assert b"evil.example" in b"".join(received)


def test_a_secret_is_never_taken_from_the_command_line_nor_shown(saved):
    url = "webhook+https://user:hunter2@127.0.0.1:1/path?token=hunter2"
    for arguments in (["--secret", "webhook=hunter2"], ["--secret", "splunk=env:HOME"], ["--secret", "webhook=env:NO_SUCH"]):
        done = molehunt("report", saved, "--deliver", url, *arguments)
        assert done.returncode == 2
        assert b"hunter2" not in done.stderr


def test_a_report_of_another_version_says_so(saved, tmp_path):
    later = tmp_path / "later.json"
    later.write_text(json.dumps(json.loads(saved.read_bytes()) | {"later_field": 1}))
    done = molehunt("report", later)
    assert done.returncode == 3
    assert b"made by another version of molehunt: it has later_field" in done.stderr
