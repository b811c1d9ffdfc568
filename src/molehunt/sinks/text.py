"""How values are written for people: defanged, escaped, with units. A DNS name is attacker-controlled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from molehunt.findings import Report


def safe(text: str) -> str:
    r"""Return the text with each unprintable character (controls, right-to-left marks …) as ``\\u{hex}``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)


def defang(name: str) -> str:
    """Return a name that no program makes a link of: ``evil[.]example``; the last dot is bracketed."""
    head, dot, tail = safe(name).rpartition(".")
    return f"{head}[.]{tail}" if dot else tail


def defanged(text: str, domain: str | None) -> str:
    """Return a sentence, made safe, with the domain that it is about defanged wherever it stands."""
    return safe(text).replace(safe(domain), defang(domain)) if domain else safe(text)


def some(count: int, noun: str) -> str:
    """Return a number of things: ``1 query``, ``3,888 queries``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def breadth(report: Report) -> str:
    """Return what a run looked at, as far as it is known: ``3,888 queries of 10 clients to 95 domains``."""
    text = some(report.record_count, "query")
    if report.client_count is not None:
        text += f" of {some(report.client_count, 'client')}"
    return text if report.domain_count is None else f"{text} to {some(report.domain_count, 'domain')}"


def human_bytes(count: int | None) -> str:
    """Return bytes as people write them: ``812 B``, ``41 kB``, ``1.2 MB``; ``-`` for null."""
    if count is None:
        return "-"
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"
    return f"{size:.0f} PB"


def human_span(seconds: float) -> str:
    """Return a duration as people write it: ``45 s``, ``12 min``, ``3 h``, ``9 d``."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 or seconds == 0 else f"{seconds * 1000:.0f} ms"


def rfc3339(moment: datetime | None) -> str:
    """Return a time as RFC 3339 in UTC with a Z, or the empty string."""
    if moment is None:
        return ""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")
