"""A scan that proves a page inert: it can show text, and nothing else.

Rules (an allow-list, so that what is not known is refused):

- Only known elements and attributes; no script, frame, form, image, comment, event
  handler or `style` attribute. Links lead to `#fragments` of the same page.
- One style block. Its SHA-256 stands in the Content-Security-Policy, which is exactly
  `default-src 'none'; style-src 'sha256-…'; base-uri 'none'; form-action 'none'` and
  comes before the block, so that a browser enforces it from the start. The style loads
  nothing: no `url(`, `@import` or escape that could spell them.
- Every `<` in the file opens an element of the list. This does not depend on how any
  parser reads the file, so no browser can see a script where the scan saw text.

    assert_inert(page)  # raises EvidenceError
"""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from probanda.errors import EvidenceError

MAX_BYTES = 64 << 20

_ELEMENTS = frozenset(
    {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav"}
    | {"section", "article", "div", "p", "span", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd"}
    | {"a", "code", "b", "small", "time", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    | {"details", "summary", "svg", "rect"}
)
_VOID = frozenset({"meta"})
_ANYWHERE = frozenset({"class", "id", "title", "role", "tabindex", "data-label"})
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "html": frozenset({"lang"}),
    "meta": frozenset({"charset", "name", "content", "http-equiv"}),
    "a": frozenset({"href"}),
    "time": frozenset({"datetime"}),
    "th": frozenset({"scope"}),
    "svg": frozenset({"viewbox", "preserveaspectratio", "focusable"}),
    "rect": frozenset({"x", "y", "width", "height"}),
}
_META_NAMES = frozenset({"viewport", "color-scheme", "referrer"})
_ONCE = ("html", "head", "title", "style", "body")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?=[\s>])|<!doctype html>")
# A backslash could spell `url` in escapes; the others load something or open an element.
_LOADING = re.compile(
    r"url\s*\(|src\s*\(|image-set|@import|@font-face|expression|\\|<", re.IGNORECASE
)
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def content_security_policy(style: str) -> str:
    """The policy of a page whose only style block is exactly `style`.

    CSP Level 3 §4.2.3 (hash of the element's text, base64); `frame-ancestors` has no
    meaning in a meta element and is left out.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def assert_inert(page: bytes) -> None:
    """Refuse a page that could do more than show text.

    Raises:
        EvidenceError: with the first reason.
    """
    if len(page) > MAX_BYTES:
        raise EvidenceError(f"page: larger than {MAX_BYTES} bytes")
    try:
        text = page.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError("page: not UTF-8") from error
    if not text.startswith("<!doctype html>\n"):
        raise EvidenceError("page: does not start with <!doctype html>")
    if _HIDDEN.search(text):
        raise EvidenceError("page: holds a control character")
    for position in (match.start() for match in re.finditer("<", text)):
        match = _TAG.match(text, position)
        if match is None or (match[1] is None and position != 0):
            raise EvidenceError(f"page: markup outside the list at character {position}")
        if match[1] is not None and match[1].lower() not in _ELEMENTS:
            raise EvidenceError(f"page: element {match[1]!r} is not allowed")
    scan = _Scan()
    scan.feed(text)
    scan.close()
    scan.finish()


class _Scan(HTMLParser):
    """Elements, attributes, nesting, style block and policy of one page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._seen: list[str] = []
        self._policies: list[str] = []
        self._style = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            raise EvidenceError(f"page: element {tag!r} is not allowed")
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            raise EvidenceError(f"page: <{tag}> has an attribute twice")
        values = {name: value or "" for name, value in attrs}
        for name, value in values.items():
            self._check_attribute(tag, name, value)
        if tag == "meta":
            self._check_meta(values)
        if tag == "style" and (values or not self._policies):
            raise EvidenceError("page: the style block has attributes or precedes the policy")
        self._seen.append(tag)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the base class calls it so
        raise EvidenceError(f"page: <{tag}/> closes itself, which HTML ignores")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            raise EvidenceError(f"page: </{tag}> closes nothing that is open")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self._style += data

    def finish(self) -> None:
        """What can be said only of the whole page."""
        if self._open:
            raise EvidenceError(f"page: <{self._open[-1]}> is never closed")
        for tag in _ONCE:
            if self._seen.count(tag) != 1:
                raise EvidenceError(f"page: has {self._seen.count(tag)} <{tag}> elements, not one")
        if _LOADING.search(self._style):
            raise EvidenceError("page: the style could load something")
        if self._policies != [content_security_policy(self._style)]:
            raise EvidenceError("page: the Content-Security-Policy is not the style's own")

    @staticmethod
    def _check_attribute(tag: str, name: str, value: str) -> None:
        known = _ANYWHERE | _ATTRIBUTES.get(tag, frozenset())
        if name not in known and not re.fullmatch(r"aria-[a-z]+", name):
            raise EvidenceError(f"page: attribute {name!r} of <{tag}> is not allowed")
        if name == "href" and not value.startswith("#"):
            raise EvidenceError("page: a link leads out of the page")
        if name == "tabindex" and value != "0":
            raise EvidenceError("page: tabindex other than 0")

    def _check_meta(self, values: dict[str, str]) -> None:
        names = set(values)
        if names == {"charset"} and values["charset"] == "utf-8":
            return
        if names == {"name", "content"} and values["name"] in _META_NAMES:
            return
        is_policy = values.get("http-equiv") == "Content-Security-Policy"
        if names != {"http-equiv", "content"} or not is_policy or self._open != ["html", "head"]:
            raise EvidenceError("page: a meta element that is not allowed")
        self._policies.append(values["content"])
