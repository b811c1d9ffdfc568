"""Measure many cases at once, on so many processes, and bring the results into the order of the names."""

from __future__ import annotations

import importlib.util
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from evaluation import catalogue
from evaluation.corpora import SHARED
from evaluation.measure import Rival, measure
from evaluation.results import Result


@dataclass(frozen=True)
class Task:
    """One case to measure.

    Attributes:
        name: Name of the case.
        seed: Seed of the generators.
        replay: Whether to look for the moment of the alarm.
    """

    name: str
    seed: int
    replay: bool


def rivals() -> dict[str, Rival]:
    """Return the rules beside molehunt, by name."""
    if importlib.util.find_spec("evaluation.rivals") is None:
        return {}
    from evaluation.rivals import RIVALS

    return dict(RIVALS)


def perform(task: Task) -> Result:
    """Make and measure one case; what breaks is a result with an error."""
    try:
        return measure(catalogue.make(task.name, task.seed), rivals(), task.replay)
    except Exception as error:  # a case that breaks is a result too, and the page shows it
        text = f"{type(error).__name__}: {error}".splitlines()[0].replace(f"{SHARED}/", "")
        return Result(task.name, "unread", "", "", "", judged=False, error=text)


def perform_all(tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """Measure all cases; yields each result as it is ready.

    Args:
        tasks: What to measure.
        jobs: Processes; 1 stays in this one.
    """
    if jobs == 1:
        yield from map(perform, tasks)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(perform, task) for task in tasks]):
            yield future.result()
