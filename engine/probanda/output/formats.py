"""The formats of a run, by the name that `--output` takes.

Each is one module with a function `render`; it is imported when somebody asks for it.

Example:
    text = renderer("sarif")(report)
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from probanda.output.interface import Renderer

# name → (module of this room, one line of help).
FORMATS: Mapping[str, tuple[str, str]] = {
    "text": ("text", "for the terminal"),
    "json": ("json", "every decision, for programs"),
    "sarif": ("sarif", "SARIF 2.1.0, for code scanning"),
    "junit": ("junit", "JUnit XML, for test reports"),
    "github": ("github", "annotations of a GitHub job"),
    "markdown": ("markdown", "a job's summary, or a comment on the change"),
}


def renderer(name: str) -> Renderer:
    """The renderer called `name`, a key of `FORMATS`."""
    module = importlib.import_module(f"probanda.output.{FORMATS[name][0]}")
    render: Renderer = module.render
    return render
