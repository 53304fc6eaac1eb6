"""Load a project: read every document, check all of them, report all errors at once.

Rules:

- Order: read files → form → names → what documents say about each other. A document
  that fails early takes no part in later checks, and nothing that refers to it is
  blamed.
- The catalogue is complete and right, or there is none.
- Names that a project shares with built-in content are an error unless the project
  says `extends`; then the project's are used. Where the project *is* probanda's
  source, its rooms are the built-in content and are loaded once.

Example:

    catalogue = load(WorkingTree(find_root(Path.cwd())))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from probanda.canonical import sha256_hex
from probanda.content.catalogue import BUILTIN, Catalogue
from probanda.content.citations import misplaced_in_gate, misplaced_in_policy
from probanda.content.complaints import nearest
from probanda.content.convert import (
    convert_clarification,
    convert_contract,
    convert_control,
    convert_gate,
    convert_project,
    convert_waiver,
)
from probanda.content.crosscheck import (
    Context,
    check_control,
    check_gate,
    check_policy,
)
from probanda.content.files import Rooms, read_file, read_rooms
from probanda.content.maps import check_map, check_name, convert_identifiers, convert_map
from probanda.content.people import check_waiver, load_baselines, load_roster
from probanda.content.policies import assemble
from probanda.content.rooms import ROOMS, Place
from probanda.content.source import Errors, Source
from probanda.content.statements import Contract as ContractDocument
from probanda.content.tree import (
    BUILTIN_ROOMS,
    PROJECT_FILE,
    Tree,
    builtin_tree,
    provides_builtin,
)
from probanda.errors import ContentError
from probanda.model.clarification import Clarification
from probanda.model.contract import Contract
from probanda.model.control import Control
from probanda.model.control_map import ControlMap, IdentifierList
from probanda.model.criterion import canonical_control
from probanda.model.gate import Gate
from probanda.model.policy import Policy
from probanda.model.project import Project
from probanda.model.waiver import Waiver

# Kinds of built-in documents.
_REPLACEABLE = ("Policy", "Control", "IdentifierList", "ControlMap")
_KEY_HEADER = b"-----BEGIN PUBLIC KEY-----"
T = TypeVar("T")


def load(tree: Tree, *, builtin: bool | Tree = True, maps: bool = False) -> Catalogue:
    """The catalogue of the project in `tree`.

    Args:
        tree: the project.
        builtin: whether built-in content takes part, or the tree that it is taken from.
        maps: whether identifier lists and control maps are read; they judge nothing.

    Raises:
        MultipleContentError: everything that is wrong with it.
    """
    errors = Errors()
    itself = provides_builtin(tree)
    own = read_rooms(tree, ROOMS, errors, builtin=False, maps=maps)
    read_file(own, PROJECT_FILE, Place("Project"), errors, builtin=False)
    shipped = Rooms(tree)
    if builtin is not False and not itself:
        shipping = builtin_tree() if builtin is True else builtin
        shipped = read_rooms(shipping, BUILTIN_ROOMS, errors, builtin=True, maps=maps)
    project = _project(own, errors)
    _check_names(own, shipped, errors)
    controls = _controls(shipped, errors) | _controls(own, errors)
    files = {name.lower() for rooms in (own, shipped) for name in rooms.names.get("Control", ())}
    context = Context(
        policies=_policies(own, errors, prefix="") | _policies(shipped, errors, prefix=BUILTIN),
        controls=controls,
        broken_policies=frozenset(own.broken.get("Policy", ()))
        | {f"{BUILTIN}{name}" for name in shipped.broken.get("Policy", ())},
        broken_controls=frozenset(files) - {name.lower() for name in controls},
        provides_builtin=itself,
    )
    _crosscheck(own, shipped, context, errors)
    identifiers, control_maps = _maps(own, shipped, context, errors)
    gates = by_name(own, "Gate", convert_gate, errors)
    waivers = load_waivers(own, gates, errors)
    baselines = load_baselines(own, gates, errors)
    roster = load_roster(own, errors)
    contracts = _contracts(own, errors)
    clarifications = _clarifications(own, project, errors)
    errors.raise_any()
    if project is None:  # then `errors` had one
        raise ContentError(f"no {PROJECT_FILE}")
    return Catalogue(
        project=project,
        gates=gates,
        policies=context.policies,
        controls=context.controls,
        contracts=contracts,
        waivers=waivers,
        clarifications=clarifications,
        baselines=baselines,
        roster=roster,
        identifiers=identifiers,
        maps=control_maps,
        files=dict(sorted(own.digests.items())),
        warnings=tuple(_misplaced(own, controls)),
        provides_builtin=itself,
    )


def load_waivers(own: Rooms, gates: Mapping[str, Gate], errors: Errors) -> dict[str, Waiver]:
    """Waivers by name, each with the signature beside it; `gates/` verifies them later."""
    signatures = own.text("Signature")
    # A gate that could not be read is reported, and nothing that names it.
    for source in () if errors else own.of("Waiver"):
        check_waiver(source, gates, errors)
    return by_name(
        own,
        "Waiver",
        lambda source: convert_waiver(source, signatures.get(f"{source.path}.sig.json", "")),
        errors,
    )


def _crosscheck(own: Rooms, shipped: Rooms, context: Context, errors: Errors) -> None:
    for source in own.of("Gate"):
        check_gate(source, context, errors)
    for rooms in (own, shipped):
        for source in rooms.of("Policy"):
            check_policy(source, context, errors)
        for source in rooms.of("Control"):
            check_control(source, context, errors)


def _misplaced(own: Rooms, controls: Mapping[str, Control]) -> Iterator[ContentError]:
    """Citations that do not fit, in the order of files and lines."""
    for gate in own.of("Gate"):
        yield from misplaced_in_gate(gate, controls)
    for policy in own.of("Policy"):
        yield from misplaced_in_policy(policy, controls)


def by_name(
    rooms: Rooms, kind: str, convert: Callable[[Source[Any]], T], errors: Errors
) -> dict[str, T]:
    """Domain values of a kind by `metadata.name`, which is unique."""
    found: dict[str, T] = {}
    first: dict[str, Source[Any]] = {}
    for source in rooms.of(kind):
        name = source.document.metadata.name
        if name in first:
            message = f"another {kind} is called '{name}': {first[name].path}"
            errors.add(source.error(("metadata", "name"), message))
        first.setdefault(name, source)
        found[name] = convert(source)
    return found


def _project(own: Rooms, errors: Errors) -> Project | None:
    """The project, with its approvers' keys, which judge as well."""
    for source in own.of("Project"):
        spec = source.document.spec
        keys: dict[str, str] = {}
        for index, entry in enumerate(spec.approvers):
            path = ("spec", "approvers", index)
            if entry.name in [other.name for other in spec.approvers[:index]]:
                message = f"approver '{entry.name}' is there twice"
                errors.add(source.error((*path, "name"), message))
            if entry.public_key is not None:
                data = _companion(source, (*path, "publicKey"), entry.public_key, errors)
                if data is not None:
                    own.digests[entry.public_key] = sha256_hex(data)
                    keys[entry.name] = data.decode("ascii", "replace")
                    if not data.lstrip().startswith(_KEY_HEADER):
                        message = f"'{entry.public_key}' is no public key (PEM)"
                        hint = f"it must begin with {_KEY_HEADER.decode()}"
                        errors.add(source.error((*path, "publicKey"), message, hint=hint))
        for index, path_text in enumerate(spec.trust):
            _companion(source, ("spec", "trust", index), path_text, errors)
        return convert_project(source, keys)
    return None


def _companion(
    source: Source[Any], path: tuple[str | int, ...], name: str, errors: Errors
) -> bytes | None:
    """The bytes of a file that a document names."""
    try:
        data: bytes = source.tree.read(name)
    except ContentError as error:
        errors.add(source.error(path, f"'{name}': {error.message}"))
        return None
    return data


def _check_names(own: Rooms, shipped: Rooms, errors: Errors) -> None:
    """A name of the project's that is built in too needs `extends`."""
    extends: tuple[str, ...] = ()
    taken = {source.document.metadata.name for kind in _REPLACEABLE for source in shipped.of(kind)}
    for source in own.of("Project"):
        extends = tuple(canonical_control(name) for name in source.document.spec.extends)
        for index, name in enumerate(extends):
            if name not in taken:
                message = f"nothing called '{name}' is built in"
                path = ("spec", "extends", index)
                errors.add(source.error(path, message, hint=nearest(name, taken)))
    for kind in _REPLACEABLE:
        names = {source.document.metadata.name for source in shipped.of(kind)}
        for source in own.of(kind):
            name = source.document.metadata.name
            if name in names and name not in extends:
                errors.add(
                    source.error(
                        ("metadata", "name"),
                        f"a {kind} called '{name}' is built in",
                        hint=f"rename it, or write 'extends: [{name}]' in {PROJECT_FILE}",
                    )
                )


def _policies(rooms: Rooms, errors: Errors, *, prefix: str) -> dict[str, Policy]:
    """Policies by id; the folder is the name, so that none can be there twice."""
    found: dict[str, Policy] = {}
    for source in rooms.of("Policy"):
        folder = source.path.removesuffix("policy.yaml")
        found[f"{prefix}{source.name}"] = assemble(
            source,
            modules=rooms.text("Rego", folder),
            tests=rooms.text("RegoTest", folder),
            digests=rooms.digests,
            errors=errors,
        )
    return found


def _controls(rooms: Rooms, errors: Errors) -> dict[str, Control]:
    """Controls by id."""
    return by_name(rooms, "Control", convert_control, errors)


def _maps(
    own: Rooms, shipped: Rooms, context: Context, errors: Errors
) -> tuple[dict[str, IdentifierList], dict[str, ControlMap]]:
    """Identifier lists and maps by name; a map of the project's may use a list that is built in."""
    identifiers: dict[str, IdentifierList] = {}
    maps: dict[str, ControlMap] = {}
    for rooms in (shipped, own):
        identifiers |= by_name(rooms, "IdentifierList", convert_identifiers, errors)
        maps |= by_name(rooms, "ControlMap", convert_map, errors)
    for rooms in (shipped, own):
        broken = context.broken_controls | rooms.broken.get("IdentifierList", set())
        for source in (*rooms.of("IdentifierList"), *rooms.of("ControlMap")):
            check_name(source, errors)
        for source in rooms.of("ControlMap"):
            check_map(source, identifiers, context.controls, broken, errors)
    return identifiers, maps


def _contracts(own: Rooms, errors: Errors) -> dict[str, Contract]:
    """Contracts by folder; one version of one dataset is there once."""
    found: dict[str, Contract] = {}
    terms: dict[tuple[str, str], str] = {}
    for source in own.of("Contract"):
        document = source.document
        if isinstance(document, ContractDocument) and document.metadata.name != source.name:
            message = f"the name must be the folder's: '{source.name}'"
            errors.add(source.error(("metadata", "name"), message))
        contract = convert_contract(source)
        if source.name in found:
            message = f"contracts/{source.name} has both contract.yaml and contract.json"
            errors.add(source.error((), message, hint="remove one of the two"))
        identity = (contract.dataset_id, contract.version)
        if terms.setdefault(identity, source.name) != source.name:
            message = f"contracts/{terms[identity]} has the same dataset and version"
            errors.add(source.error((), message))
        found[source.name] = contract
    return found


def _clarifications(
    own: Rooms, project: Project | None, errors: Errors
) -> dict[str, Clarification]:
    """Clarifications, each with the signature beside it; `sign/` verifies them later."""
    signatures = own.text("Signature")
    signers = [approver.name for approver in project.approvers] if project else []
    keyless = [a.name for a in project.approvers if not a.public_key] if project else []
    packages: dict[str, str] = {}
    for source in own.of("Clarification"):
        spec = source.document.spec
        if f"{source.path}.sig.json" not in signatures:
            message = f"not signed: {source.path}.sig.json is missing"
            errors.add(source.error((), message, hint="have its author sign it"))
        if project is not None and spec.author not in signers:
            message = f"'{spec.author}' is no approver of the project"
            hint = nearest(spec.author, signers) or f"add them to {PROJECT_FILE}"
            errors.add(source.error(("spec", "author"), message, hint=hint))
        elif spec.author in keyless:
            message = f"approver '{spec.author}' has no public key"
            hint = f"add 'publicKey' in {PROJECT_FILE}"
            errors.add(source.error(("spec", "author"), message, hint=hint))
        if packages.setdefault(spec.purl, source.path) != source.path:
            message = f"the same package is clarified in {packages[spec.purl]}"
            errors.add(source.error(("spec", "purl"), message))
    return by_name(
        own,
        "Clarification",
        lambda source: convert_clarification(source, signatures.get(f"{source.path}.sig.json", "")),
        errors,
    )
