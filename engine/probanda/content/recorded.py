"""Judging content that was kept with a decision: what it said, each document by itself.

Rules:

- It was a complete project when it judged. Only what judges was kept: no contracts, tests or
  trust roots, and nothing that is built in. So what documents say about each other is not
  checked again.
- Names are unique and forms are right, or it is an error: whoever keeps it may have made it up.

Example:

    recorded = load_recorded(tree)
    recorded.gates["pull-request"].checks
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probanda.content.convert import convert_gate, convert_project
from probanda.content.files import read_file, read_rooms
from probanda.content.load import by_name, load_waivers
from probanda.content.people import load_baselines, load_roster
from probanda.content.rooms import Place
from probanda.content.source import Errors
from probanda.content.tree import PROJECT_FILE, Tree
from probanda.errors import ContentError
from probanda.model.baseline import Baseline
from probanda.model.gate import Gate
from probanda.model.project import Project
from probanda.model.roster import Roster
from probanda.model.waiver import Waiver


@dataclass(frozen=True, slots=True)
class RecordedContent:
    """What decides how strictly, and what is excused.

    Attributes:
        project: without the approvers' keys.
        gates: by name.
        waivers: by name.
        baselines: by gate.
        roster: who is who, with their keys.
    """

    project: Project
    gates: Mapping[str, Gate]
    waivers: Mapping[str, Waiver]
    baselines: Mapping[str, Baseline]
    roster: Roster


def load_recorded(tree: Tree) -> RecordedContent:
    """Project, gates, exceptions and roster in `tree`.

    Raises:
        MultipleContentError: everything that is wrong with them.
        ContentError: there is no project.
    """
    errors = Errors()
    rooms = read_rooms(tree, ("gates", "evidence"), errors, builtin=False)
    read_file(rooms, PROJECT_FILE, Place("Project"), errors, builtin=False)
    gates = by_name(rooms, "Gate", convert_gate, errors)
    waivers = load_waivers(rooms, gates, errors)
    baselines = load_baselines(rooms, gates, errors)
    roster = load_roster(rooms, errors)
    errors.raise_any()
    projects = [convert_project(source, {}) for source in rooms.of("Project")]
    if not projects:
        raise ContentError(f"no {PROJECT_FILE}")
    return RecordedContent(projects[0], gates, waivers, baselines, roster)
