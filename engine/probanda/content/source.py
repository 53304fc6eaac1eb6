"""One file, read into a document that knows where everything in it is written.

Rules:

- A file is read once; the digest is of the very bytes that were parsed.
- The kind is checked before the fields: a policy in `gates/` is one error, not ten.
- Errors are collected, never raised one by one: see `Errors`.

Example:

    source = read_source(tree, "gates/pull-request.yaml", classify(...), errors)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from probanda.canonical import sha256_hex
from probanda.content import complaints
from probanda.content.documents import Model
from probanda.content.fields import unwrap
from probanda.content.kinds import MODELS
from probanda.content.rooms import Place
from probanda.content.statements import RawContract
from probanda.content.tree import Tree, locate
from probanda.errors import ContentError, MultipleContentError, ParseError
from probanda.model.location import Location
from probanda.parse.json import load_json_tree
from probanda.parse.limits import DOCUMENT
from probanda.parse.tree import MappingNode, ScalarNode, YamlNode
from probanda.parse.yaml import load_yaml

D = TypeVar("D", bound=Model)


class Errors:
    """All errors of one load."""

    def __init__(self) -> None:
        self._errors: list[ContentError] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._errors)

    def add(self, error: ContentError) -> None:
        """Keep one more."""
        self._errors.append(error)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep what the block raises, and go on behind it."""
        try:
            yield
        except MultipleContentError as several:
            self._errors.extend(several.errors)
        except ContentError as error:
            self._errors.append(error)
        except ParseError as error:
            self._errors.append(
                ContentError(error.message, location=error.location, hint=error.hint)
            )

    def raise_any(self) -> None:
        """Raise all of them in the order of files and lines, if there are any.

        Raises:
            MultipleContentError: there are.
        """
        if self._errors:
            ordered = sorted(
                self._errors, key=lambda error: (error.location or Location(""), error.message)
            )
            raise MultipleContentError(ordered)


@dataclass(frozen=True, slots=True)
class Source(Generic[D]):
    """A document and the file that it was read from.

    Attributes:
        tree: where the file is.
        path: of the file.
        name: the name that the path gives to the document; may be empty.
        document: validated.
        node: the located tree of the same text.
        data: the file's bytes.
        builtin: shipped with probanda.
    """

    tree: Tree
    path: str
    name: str
    document: D
    node: YamlNode
    data: bytes
    builtin: bool

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return sha256_hex(self.data)

    def at(self, *path: str | int, key: bool = False) -> Location:
        """Where the value at `path` is written (or its key)."""
        return complaints.place(self.node, path, key=key)

    def error(
        self, path: tuple[str | int, ...], message: str, *, hint: str = "", key: bool = False
    ) -> ContentError:
        """An error about the value at `path`."""
        return ContentError(message, location=self.at(*path, key=key), hint=hint or None)


def read_source(tree: Tree, path: str, place: Place, *, builtin: bool) -> Source[Model]:
    """The document in a file.

    Raises:
        ContentError, MultipleContentError, ParseError: what is wrong with it.
    """
    data = tree.read(path)
    where = str(locate(tree, path))
    reader = load_json_tree if path.endswith(".json") else load_yaml
    node = reader(data, path=where, limits=DOCUMENT)
    model = _model(node, path, place.kind)
    try:
        document = model.model_validate(unwrap(node))
    except ValidationError as error:
        raise MultipleContentError(complaints.explain(error, node, model)) from None
    return Source(tree, path, place.name, document, node, data, builtin)


def _model(node: YamlNode, path: str, kind: str) -> type[Model]:
    """The model of the document, once it says that it is one.

    Raises:
        ContentError: it is something else.
    """
    if not isinstance(node, MappingNode):
        raise ContentError(f"must be a {kind} document: a mapping", location=node.location)
    if path.endswith(".json") and not {"apiVersion", "kind"} & node.entries.keys():
        return RawContract
    if "kind" not in node.entries:
        raise ContentError(
            "missing field 'kind'", location=node.location, hint=f"write 'kind: {kind}'"
        )
    found = node.entries["kind"]
    text = found.text if isinstance(found, ScalarNode) else ""
    if text != kind:
        raise ContentError(
            f"a document of kind '{text[:80]}', where files are of kind '{kind}'",
            location=found.location,
            hint=f"write 'kind: {kind}', or move the file",
        )
    return MODELS[kind]
