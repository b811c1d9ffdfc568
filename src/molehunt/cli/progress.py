"""A progress bar on stderr, on a terminal only, once the work has taken long enough to be worth one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from molehunt.pipeline import Progress

#: Work shorter than this shows no bar.
PATIENCE_S = 1.0
#: How often the engine is asked.
PERIOD_S = 0.1


@contextmanager
def shown_on_terminal(wanted: bool) -> Iterator[Progress]:
    """Give a Progress that a thread draws until the block ends; nothing is drawn if not wanted."""
    progress = Progress()
    if not wanted:
        yield progress
        return
    done = threading.Event()
    thread = threading.Thread(target=_draw, args=(progress, done), daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        done.set()
        thread.join()


def _draw(progress: Progress, done: threading.Event) -> None:
    if done.wait(PATIENCE_S):
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    step = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    columns = (step, BarColumn(20), DownloadColumn(table_column=Column(no_wrap=True)), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True, expand=True) as bars:
        task = bars.add_task("", total=None)
        start = time.monotonic()
        while not done.wait(PERIOD_S):
            bars.tasks[0].total = progress.total_bytes or None  # Rich's update takes None as "as before"
            bars.update(task, description=progress.step, completed=progress.done())
        bars.update(task, description=f"done in {time.monotonic() - start:.0f} s")
