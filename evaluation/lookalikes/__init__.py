"""Hard negatives: traffic that looks like a tunnel and is none, vendors renamed, three days each in a small office."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from evaluation.cases import Case, forwarded, lay, rows_table
from evaluation.dice import Dice
from evaluation.lookalikes import mail, network, reputation, web
from evaluation.lookalikes.ask import DAYS, Rows
from evaluation.office import office

#: kind of look-alike -> what draws its rows.
LOOKALIKES: dict[str, Callable[[Dice], Rows]] = {
    **reputation.LOOKALIKES,
    **mail.LOOKALIKES,
    **web.LOOKALIKES,
    **network.LOOKALIKES,
}  # type: ignore[dict-item]

FORWARDED = "resolver as the only client"
EVERYTHING = "all of them at once"
RESHAPED = "real shapes, drawn anew"


def names(real: Sequence[str] = ()) -> list[str]:
    """Name all look-alikes.

    Args:
        real: Real long benign names, where there are any.
    """
    kinds = [*LOOKALIKES, "office", FORWARDED, EVERYTHING, *([RESHAPED] if real else [])]
    return [f"lookalike/{kind}" for kind in kinds]


def make(name: str, seed: int, real: Sequence[str] = ()) -> Case:
    """Draw the look-alike of this name, laid into the traffic of an office.

    Args:
        name: One of :func:`names`.
        seed: Seed of the whole evaluation.
        real: Real long benign names, for the shapes.
    """
    kind = name.split("/")[1]
    queries, _ = lay((office(seed, client_count=12, days=DAYS), None), (_rows(kind, seed, real), None))
    return Case(name, "lookalikes", "lookalikes", kind, "", forwarded(queries) if kind == FORWARDED else queries)


def _rows(kind: str, seed: int, real: Sequence[str]) -> pa.Table:
    dice = Dice(seed, "lookalike", kind)
    if kind == RESHAPED:
        return rows_table(reputation.reshaped(real)(dice))  # type: ignore[operator]
    if kind in {EVERYTHING, FORWARDED}:
        every = [row for other in LOOKALIKES for row in LOOKALIKES[other](Dice(seed, "lookalike", other))]
        return rows_table(every)
    return rows_table(LOOKALIKES[kind](dice) if kind in LOOKALIKES else [])
