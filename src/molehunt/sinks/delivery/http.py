"""What the deliveries over HTTP share: one client, one POST, and what its outcome means for a retry."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from molehunt.errors import MissingExtraError, SinkError
from molehunt.sinks.delivery import Refused, Target, Unreachable

if TYPE_CHECKING:
    import httpx

TOO_MANY, SERVER_ERROR = 429, 500


@contextmanager
def client(target: Target) -> Iterator[httpx.Client]:
    """Open an HTTP client for the target. It follows no redirect: a secret must not travel on.

    Raises:
        MissingExtraError: The package httpx is not installed.
        SinkError: The file of certificates cannot be read.
    """
    try:
        import httpx
    except ImportError as error:
        raise MissingExtraError("httpx", "deliver") from error
    try:
        trust = ssl.create_default_context(cafile=str(target.ca_file) if target.ca_file else None)
    except OSError as error:
        raise SinkError("cannot read the certificates", where=str(target.ca_file)) from error
    with _quiet(), httpx.Client(verify=trust, timeout=target.settings.timeout_s, proxy=target.proxy, trust_env=False) as made:
        yield made


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep httpx from logging addresses and headers, which may be secrets, whatever level the program logs at."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def post(to: httpx.Client, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
    """POST once.

    Raises:
        Unreachable: No answer, 429, or the server's own fault (5xx).
        Refused: Any other status than 2xx: the same request would fail again.
    """
    import httpx

    try:
        answer = to.post(url, content=content, headers=headers)
    except httpx.TransportError as error:
        raise Unreachable(f"no answer ({type(error).__name__})") from error
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    if answer.status_code == TOO_MANY or answer.status_code >= SERVER_ERROR:
        raise Unreachable(status, retry_after_s(answer.headers.get("Retry-After"), answer.headers.get("Date")))
    if not answer.is_success:
        raise Refused(status)
    return answer


def retry_after_s(value: str | None, date: str | None) -> float | None:
    """Return the wait that a Retry-After header asks for; a date is measured from the answer's own Date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    until, since = _date(value), _date(date or "")
    return max((until - since).total_seconds(), 0.0) if until and since else None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
