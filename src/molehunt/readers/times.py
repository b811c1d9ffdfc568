"""Times as logs write them. The form is told from the first values of a column, once, so each row costs one conversion."""

from __future__ import annotations

import re
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
    if all(re.fullmatch(r"-?\d+(\.\d+)?([eE]\+?\d+)?", value) for value in shown):
        return sql.epoch(text, ticks_of(max((abs(float(value)) for value in shown), default=0.0)))
    if all(re.match(r"\d{4}-\d\d?-\d\d?", value) for value in shown):
        return f"TRY_CAST({text} AS TIMESTAMPTZ)"
    for form in FORMS:
        tried = " AND ".join(f"try_strptime({sql.literal(value)}, {sql.literal(form)}) IS NOT NULL" for value in shown)
        if sql.one_row(connection, f"SELECT {tried}")[0]:
            return utc(f"try_strptime({text}, {sql.literal(form)})")
    return None


def ticks_of(number: float) -> int:
    """Return how many units of a count since 1970 make a second, by the size of one."""
    return next(ticks for least, ticks in TICKS if number >= least)


def utc(timestamp: str) -> str:
    """Return a time without zone as one in UTC; quicker than a cast, which asks the calendar of the session's zone."""
    return f"make_timestamptz(epoch_us({timestamp}))"
