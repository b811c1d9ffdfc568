"""Receivers on loopback that fail on purpose: HTTP by a script of answers, syslog over UDP, TCP and TLS."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Answer:
    """What to answer; ``drop`` cuts the connection: before the body is taken, or after (the answer is lost)."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    taken: bool = False


@dataclass
class HttpReceiver:
    url: str
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)


@contextmanager
def http_receiver(
    script: list[Answer], otherwise: Callable[[Request], Answer] = lambda request: Answer()
) -> Iterator[HttpReceiver]:
    """Serve the script's answers first, then what ``otherwise`` says; ``taken`` are the requests received in full."""
    left = list(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            receiver.requests.append(request)
            answer = left.pop(0) if left else otherwise(request)
            if answer.taken or (200 <= answer.status < 300 and not answer.drop):
                receiver.taken.append(request)
            if answer.drop:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver = HttpReceiver(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@dataclass
class SyslogReceiver:
    port: int
    connections: list[bytes] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)


@contextmanager
def udp_receiver() -> Iterator[tuple[int, Callable[[int], list[bytes]]]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        yield server.getsockname()[1], lambda count: [server.recv(65535) for _ in range(count)]


@contextmanager
def stream_receiver(faults: list[str], tls: ssl.SSLContext | None = None) -> Iterator[SyslogReceiver]:
    """Take connections one after the other; a fault of the script spoils one: ``reset`` cuts it after some bytes."""
    left = list(faults)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        receiver = SyslogReceiver(server.getsockname()[1])

        def serve() -> None:
            while not receiver.done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                try:
                    _take(connection, left.pop(0) if left else "", receiver, tls)
                except OSError:
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.done.set()
            thread.join()


def _take(connection: socket.socket, fault: str, receiver: SyslogReceiver, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(5)
    if fault == "reset":
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        return
    stream = tls.wrap_socket(connection, server_side=True) if tls else connection
    with stream:
        data = b""
        while part := stream.recv(65536):
            data += part
        receiver.connections.append(data)
        if isinstance(stream, ssl.SSLSocket):
            stream.unwrap().close()


def frames(data: bytes) -> list[bytes]:
    """Take octet-counted frames apart (RFC 6587, 3.4.1)."""
    found = []
    while data:
        size, _, data = data.partition(b" ")
        found.append(data[: int(size)])
        assert len(found[-1]) == int(size), "a frame is cut"
        data = data[int(size) :]
    return found
