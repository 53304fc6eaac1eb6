"""The page and the tables of a pack; the scan that proves a page inert."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from probanda.errors import EvidenceError
from probanda.evidence.inert_page import assert_inert, content_security_policy
from probanda.evidence.pack import PageProof, exports, render_page, show

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "evidence" / "packs"
PROOF = PageProof(
    ledger_root="9f2c" * 16,
    ledger_size=1284,
    origin="probanda.example/acme/ledger",
    fingerprint="5b1e" * 16,
    signer="spiffe://acme.example/signer",
    verify_command="probanda verify acme-2026-q3.pack.tar --trust trusted_root.json",
    unsafe_demo=False,
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</style><script>alert(1)</script>",
    "<!-- --> ]]> <![CDATA[ <?php",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "evil\u202etxt.exe\u0000\u0007\u200b",
)


@pytest.fixture
def index() -> dict[str, Any]:
    """The published example: one control of every kind."""
    path = ROOT / "evidence/predicates/audit-index/v1/example.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


class Text(HTMLParser):
    """What a reader sees, and which ids and fragments there are."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.text, self.ids, self.links = "", [], []
        self.headings: list[int] = []
        self.tables = self.captions = 0
        self._silent = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag == "style"
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.tables += tag == "table"
        self.captions += tag == "caption"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data


def seen(index: dict[str, Any], proof: PageProof = PROOF) -> Text:
    return Text(render_page(index, statement_info=proof))


# ---------------------------------------------------------------- what the page shows


def test_the_page_is_the_same_bytes_each_time(index: dict[str, Any]) -> None:
    again = json.loads(json.dumps(index))
    assert render_page(index, statement_info=PROOF) == render_page(again, statement_info=PROOF)


def test_the_built_in_templates_are_those_of_the_room(index: dict[str, Any]) -> None:
    built_in = render_page(index, statement_info=PROOF)
    assert built_in == render_page(index, statement_info=PROOF, templates=TEMPLATES)


def test_the_page_prints_the_command_the_ledger_root_and_the_fingerprint(
    index: dict[str, Any],
) -> None:
    text = seen(index).text
    for words in (PROOF.verify_command, PROOF.ledger_root, PROOF.fingerprint, PROOF.signer):
        assert words in text
    assert "This page proves nothing by itself" in text
    assert "Unsafe demonstration" not in text


def test_a_pack_of_a_demonstration_cell_says_so_first(index: dict[str, Any]) -> None:
    fields = {name: getattr(PROOF, name) for name in PageProof.__slots__}
    text = seen(index, PageProof(**{**fields, "unsafe_demo": True})).text
    assert text.index("proves nothing to anybody") < text.index("SOC 2 evidence pack", 40)


def test_the_open_points_come_before_the_controls_gravest_first(index: dict[str, Any]) -> None:
    text = seen(index).text
    points = text[text.rindex("Open points") : text.rindex("Evidence by people")]
    assert "3 of 5 controls need somebody" in points
    assert points.index("PI1.1") < points.index("CC4.2") < points.index("CC6.7")
    assert "CC8.1 ·" not in points


def test_who_has_to_act_stands_before_what_is_open_with_links_to_each_control(
    index: dict[str, Any],
) -> None:
    text = seen(index).text
    owners = text[text.rindex("Who has to act") : text.rindex("Evidence by people")]
    table = owners[: owners.index(" · ")]
    for control in index["controls"]:
        if control["status"] != "pass":
            assert control["owner"] in table
            assert control["id"] in table


def test_every_control_has_a_card_with_owner_status_and_evidence(index: dict[str, Any]) -> None:
    page = seen(index)
    for control in index["controls"]:
        assert control["id"] in page.ids
        assert control["statement"] in page.text
        for item in control["evidence"]:
            assert item["title"] in page.text
    for digest in {a["sha256"] for c in index["controls"] for a in c["artifacts"]}:
        assert digest in page.text


def test_the_page_counts_the_evidence_that_people_must_provide(index: dict[str, Any]) -> None:
    text = seen(index).text
    assert "0 of 2 in this pack" in text
    assert "Draw merges from the history." in text


def test_a_pack_without_open_points_says_so(index: dict[str, Any]) -> None:
    for control in index["controls"]:
        control["status"] = "pass"
    index["gaps"] = []
    index["summary"] = {**dict.fromkeys(index["summary"], 0), "pass": len(index["controls"])}
    assert "No open points" in seen(index).text


def test_an_empty_pack_is_all_gaps_and_says_that_it_has_no_bundles(index: dict[str, Any]) -> None:
    for control in index["controls"]:
        control |= {"status": "gap", "decisions": [], "artifacts": []}
    index["summary"] = {**dict.fromkeys(index["summary"], 0), "gap": len(index["controls"])}
    index["bundles"] = []
    index["gaps"] = [control["id"] for control in index["controls"]]
    text = seen(index).text
    assert "5 of 5 controls need somebody" in text
    assert "no evidence was given" in text


def test_long_lists_are_cut_and_the_page_says_where_the_rest_is(index: dict[str, Any]) -> None:
    control = next(c for c in index["controls"] if c["artifacts"])
    control["artifacts"] = [
        {**control["artifacts"][0], "uri": f"bundles/a.tar#artifacts/{n}", "name": f"file-{n:03}"}
        for n in range(60)
    ]
    latest = control["decisions"][0]
    control["decisions"] = [{**latest, "check": f"check-{n:03}"} for n in range(100)]
    control["decisions"] += [{**latest, "standing": "earlier"} for _ in range(100)]
    text = seen(index).text
    assert "and 35 more in artifacts.csv" in text
    assert "and 60 more in decisions.csv" in text
    assert "and 75 more in decisions.csv" in text


def test_headings_descend_without_gaps_and_every_table_has_a_caption(
    index: dict[str, Any],
) -> None:
    page = seen(index)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    for before, after in zip(page.headings, page.headings[1:], strict=False):
        assert after <= before + 1
    assert page.tables == page.captions > 0


def test_every_link_leads_to_an_id_of_the_page(index: dict[str, Any]) -> None:
    page = seen(index)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_the_page_and_its_tables_keep_off_findings_and_data(index: dict[str, Any]) -> None:
    control = index["controls"][0]
    control["findings"] = {
        "open": 2,
        "waived": 0,
        "rules": [{"policy": "a/b", "rule": "denied-license", "open": 2, "waived": 0}],
    }
    assert "denied-license" in seen(index).text


# ---------------------------------------------------------------- hostile text


FIXED = frozenset(
    {"status", "standing", "frequency", "automation", "mode", "outcome", "verdict", "kind"}
    | {"uri", "document", "sha256", "manifestSha256", "asOf", "collectedAt", "latest"}
    | {"from", "to", "version", "framework"}
)


def poison(value: Any, text: str, where: str = "") -> Any:
    """`value` with `text` at the start of every free text."""
    if isinstance(value, dict):
        return {key: poison(item, text, key) for key, item in value.items()}
    if isinstance(value, list):
        return [poison(item, text, where) for item in value]
    free = isinstance(value, str) and where not in FIXED
    return f"{text}{value}" if free else value


def poisoned(index: dict[str, Any], text: str) -> dict[str, Any]:
    """An index of the right form, every free text of which is hostile."""
    document: dict[str, Any] = poison(index, text)
    document["engine"]["version"] = text
    return document


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_anywhere_in_the_index_and_proof_stays_text(
    index: dict[str, Any], text: str
) -> None:
    bad = poisoned(index, text)
    fields = {name: getattr(PROOF, name) for name in PageProof.__slots__}
    proof = PageProof(**{k: text if isinstance(v, str) else v for k, v in fields.items()})
    page = render_page(bad, statement_info=proof)  # runs `assert_inert`
    assert show(text) in Text(page).text
    assert b"<script" not in page
    assert b"49{" not in page


def test_characters_that_hide_or_reorder_text_are_spelled_out() -> None:
    assert show("a\u202eb\u0000c\u200bd\ue000e\u2028f\ud800") == (
        "a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d⟨U+E000⟩e⟨U+2028⟩f⟨U+D800⟩"
    )
    assert show("Prüfung – “ok” 日本語") == "Prüfung – “ok” 日本語"


def test_an_index_that_lacks_a_field_or_is_of_the_short_form_makes_no_page(
    index: dict[str, Any],
) -> None:
    short = {"version": "soc2-prep-v1", "controls": [], "signatures": []}
    del index["controls"][0]["owner"]
    for document, words in ((index, "owner"), (short, "version")):
        with pytest.raises(EvidenceError, match=words):
            render_page(document, statement_info=PROOF)


# ---------------------------------------------------------------- templates


def _templates(folder: Path, html: str, css: str = "p { color: red }") -> Path:
    (folder / "soc2.html.j2").write_text(html, encoding="utf-8")
    (folder / "soc2.css").write_text(css, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "html",
    [
        "{{ nothing }}",
        "{% if %}",
        "{{ index.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{% include 'other.j2' %}",
        "<p>no doctype</p>",
    ],
)
def test_a_template_that_is_wrong_or_leaves_the_sandbox_is_refused(
    tmp_path: Path, index: dict[str, Any], html: str
) -> None:
    with pytest.raises(EvidenceError):
        render_page(index, statement_info=PROOF, templates=_templates(tmp_path, html))


def test_a_missing_template_is_named(tmp_path: Path, index: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError, match=r"soc2\.html\.j2"):
        render_page(index, statement_info=PROOF, templates=tmp_path)


# ---------------------------------------------------------------- the scan

STYLE = "p { color: red }"
PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy(STYLE)}">'
    f"<title>t</title><style>{STYLE}</style></head>"
    '<body><p id="x"><a href="#x">here</a></p></body></html>'
)
LOADING = "p { background: url(https://example.org/x) }"


def test_the_smallest_page_is_inert() -> None:
    assert_inert(PAGE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("here", "<script>alert(1)</script>"),
        ("here", "<SCRIPT SRC=x></SCRIPT>"),
        ("here", "<script"),
        ("here", "<iframe></iframe>"),
        ("here", "<form></form>"),
        ("here", "<input>"),
        ("here", "<img src='data:,x'>"),
        ("here", "<object></object>"),
        ("here", "<base href='#'>"),
        ("here", "<link rel='stylesheet'>"),
        ("here", "<svg><use></use></svg>"),
        ("here", "<svg/onload=alert(1)>"),
        ("here", "<svg><script></script></svg>"),
        ("here", "<math></math>"),
        ("here", "<template></template>"),
        ("here", "<noscript></noscript>"),
        ("here", "<!-- comment -->"),
        ("here", "<![CDATA[x]]>"),
        ("here", "<?xml ?>"),
        ("here", "<!doctype html>"),
        ("here", "<b/>"),
        ("here", "<b />"),
        ("here", "a < b"),
        ("here", "a\x00b"),
        ("here", "a\x0bb"),
        ("here", "<b>x"),
        ("here", "x</b>"),
        ("here", "<b><i></b></i>"),
        ("here", "<style>p{}</style>"),
        ("here", "<title>x</title>"),
        ("here", "<meta http-equiv='refresh' content='0;url=x'>"),
        ("here", "<meta name='viewport'>"),
        ("here", "<meta name='monetization' content='x'>"),
        ('id="x"', 'onclick="x()"'),
        ('id="x"', 'OnClick="x()"'),
        ('id="x"', 'style="color:red"'),
        ('id="x"', 'id="x" id="y"'),
        ('id="x"', 'src="x"'),
        ('id="x"', 'href="#x"'),
        ('id="x"', 'tabindex="1"'),
        ('id="x"', "contenteditable"),
        ('id="x"', 'xmlns:xlink="x"'),
        ('id="x"', 'ping="x"'),
        ('href="#x"', 'href="https://example.org/"'),
        ('href="#x"', 'href="//example.org/"'),
        ('href="#x"', 'href="javascript:alert(1)"'),
        ('href="#x"', 'href="&#106;avascript:alert(1)"'),
        ('href="#x"', 'href=" #x"'),
        ('href="#x"', 'href="other.html#x"'),
        ('href="#x"', 'href="#x" target="_blank"'),
        ("default-src 'none'", "default-src *"),
        ("; base-uri 'none'", ""),
        ("; form-action 'none'", ""),
        ("style-src", "script-src 'unsafe-inline'; style-src"),
        ("Content-Security-Policy", "Content-Security-Policy-Report-Only"),
        (STYLE, "p { color: blue }"),
        ("<style>", "<style media='all'>"),
        ("</body>", ""),
        ("</html>", ""),
        ("<!doctype html>\n", ""),
        ("<!doctype html>\n", "<p>x</p><!doctype html>\n"),
        ("<title>t</title>", ""),
    ],
)
def test_a_page_with_one_thing_that_is_not_inert_is_refused(old: str, new: str) -> None:
    mutant = PAGE.replace(old, new, 1)
    assert mutant != PAGE
    with pytest.raises(EvidenceError, match=r"^page: "):
        assert_inert(mutant.encode())


@pytest.mark.parametrize(
    "style",
    [
        LOADING,
        "@import 'x';",
        "p { background: u\\72l(x) }",
        "@font-face { src: local(x) }",
        "p { background: image-set('x' 1x) }",
        "p { background: URL ( x ) }",
    ],
)
def test_a_style_that_could_load_something_is_refused_even_with_its_own_hash(style: str) -> None:
    old = content_security_policy(STYLE)
    mutant = PAGE.replace(STYLE, style).replace(old, content_security_policy(style))
    with pytest.raises(EvidenceError, match="could load something"):
        assert_inert(mutant.encode())


def test_a_policy_after_the_style_block_comes_too_late() -> None:
    policy = re.search(r"<meta http-equiv[^>]*>", PAGE)
    assert policy is not None
    late = PAGE.replace(policy[0], "").replace("</head>", f"{policy[0]}</head>")
    with pytest.raises(EvidenceError, match="precedes the policy"):
        assert_inert(late.encode())


def test_two_policies_are_refused() -> None:
    policy = re.search(r"<meta http-equiv[^>]*>", PAGE)
    assert policy is not None
    with pytest.raises(EvidenceError, match="not the style's own"):
        assert_inert(PAGE.replace(policy[0], policy[0] * 2).encode())


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(EvidenceError, match="not UTF-8"):
        assert_inert(PAGE.encode() + b"\xff")


def test_every_mutation_of_the_real_page_that_adds_a_handler_is_refused(
    index: dict[str, Any],
) -> None:
    page = render_page(index, statement_info=PROOF).decode()
    tags = {match[1] for match in re.finditer(r"<([a-z][a-z0-9]*)", page)}
    for tag in sorted(tags):
        mutant = re.sub(rf"<{tag}(?=[\s>])", f"<{tag} onfocus='x()'", page, count=1)
        with pytest.raises(EvidenceError):
            assert_inert(mutant.encode())


# ---------------------------------------------------------------- tables


def _table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_the_tables_hold_every_row_of_the_index(index: dict[str, Any]) -> None:
    tables = exports(index)
    assert sorted(tables) == ["artifacts.csv", "controls.csv", "decisions.csv"]
    controls = _table(tables["controls.csv"])
    assert [row["control"] for row in controls] == [c["id"] for c in index["controls"]]
    assert controls[-1]["status"] == index["controls"][-1]["status"]
    for kind in ("decisions", "artifacts"):
        rows = _table(tables[f"{kind}.csv"])
        listed = [(c["id"], row) for c in index["controls"] for row in c[kind]]
        assert len(rows) == len(listed) > 0
        for row, (control, original) in zip(rows, listed, strict=True):
            expected = {"control": control, **{k: str(v) for k, v in original.items()}}
            assert row == expected


def test_the_tables_are_the_same_bytes_each_time(index: dict[str, Any]) -> None:
    assert exports(index) == exports(copy.deepcopy(index))
    assert b"\r\n" in exports(index)["controls.csv"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "=cmd|' /C calc'!A0",
        "\uff1d1",
    ],
)
def test_no_cell_starts_like_a_formula(index: dict[str, Any], text: str) -> None:
    for data in exports(poisoned(index, text)).values():
        for row in csv.reader(io.StringIO(data.decode(), newline="")):
            for cell in row:
                assert not cell.lstrip().startswith(tuple("=+-@\t\r\uff1d"))
        assert f"'{show(text)}" in data.decode()


def test_a_cell_with_quotes_and_separators_reads_back_as_it_was(index: dict[str, Any]) -> None:
    index["controls"][0]["owner"] = 'a "b", c; d'
    assert _table(exports(index)["controls.csv"])[0]["owner"] == 'a "b", c; d'
