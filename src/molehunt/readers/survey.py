"""One quick pass over a text file, and the rewriting of the few that DuckDB could not read without loss.

DuckDB reads clean text at full speed, but skips lines with a wrong byte, gives up on mixed line ends, and takes everything
after a stray quote as one value. An attacker chooses the bytes of a name, so none of that may cost a record: such files are
rewritten, byte by byte as far as they can be, before they are read.
"""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from molehunt.findings import Problem
from molehunt.readers._octets import seen as look

#: Bytes looked at in one step: small enough for the processor's cache.
STEP_BYTES = 1 << 20
#: From this size on so many threads look at a file side by side.
LARGE_BYTES, THREADS = 16 << 20, 2
#: First octets of a Parquet file; its columns stand at its end.
PARQUET = b"PAR1"
#: Characters of a bad line that are shown.
EXAMPLE_CHARS = 160
#: Lines between two words on how far the rewriting has come.
TOLD_LINES = 10_000
#: Told how many bytes are done.
Told = Callable[[int], object]
#: What a chunk has: newlines, double quotes, and whether anything rare.
Found = tuple[int, int, bool]


def untold(done_bytes: int) -> None:
    """Tell nobody how far the work has come."""


@dataclass
class Survey:
    """What the pass saw.

    Attributes:
        line_count: Lines, the last one also if it does not end.
        hash_count: Lines that begin with ``#``.
        ascii: No byte above 127.
        nul: A zero byte somewhere.
        return_count: Carriage returns.
        return_newline_count: Carriage returns right before a newline.
        newline_count: Newlines.
        quote_count: Double quotes.
        longest_bytes: Longest line, exact beyond ``STEP_BYTES``, else a lower bound.
    """

    line_count: int = 0
    hash_count: int = 0
    ascii: bool = True
    nul: bool = False
    return_count: int = 0
    return_newline_count: int = 0
    newline_count: int = 0
    quote_count: int = 0
    longest_bytes: int = 0

    @property
    def ends_mixed(self) -> bool:
        """Tell whether some lines end with CR LF and some do not, or a CR stands alone."""
        return self.return_count > 0 and not self.return_count == self.return_newline_count == self.newline_count


def survey(path: Path, told: Told = untold) -> Survey:
    """Look at every byte of a text file once, at several GB/s.

    Args:
        path: The file.
        told: Told how many bytes have been looked at.

    Raises:
        OSError: The file cannot be read.
    """
    seen, open_bytes, last, done_bytes = Survey(), 0, b"\n", 0
    for chunk, found in _looked(path):
        open_bytes = _add(seen, chunk, found, last, open_bytes)
        last = chunk[-1:]
        done_bytes += len(chunk)
        told(done_bytes)
    seen.longest_bytes = max(seen.longest_bytes, open_bytes)
    seen.line_count = seen.newline_count + (last != b"\n")
    return seen


def _looked(path: Path) -> Iterator[tuple[bytes, Found]]:
    """Yield the chunks of a file in their order, with what was seen in each."""
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size

        def looked(at: int) -> tuple[bytes, Found]:
            chunk = os.pread(file.fileno(), STEP_BYTES, at)
            return chunk, look(chunk)

        places = range(0, size, STEP_BYTES)
        pieces = map(looked, places) if size < LARGE_BYTES else _side_by_side(looked, places)
        yield from (piece for piece in pieces if piece[0])  # nothing is left where the file has become shorter


def _side_by_side(looked: Callable[[int], tuple[bytes, Found]], places: Iterable[int]) -> Iterator[tuple[bytes, Found]]:
    """Look at all places, some at once, and yield what was found in the order of the places."""
    from concurrent.futures import ThreadPoolExecutor  # late: most files need no threads

    left = iter(places)
    with ThreadPoolExecutor(THREADS) as pool:
        ahead = deque(pool.submit(looked, place) for place in islice(left, 2 * THREADS))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(looked, place) for place in islice(left, 1))


def _add(seen: Survey, chunk: bytes, found: Found, last: bytes, open_bytes: int) -> int:
    """Add a chunk to the survey; return how long the line is that it leaves open."""
    newline_count, quote_count, rare = found
    seen.newline_count += newline_count
    seen.quote_count += quote_count
    seen.return_newline_count += last == b"\r" and chunk[:1] == b"\n"
    if rare:
        seen.ascii = seen.ascii and chunk.isascii()
        seen.nul = seen.nul or b"\0" in chunk
        seen.return_count += chunk.count(b"\r")
        seen.return_newline_count += chunk.count(b"\r\n")
        seen.hash_count += chunk.count(b"\n#") + (last == b"\n" and chunk[:1] == b"#")
    first = chunk.find(b"\n")
    if first < 0:
        return open_bytes + len(chunk)
    seen.longest_bytes = max(seen.longest_bytes, open_bytes + first)
    return len(chunk) - 1 - chunk.rfind(b"\n")


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text file, by its byte order mark or by where the zeros of its first line are."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:256]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if not even and odd * 3 > len(start):
        return "utf-16-le"
    if not odd and even * 3 > len(start):
        return "utf-16-be"
    return "utf-8-sig"


def is_binary(head: bytes) -> bool:
    """Tell whether a file that begins with these bytes is no text: Parquet, or more than a tenth control characters."""
    if head.startswith(PARQUET):
        return True
    if encoding_of(head) != "utf-8-sig":
        return False
    start = head[:4096]
    control = sum(start.count(octet) for octet in range(32) if octet not in b"\t\n\r")
    return control * 10 > len(start)


@dataclass
class Rewriting:
    """How a text file has to be rewritten, and what was dropped by it.

    Attributes:
        encoding: Encoding of the file.
        json: Whether an escape needs a second backslash.
        quotes: Whether each line is to be quoted anew, because quotes do not pair.
        line_chars: Longer lines are dropped.
        newline: What ends a line; None if it is a carriage return alone.
        dropped_count: Dropped lines.
        first_dropped: Number and beginning of the first dropped line.
    """

    encoding: str
    json: bool
    quotes: bool
    line_chars: int
    newline: str | None = "\n"
    dropped_count: int = 0
    first_dropped: str = ""

    def run(self, source: Path, target: Path, told: Told = untold) -> list[Problem]:
        r"""Write the clean text, in bounded memory; return what was dropped.

        Wrong bytes and zeros become ``\DDD`` as in RFC 1035 §5.1, so a name keeps them.
        """
        errors = "molehunt_json" if self.json else "molehunt_text"
        with (
            source.open("r", encoding=self.encoding, errors=errors, newline=self.newline) as reader,
            target.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as writer,
        ):
            writer.writelines(self._clean(line) for line in self._lines(reader, told))
        if not self.dropped_count:
            return []
        reason = f"line longer than {self.line_chars} bytes"
        return [Problem(reason=reason, count=self.dropped_count, example=self.first_dropped)]

    def _lines(self, reader: TextIO, told: Told) -> Iterator[str]:
        number = 0
        while line := reader.readline(self.line_chars):
            number += 1
            if number % TOLD_LINES == 0:
                told(reader.buffer.tell())
            if len(line) < self.line_chars or line.endswith("\n"):
                yield line
                continue
            self.dropped_count += 1
            self.first_dropped = self.first_dropped or f"line {number}: {line[:EXAMPLE_CHARS]}…"
            while line and not line.endswith("\n"):
                line = reader.readline(self.line_chars)

    def _clean(self, line: str) -> str:
        body, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
        slash = "\\\\" if self.json else "\\"
        body = body.removesuffix("\r").replace("\0", f"{slash}000").replace("\r", f"{slash}013")
        if self.quotes and body.count('"') % 2:
            body = body.replace('"', f"{slash}034")
        return body + end


def rewriting(seen: Survey, path: Path, head: bytes, line_bytes: int) -> Rewriting | None:
    """Return how the file has to be rewritten, or None if DuckDB reads it as it is.

    Raises:
        OSError: The file cannot be read.
    """
    encoding = encoding_of(head)
    text = head[:STEP_BYTES].decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    json = text.startswith(("{", "["))
    stray_quote = not json and not text.startswith("#") and seen.quote_count % 2 == 1
    reasons = (
        encoding != "utf-8-sig",
        json and head.startswith(codecs.BOM_UTF8),
        seen.nul,
        not json and seen.ends_mixed,
        seen.longest_bytes > line_bytes,
        stray_quote,
        not seen.ascii and not _is_utf8(path),
    )
    if not any(reasons):
        return None
    newline = None if seen.return_count and not seen.newline_count else "\n"
    return Rewriting(encoding, json, stray_quote, line_bytes, newline)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            for chunk in _chunks(file):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(STEP_BYTES):
        yield chunk


def _escape(slash: str) -> None:
    def escape(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return "".join(f"{slash}{octet:03d}" for octet in error.object[error.start : error.end]), error.end

    codecs.register_error("molehunt_json" if slash == "\\\\" else "molehunt_text", escape)


_escape("\\")
_escape("\\\\")
