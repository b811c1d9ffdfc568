"""How fast the command line starts, against importing the library that it is made with."""

from __future__ import annotations

from bench.ratio import Ratio, compare, molehunt, python


def run() -> list[Ratio]:
    """Compare ``molehunt --help`` with ``import typer``."""
    return [compare("molehunt --help ÷ import typer", molehunt("--help"), python("import typer"), target=3.0, pairs=7)]
