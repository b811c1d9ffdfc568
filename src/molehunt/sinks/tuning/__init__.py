"""How ``molehunt tune`` shows its result: for the terminal, as a page, as JSON, and as a file of suppressions."""

from __future__ import annotations

from molehunt.errors import ConfigError
from molehunt.sinks import SinkOptions
from molehunt.tuning import Tuning

FORMATS = ("table", "html", "json", "suppressions")


def render(tuning: Tuning, form: str, options: SinkOptions) -> str:
    """Return the result in one of :data:`FORMATS`.

    Raises:
        ConfigError: There is no such format.
    """
    if form == "html":
        from molehunt.sinks.tuning.page import page

        return page(tuning)
    if form == "json":
        return tuning.model_dump_json(indent=1) + "\n"
    if form == "suppressions":
        from molehunt.sinks.tuning.suppressions import toml

        return toml(tuning)
    if form == "table":
        from molehunt.sinks.tuning.terminal import table

        return table(tuning, options)
    raise ConfigError(f"unknown format {form!r}", next_step=f"Formats: {', '.join(FORMATS)}")
