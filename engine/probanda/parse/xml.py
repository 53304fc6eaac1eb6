"""XML without DTDs, entities or external references, and within limits.

Rules:

- defusedxml refuses document type declarations, entity declarations and external
  references (CWE-611, CWE-776); a billion laughs never starts.
- Depth and count are checked while the tree grows.
- Some formats prescribe a document type declaration that names an external DTD and has no
  internal subset. A reader of such a format names its root: that one declaration is blanked
  before parsing, so that nothing of it, and no entity, ever reaches the parser.

Example:

    >>> parse_xml(b"<testsuite tests='1'/>", path="junit.xml").tag
    'testsuite'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.etree.ElementTree import ParseError as MalformedError

from probanda.errors import ParseError
from probanda.model.location import Location
from probanda.parse.limits import DEFAULT, Limits

if TYPE_CHECKING:
    from defusedxml.ElementTree import XMLParser


# XML 1.0 productions 22, 28 and 75, without an internal subset. UTF-16 never matches.
_DOCTYPE = re.compile(
    rb"""(?P<before>(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]{0,200}\?>)?\s*)
    (?P<type><!DOCTYPE\s+(?P<root>[A-Za-z][A-Za-z0-9]{0,40})
    (?:\s+(?:PUBLIC\s+(?:"[^"<>&]{0,200}"|'[^'<>&]{0,200}')|SYSTEM)
    \s+(?:"[^"<>&]{0,400}"|'[^'<>&]{0,400}'))?\s*>)""",
    re.VERBOSE,
)


class _BoundedBuilder(TreeBuilder):
    """A tree builder that counts elements and attributes, and depth."""

    def __init__(self, path: str, limits: Limits) -> None:
        super().__init__()
        self._path = path
        self._limits = limits
        self._depth = 0
        self._nodes = 0
        self.parser: XMLParser | None = None

    def start(self, tag: str, attrs: Mapping[str, str], /) -> Element:
        self._depth += 1
        self._nodes += 1 + len(attrs)
        if self._depth > self._limits.max_depth:
            raise ParseError(
                f"nested deeper than the limit of {self._limits.max_depth}", location=self._where()
            )
        if self._nodes > self._limits.max_nodes:
            raise ParseError(
                f"more than the limit of {self._limits.max_nodes} nodes", location=self._where()
            )
        return super().start(tag, dict(attrs))

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def _where(self) -> Location:
        expat: Any = self.parser.parser if self.parser is not None else None
        if expat is None:
            return Location(self._path)
        return Location(self._path, expat.CurrentLineNumber, expat.CurrentColumnNumber + 1)


def parse_xml(data: bytes, *, path: str, doctype: str = "", limits: Limits = DEFAULT) -> Element:
    """The root element of `data`.

    Args:
        data: the document.
        path: its name in messages.
        doctype: root whose document type declaration is accepted and ignored.
        limits: upper bounds.

    Raises:
        ParseError: malformed, with a DTD or entities, or beyond a limit.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    if len(data) > limits.max_bytes:
        raise ParseError(
            f"larger than the limit of {limits.max_bytes} bytes", location=Location(path)
        )
    if doctype:
        data = _without_doctype(data, doctype)
    builder = _BoundedBuilder(path, limits)
    parser = XMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    builder.parser = parser
    try:
        parser.feed(data)
        root: Element = parser.close()
    except MalformedError as error:
        line, column = error.position
        where = Location(path, line, column + 1)
        raise ParseError(f"not valid XML: {str(error).split(':')[0]}", location=where) from None
    except DefusedXmlException:
        raise ParseError(
            "document type declarations and entities are not allowed", location=Location(path)
        ) from None
    except (LookupError, ValueError):
        # An encoding that expat or Python does not know.
        raise ParseError("not valid XML: unknown encoding", location=Location(path)) from None
    return root


def _without_doctype(data: bytes, root: str) -> bytes:
    """`data` with blanks for its document type declaration, so that places stay the same."""
    match = _DOCTYPE.match(data)
    if match is None or match["root"] != root.encode():
        return data
    blank = re.sub(rb"[^\r\n]", b" ", match["type"])
    return match["before"] + blank + data[match.end() :]
