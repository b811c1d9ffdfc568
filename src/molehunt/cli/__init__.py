"""The command line: arguments, exit codes, streams; nothing else. One file per command or small family of commands."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from molehunt.errors import ConfigError, MissingExtraError, MolehuntError, SourceError

#: Exit codes, as CONTRACT.md promises them.
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
    """Run the command line and leave with CONTRACT's exit codes."""
    for name in COMMANDS:
        import_module(f"molehunt.cli.{name}")  # each adds its commands to the app
    try:
        app()
    except MolehuntError as error:
        _complain(str(error))
        sys.exit(_code(error))
    except KeyboardInterrupt:
        _complain("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(RAN)
    except Exception as error:
        if os.environ.get("MOLEHUNT_DEBUG"):
            raise
        _complain(f"internal error: {type(error).__name__}: {error}. Set MOLEHUNT_DEBUG=1 to see where, and report it")
        sys.exit(INTERNAL)


def _code(error: MolehuntError) -> int:
    if isinstance(error, SourceError):
        return INPUT
    return USAGE if isinstance(error, ConfigError | MissingExtraError) else INTERNAL


def _complain(text: str) -> None:
    sys.stderr.write(f"molehunt: {text}\n")
