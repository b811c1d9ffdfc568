"""The command line: arguments, exit codes, streams; nothing else. One file per command or small family of commands."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer

from molehunt.errors import ConfigError, MissingExtraError, MolehuntError, SourceError

#: Exit codes, as the README promises them.
RAN, FAILED_ON, USAGE, INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 4, 130

#: The modules that have the commands, in the order in which --help lists them.
COMMANDS = ("scan", "show", "tune", "block", "inspect", "package")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find tunnels, exfiltration, command-and-control and beacons hidden in DNS, in logs and captures.",
)  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        from molehunt.cli.streams import version

        typer.echo(f"molehunt {version()}")
        raise typer.Exit(RAN)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line and leave with one of the exit codes."""
    gc.set_threshold(100_000, 10, 10)  # what modules leave at the start is no garbage: do not look at it again and again
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no linear algebra here: NumPy's threads would only spin
    for name in COMMANDS:
        import_module(f"molehunt.cli.{name}")  # each adds its commands to the app
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell has told us to ignore it
        signal.signal(signal.SIGINT, interrupt)
    try:
        app()
    except SystemExit as end:  # Typer leaves with 1 where the reader of a pipe has gone; 1 means something else here
        sys.exit(RAN if isinstance(end.__context__, BrokenPipeError) else end.code)
    except Exception as error:  # an interrupt within the database comes out of it as an error of its own
        sys.exit(INTERRUPTED if interrupts else _failed(error))


def run() -> None:
    """Be the program: run :func:`main`, and leave without taking apart what was loaded, which costs 40 ms of a short run."""
    try:
        main()
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                with suppress(OSError):  # the reader has gone, which the code tells already
                    stream.flush()
        os._exit(end.code)  # nothing is left to be done: what a run opens, it closes


def _failed(error: Exception) -> int:
    """Say what went wrong; return the exit code."""
    if os.environ.get("MOLEHUNT_DEBUG") and not isinstance(error, MolehuntError):
        raise error
    if not isinstance(error, MolehuntError):
        _complain(f"internal error: {type(error).__name__}: {error}. Set MOLEHUNT_DEBUG=1 to see where, and report it")
        return INTERNAL
    _complain(str(error))
    return _code(error)


def _code(error: MolehuntError) -> int:
    if isinstance(error, SourceError):
        return INPUT
    return USAGE if isinstance(error, ConfigError | MissingExtraError) else INTERNAL


def _complain(text: str) -> None:
    sys.stderr.write(f"molehunt: {text}\n")
