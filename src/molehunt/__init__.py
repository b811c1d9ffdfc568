"""Molehunt finds tunnels, exfiltration, command-and-control and beacons hidden in DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from molehunt.config import Config
    from molehunt.errors import MolehuntError
    from molehunt.findings import Evidence, Finding, Report
    from molehunt.pipeline import read, scan

__version__ = "0.1.0"
__all__ = ["Config", "Evidence", "Finding", "MolehuntError", "Report", "read", "scan"]

#: Public name -> the module that has it; loaded on first use, so that `import molehunt` stays instant.
_HOMES = {
    "Config": "config",
    "Evidence": "findings",
    "Finding": "findings",
    "MolehuntError": "errors",
    "Report": "findings",
    "read": "pipeline",
    "scan": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'molehunt' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"molehunt.{_HOMES[name]}"), name)
