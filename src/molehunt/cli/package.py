"""``molehunt rules``: the detection package for a SIEM."""

from __future__ import annotations

from typing import Annotated

import typer

from molehunt.cli import app

rules = typer.Typer(no_args_is_help=True, help="The SIEM rules that come with molehunt.")
app.add_typer(rules, name="rules")


@rules.command(name="list")
def list_() -> None:
    """List the rules."""
    from molehunt.rules import RULES, load

    for name in RULES:
        typer.echo(f"{name:<16} {load(name).summary}")


@rules.command()
def show(rule: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, such as T1071.004.")]) -> None:
    """Print a rule as published."""
    from molehunt.rules import load

    typer.echo(load(rule).text, nl=False)
