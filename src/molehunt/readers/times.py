"""Times as logs write them. The form is told from the first values of a column, once, so each row costs one conversion."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

import duckdb

from molehunt.readers import sql

#: Forms beside ISO 8601 and numbers, the likeliest first; a time of day with AM/PM is American.
#: Source: exports of the Azure portal in its locales, Kibana, Excel, Splunk, Apache and BIND logs.
FORMS = (
    "%m/%d/%Y, %I:%M:%S.%g %p",
    "%m/%d/%Y, %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S.%g %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y, %H:%M:%S.%g",
    "%d/%m/%Y, %H:%M:%S,%g",
    "%d/%m/%Y, %H:%M:%S",
    "%d.%m.%Y, %H:%M:%S.%g",
    "%d.%m.%Y, %H:%M:%S,%g",
    "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%Y %H:%M:%S.%g",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y, %H:%M:%S.%g",
    "%d-%m-%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S.%g",
    "%Y/%m/%d %H:%M:%S",
    "%Y. %m. %d. %H:%M:%S.%g",
    "%m/%d/%Y, %H:%M:%S.%g",
    "%m/%d/%Y, %H:%M:%S",
    "%m/%d/%Y %H:%M:%S.%g",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S.%g",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M:%S.%g %p",
    "%b %d, %Y @ %H:%M:%S.%g",
    "%d-%b-%Y %H:%M:%S.%g",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]\+?\d+)?")
ISO = re.compile(r"\d{4}-\d\d?-\d\d?")
#: Share of the first values that a form has to read; the others may be broken.
ENOUGH = 0.8
#: Numbers from this on are not seconds but thousandths, millionths, billionths of them.
#: As seconds, 1e11 is the year 5138; as milliseconds it is 1973.
TICKS = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3), (0.0, 1))


def time_of(text: str, values: Sequence[str], connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the SQL of the times of a text column.

    Args:
        text: SQL of the column.
        values: First values of the column.
        connection: Tries the forms.

    Returns:
        SQL of a TIMESTAMPTZ, or None if no form reads the values.
    """
    shown = [value for value in values if value]
    enough = len(shown) * ENOUGH
    numbers = [value for value in shown if NUMBER.fullmatch(value)]
    if len(numbers) >= enough:
        return sql.epoch(text, ticks_of(statistics.median(abs(float(value)) for value in numbers) if numbers else 0.0))
    if sum(bool(ISO.match(value)) for value in shown) >= enough:
        return f"TRY_CAST({text} AS TIMESTAMPTZ)"
    listed = ", ".join(map(sql.literal, shown))
    counts = ", ".join(f"count(try_strptime(value, {sql.literal(form)}))" for form in FORMS)
    read = sql.one_row(connection, f"SELECT {counts} FROM (SELECT unnest([{listed}]) AS value)")
    best = max(range(len(FORMS)), key=lambda at: read[at])
    return utc(f"try_strptime({text}, {sql.literal(FORMS[best])})") if read[best] >= enough else None


def ticks_of(number: float) -> int:
    """Return how many units of a count since 1970 make a second, by the size of one."""
    return next(ticks for least, ticks in TICKS if number >= least)


def utc(timestamp: str) -> str:
    """Return a time without zone as one in UTC; quicker than a cast, which asks the calendar of the session's zone."""
    return f"make_timestamptz(epoch_us({timestamp}))"
