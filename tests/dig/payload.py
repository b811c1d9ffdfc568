"""The two ends of a transfer whose size is known: random bytes up, then random bytes down, both checked by their digest.

Run inside the namespaces: ``payload.py serve|send HOST PORT UP_BYTES DOWN_BYTES SEED [CHUNK_BYTES PAUSE_S]``. Each end prints
what it received, as JSON.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import socket
import sys
import time

LIMIT_S = 600.0
FAREWELL_S = 5.0


def made(count: int, seed: str) -> bytes:
    """Return the bytes that both ends know."""
    return random.Random(seed).randbytes(count)


def receive(peer: socket.socket, count: int, seed: str) -> dict[str, object]:
    """Read ``count`` bytes and tell whether they are the right ones."""
    data = b""
    while len(data) < count and (part := peer.recv(min(65536, count - len(data)))):
        data += part
    return {"bytes": len(data), "intact": data == made(count, seed), "sha256": hashlib.sha256(data).hexdigest()}


def send(peer: socket.socket, data: bytes, chunk_bytes: int, pause_s: float) -> None:
    """Send the data in chunks with a pause after each."""
    for start in range(0, len(data), chunk_bytes):
        peer.sendall(data[start : start + chunk_bytes])
        time.sleep(pause_s)


def serve(address: tuple[str, int], up: int, down: int, seed: str) -> dict[str, object]:
    """Accept one client, take its bytes, give it ours."""
    with socket.create_server(address) as listener:
        listener.settimeout(LIMIT_S)
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(LIMIT_S)
            got = receive(peer, up, seed + "up")
            send(peer, made(down, seed + "down"), 1 << 16, 0)
            with contextlib.suppress(OSError):  # the client closes when it has everything; the tunnel may not tell
                peer.settimeout(FAREWELL_S)
                peer.recv(1)
    return got


def dial(address: tuple[str, int], up: int, down: int, seed: str, chunk_bytes: int, pause_s: float) -> dict[str, object]:
    """Connect, give our bytes, take the server's."""
    with socket.create_connection(address, timeout=LIMIT_S) as peer:
        send(peer, made(up, seed + "up"), chunk_bytes, pause_s)
        return receive(peer, down, seed + "down")


def main(role: str, host: str, port: str, up: str, down: str, seed: str, chunk: str = "65536", pause: str = "0") -> None:
    """Play one of the two ends."""
    address, sizes = (host, int(port)), (int(up), int(down))
    got = serve(address, *sizes, seed) if role == "serve" else dial(address, *sizes, seed, int(chunk), float(pause))
    print(json.dumps(got))


if __name__ == "__main__":
    main(*sys.argv[1:])
