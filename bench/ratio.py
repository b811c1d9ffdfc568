"""Timing as a ratio: two commands in turn, A B A B …, as whole processes, so that the machine's drift cancels out."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

#: Where generated inputs are kept between runs (gigabytes; never committed).
CACHE = Path(os.environ.get("MOLEHUNT_BENCH_CACHE", Path(tempfile.gettempdir()) / "molehunt-bench"))


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, largest resident set in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Ratio:
    """A measured comparison. ``ratio`` is ours ÷ other by wall clock, the median over the pairs.

    ``target`` reads as "at most": 0.05 means at least twenty times faster.
    """

    what: str
    ours: list[Run]
    other: list[Run]
    target: float | None = None
    target_mib: float | None = None

    @property
    def ratio(self) -> float:
        return statistics.median(a.wall_s / b.wall_s for a, b in zip(self.ours, self.other, strict=True))

    @property
    def cpu_ratio(self) -> float:
        return statistics.median(a.cpu_s / b.cpu_s for a, b in zip(self.ours, self.other, strict=True))

    @property
    def peak_mib(self) -> float:
        return max(run.peak_mib for run in self.ours)

    def __str__(self) -> str:
        ours, other = (statistics.median(run.wall_s for run in runs) for runs in (self.ours, self.other))
        met = "" if self.target is None else f", at most {self.target:g}: {'met' if self.ratio <= self.target else 'MISSED'}"
        figures = f"{self.ratio:.3f} (1/{1 / self.ratio:.1f}; cpu {self.cpu_ratio:.3f}), peak {self.peak_mib:.0f} MiB"
        return f"{self.what}: {ours:.2f} s ÷ {other:.2f} s = {figures}{met}"


def run(command: list[str]) -> Run:
    """Run one command to its end and account for it; its output is thrown away."""
    before = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment())
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[:4]} left with {process.returncode}: {complaint.decode(errors='replace')[-500:]}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _environment() -> dict[str, str]:
    """Return the environment, where Python keeps the byte code of modules as in any installation."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def compare(
    what: str,
    ours: list[str],
    other: list[str],
    *,
    target: float | None = None,
    target_mib: float | None = None,
    pairs: int = 3,
) -> Ratio:
    """Run both commands once unmeasured, then in turn."""
    run(ours)
    run(other)
    runs = [(run(ours), run(other)) for _ in range(pairs)]
    return Ratio(what, [a for a, _ in runs], [b for _, b in runs], target, target_mib)


def python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs this code in the same Python."""
    return [sys.executable, "-c", code, *arguments]


def molehunt(*arguments: str) -> list[str]:
    """Return the command that runs molehunt of the same environment."""
    return [str(Path(sys.executable).parent / "molehunt"), *arguments]


def available(tool: str) -> bool:
    """Tell whether a tool that a comparison needs is on the path."""
    return shutil.which(tool) is not None


__all__ = ["CACHE", "Ratio", "Run", "available", "compare", "molehunt", "python", "run"]
