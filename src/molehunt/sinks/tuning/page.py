"""The curves as one offline page, with the style, the policy and the charts of the HTML report."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from molehunt.sinks.html.page import block, environment, policy
from molehunt.sinks.tuning.suppressions import cost
from molehunt.tuning import Tuning


def page(tuning: Tuning) -> str:
    """Return the page; it asks nobody for anything."""
    html = files("molehunt.sinks.html")
    own = files("molehunt.sinks.tuning").joinpath("tuning.js").read_text("utf-8")
    parts = [html.joinpath(name).read_text("utf-8") for name in ("show.js", "charts.js")]
    script = "(() => {\n'use strict';\n" + "\n".join([*parts, own]) + "})();\n"
    style, library = (html.joinpath(name).read_text("utf-8") for name in ("page.css", "vendor/chart.umd.min.js"))
    template = environment().from_string(files("molehunt.sinks.tuning").joinpath("tuning.html.j2").read_text("utf-8"))
    return template.render(
        tuning=tuning, cost=cost, policy=policy(style, script, library), style=Markup(style), script=Markup(script),
        library=Markup(library), data=block(tuning.model_dump_json()),
    )  # fmt: skip
