"""``molehunt list`` and ``molehunt config``: what there is, and what is set."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from molehunt.cli import app

settings = typer.Typer(no_args_is_help=True, help="Show or check the settings.")
app.add_typer(settings, name="config")


@app.command(name="list")
def list_(
    what: Annotated[Literal["readers", "detectors", "sinks", "deliveries"], typer.Argument(help="What to list.")],
) -> None:
    """List the readers, detectors, sinks or deliveries."""
    for name, summary in _entries(what):
        typer.echo(f"{name:<16} {summary}")


def _entries(what: str) -> list[tuple[str, str]]:
    home = "molehunt.sinks.delivery" if what == "deliveries" else f"molehunt.{what}"
    table: dict[str, str] = getattr(import_module(home), what.upper())
    return [(name, _summary(target)) for name, target in table.items()]


def _summary(target: str) -> str:
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    return str(getattr(found, "summary", "") or (found.__doc__ or "").strip().split("\n")[0])


@settings.command()
def show() -> None:
    """Print every setting with its default, as TOML."""
    from molehunt.config import Config

    for row in _section(Config(), ""):
        typer.echo(row)


def _section(section: Any, path: str) -> Iterator[str]:
    """Yield a section as TOML: its own values first, then the sections in it."""
    inner = {name: value for name, value in section if hasattr(value, "model_fields_set")}
    own = {name: value for name, value in section if name not in inner and value is not None}
    if own:
        yield f"[{path}]"
    for name, value in own.items():
        about = type(section).model_fields[name].description
        yield f"{name} = {_toml(value)}" + (f"  # {about}" if about else "")
    if own:
        yield ""
    for name, value in inner.items():
        yield from _section(value, f"{path}.{name}" if path else name)


@settings.command()
def check(path: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The settings to check.")]) -> None:
    """Check a settings file; the exit code is 2 if it is wrong."""
    from molehunt.config import load

    load(path)
    typer.echo(f"{path}: fine", err=True)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list | frozenset):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else f'"{name}"'
