"""The environment of a command that a test starts in a process of its own."""

from __future__ import annotations

import os
import sys


def environment(**changes: str) -> dict[str, str]:
    """This process's, with everything importable there that is importable here."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **changes}
