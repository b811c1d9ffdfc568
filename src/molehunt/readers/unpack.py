"""Compressed sources and standard input, written plain to a temporary file within limits.

Formats are known by their magic bytes, not by name. Decompressed in steps, so memory is bounded; a file that expands beyond
the limits of :class:`molehunt.config.InputLimits` is a bomb and refused.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from molehunt.config import InputLimits
from molehunt.errors import MolehuntError, SourceError

#: Called with what is being done, and the bytes done and to do.
Progress = Callable[[str, int, int], None]

#: Magic bytes -> name of the format. Source: RFC 1952, RFC 8878, bzip2, xz and LZ4 frame format.
MAGICS: dict[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x04\x22\x4d\x18": "lz4",
}
STEP_BYTES = 1 << 20
SALVAGE_BYTES = 4 << 10
#: What the decompressors raise on bytes that break their format; zstandard's and lz4's are not known before they load.
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, RuntimeError)


def compression_of(head: bytes) -> str | None:
    """Return the name of the compression format of a file that begins with these bytes, or None."""
    return next((name for magic, name in MAGICS.items() if head.startswith(magic)), None)


def unpack(name: str, source: Path, target: Path, limits: InputLimits, progress: Progress) -> str | None:
    """Decompress a file.

    Returns:
        What is wrong with the end of the file, or None. What came before the fault is kept.

    Raises:
        SourceError: It is a bomb, or nothing could be read.
        MissingExtraError: The package for its format is not installed.
        OSError: The file cannot be opened, or the disk is full.
    """
    total = source.stat().st_size
    with source.open("rb") as raw, target.open("wb") as out:
        form = compression_of(raw.read(8))
        raw.seek(0)
        reader = _open(form, raw)
        written = 0
        try:
            while chunk := reader.read(STEP_BYTES):
                written += len(chunk)
                _check(name, raw.tell(), written, limits)
                out.write(chunk)
                progress(f"unpacking {name}", raw.tell(), total)
        except Exception as error:
            if not _is_broken(error):
                raise
            written += _salvage(form, source, written, out)
            if not written:
                raise SourceError(f"not a readable {form} file: {error}", where=name) from error
            return f"the {form} data breaks after {written} bytes: {error}"
    return None


def _is_broken(error: Exception) -> bool:
    foreign = type(error).__module__.split(".")[0] in ("zstandard", "lz4")
    return not isinstance(error, MolehuntError) and (foreign or isinstance(error, BROKEN))


def _salvage(form: str | None, source: Path, written: int, out: BinaryIO) -> int:
    """Write what comes after ``written`` bytes and before the fault, in small steps; return how much it is."""
    salvaged = -written
    with source.open("rb") as raw, contextlib.suppress(Exception):
        reader = _open(form, raw)
        while (chunk := reader.read1(SALVAGE_BYTES)) and salvaged < STEP_BYTES:
            out.write(chunk[max(0, -salvaged) :] if salvaged < 0 else chunk)
            salvaged += len(chunk)
    return max(salvaged, 0)


def _check(name: str, read: int, written: int, limits: InputLimits) -> None:
    if written > limits.expansion_free_bytes and written > limits.expansion_ratio * max(read, 1):
        raise SourceError(
            f"expands more than {limits.expansion_ratio:.0f} times, like a decompression bomb",
            where=name,
            next_step="If it is genuine, raise limits.expansion_ratio in the configuration",
        )
    _check_size(name, written, limits)


def _check_size(name: str, written: int, limits: InputLimits) -> None:
    if written > limits.spool_bytes:
        raise SourceError(
            f"needs more than {limits.spool_bytes} bytes of temporary disk",
            where=name,
            next_step="Unpack it yourself, or raise limits.spool_bytes in the configuration",
        )


def _open(form: str | None, raw: BinaryIO) -> Any:
    if form == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if form == "bzip2":
        return bz2.BZ2File(raw)
    if form == "xz":
        return lzma.LZMAFile(raw)
    if form == "zstd":
        import zstandard  # late, as the next: most logs need neither

        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=False)
    import lz4.frame

    return lz4.frame.LZ4FrameFile(raw)


def spool_stdin(target: Path, limits: InputLimits, progress: Progress) -> None:
    """Write standard input to a file, so that it can be read more than once.

    Raises:
        SourceError: It is longer than ``limits.spool_bytes``.
    """
    written = 0
    with target.open("wb") as out:
        while chunk := sys.stdin.buffer.read(STEP_BYTES):
            written += len(chunk)
            _check_size("-", written, limits)
            out.write(chunk)
            progress("reading standard input", written, 0)
