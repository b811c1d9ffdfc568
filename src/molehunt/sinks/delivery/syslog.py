"""Syslog (RFC 5424) over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from molehunt.errors import ConfigError, SinkError
from molehunt.findings import Finding, Report, Severity
from molehunt.sinks import alert
from molehunt.sinks.cef import line as cef
from molehunt.sinks.delivery import Sent, Target, Unreachable
from molehunt.sinks.leef import line as leef
from molehunt.sinks.text import rfc3339

#: RFC 5424, table 2; facility local0 of table 1.
SEVERITIES: dict[Severity, int] = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
FACILITY = 16
PORTS = {"udp": 514, "tcp": 601, "tls": 6514}

#: Longest UDP payload over IPv4: 65,535 less the headers.
DATAGRAM_BYTES = 65_507


def _json(finding: Finding, report: Report) -> str:
    return (
        alert.json_line({"event_id": alert.event_id(finding), **finding.model_dump(mode="json", exclude={"detail"})})
        .decode()
        .rstrip()
    )


FORMATS: dict[str, Callable[[Finding, Report], str]] = {"cef": cef, "leef": leef, "json": _json}


class SyslogDelivery:
    """Send a message a finding: ``syslog+udp|tcp|tls://HOST[:PORT][?format=cef|leef|json]``."""

    name = "syslog"
    summary = "syslog, RFC 5424 over UDP, TCP or TLS, holding CEF, LEEF or JSON"
    whole = False

    @contextmanager
    def open(self, target: Target) -> Iterator[_Sender]:
        """Check the address; a connection is made for each batch.

        Raises:
            ConfigError: Transport or format is unknown.
        """
        transport, form = urlsplit(target.url).scheme, target.options.get("format", "cef")
        if transport not in PORTS or form not in FORMATS:
            raise ConfigError(
                f"no syslog with {transport!r} and {form!r}", where=target.label, next_step="See docs/sinks/syslog.md"
            )
        yield _Sender(target, transport, FORMATS[form])


@dataclass
class _Sender:
    target: Target
    transport: str
    form: Callable[[Finding, Report], str]

    def send(self, findings: list[Finding], report: Report) -> Sent:
        messages = [self._message(finding, report) for finding in findings]
        try:
            if self.transport == "udp":
                self._datagrams(messages)
            else:
                self._stream(messages)
        except OSError as error:
            raise Unreachable(f"no connection ({error.strerror or type(error).__name__})") from error
        return Sent()

    def _message(self, finding: Finding, report: Report) -> bytes:
        return message(finding, report, self.form(finding, report), self.target.hostname)

    @property
    def _address(self) -> tuple[str, int]:
        parts = urlsplit(self.target.url)
        return parts.hostname or "", parts.port or PORTS[self.transport]

    def _datagrams(self, messages: list[bytes]) -> None:
        family, kind, proto, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, proto) as out:
            out.connect(address)
            for one in messages:
                out.send(one[:DATAGRAM_BYTES])

    def _stream(self, messages: list[bytes]) -> None:
        """Send the batch over a connection of its own and wait until the receiver has read to its end.

        Syslog has no acknowledgement. A receiver that closes in good order after us has read everything; anything else
        counts as not delivered, and the batch is sent again.
        """
        with self._connected() as out:
            out.settimeout(self.target.settings.timeout_s)
            out.sendall(b"".join(b"%d %b" % (len(one), one) for one in messages))
            if isinstance(out, ssl.SSLSocket):
                with suppress(ssl.SSLEOFError, ssl.SSLSyscallError):
                    out.unwrap()
                return
            out.shutdown(socket.SHUT_WR)
            while out.recv(4096):
                pass

    def _connected(self) -> socket.socket:
        out = socket.create_connection(self._address, self.target.settings.timeout_s)
        if self.transport == "tcp":
            return out
        try:
            trust = ssl.create_default_context(cafile=str(self.target.ca_file) if self.target.ca_file else None)
        except OSError as error:
            raise SinkError("cannot read the certificates", where=str(self.target.ca_file)) from error
        return trust.wrap_socket(out, server_hostname=self._address[0])


def message(finding: Finding, report: Report, text: str, hostname: str) -> bytes:
    """Return one RFC 5424 message; text beyond ASCII is marked as UTF-8 by a byte order mark (section 6.4)."""
    when: datetime = alert.moment(finding, report)
    origin = f'[origin software="molehunt" swVersion="{report.molehunt_version}"]'
    name = "".join(c for c in hostname if "!" <= c <= "~")[:255] or "-"
    header = f"<{FACILITY * 8 + SEVERITIES[finding.severity]}>1 {rfc3339(when)} {name} molehunt - {finding.kind} {origin} "
    body = text.encode("utf-8", "backslashreplace")
    return header.encode("ascii") + (b"" if body.isascii() else b"\xef\xbb\xbf") + body


DELIVERY = SyslogDelivery()
