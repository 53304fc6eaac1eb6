"""A task that kills the process it runs in; a module of its own, so that workers can import it."""

from __future__ import annotations

import os
from typing import Any

from probanda.gates.file_task import FileTask
from probanda.model.fact import Fact


class DeadlyTask(FileTask):
    """The process that judges a file with the word `kill` dies of it."""

    def context(self, fact: Fact) -> dict[str, Any]:
        if "kill" in fact.data["bad"]:
            os._exit(9)
        return FileTask.context(self, fact)
