"""Everything molehunt raises, in one tree.

::

    MolehuntError
    ├── ConfigError             a setting is unknown, of the wrong type or out of range
    ├── SourceError             an input cannot be used
    │   ├── UnknownFormatError      no reader recognises it
    │   ├── MalformedRecordError    a record breaks its format
    │   └── SourceSchemaError       a column or field that the reader needs is missing
    ├── EngineError             a step of the computation failed
    ├── MissingExtraError       an optional dependency is not installed
    └── SinkError               a result could not be written or delivered

Each error carries its facts as attributes; its text says what happened, where, and what to do next. Library code raises,
the command line translates once.
"""

from __future__ import annotations


class MolehuntError(Exception):
    """Base of every error that molehunt raises on purpose.

    Args:
        what: What happened, one sentence without a full stop.
        where: Place of the fault: a path, ``path:line`` or ``path@byte``.
        next_step: What the reader of the message can do about it.
    """

    def __init__(self, what: str, *, where: str | None = None, next_step: str | None = None) -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f". {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{advice}"


class ConfigError(MolehuntError):
    """A setting is unknown, of the wrong type or out of range."""


class SourceError(MolehuntError):
    """An input cannot be used."""


class UnknownFormatError(SourceError):
    """No reader recognises the input."""


class MalformedRecordError(SourceError):
    """A record breaks its format."""


class SourceSchemaError(SourceError):
    """A column or field that the reader needs is missing."""


class EngineError(MolehuntError):
    """A step of the computation failed.

    Args:
        step: Name of the step, as ``pipeline.py`` calls it.
        what: What happened; its first line is told, as what engines add to it is advice about SQL.
        next_step: What to do about it.
    """

    def __init__(self, step: str, what: str, *, next_step: str | None = None) -> None:
        self.step = step
        super().__init__(what.partition("\n")[0], where=f"step {step}", next_step=next_step)


class MissingExtraError(MolehuntError):
    """An optional dependency is not installed.

    Args:
        package: The missing package.
        extra: The extra of molehunt that brings it.
        next_step: How to get it where that is not by the extra.
    """

    def __init__(self, package: str, extra: str, *, next_step: str | None = None) -> None:
        self.package = package
        self.extra = extra
        advice = next_step or f"Install it: pip install 'molehunt[{extra}]'"
        super().__init__(f"this needs the package {package!r}", next_step=advice)


class SinkError(MolehuntError):
    """A result could not be written or delivered."""
