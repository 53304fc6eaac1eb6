"""A real pack page in a real browser: no script, no network, nothing refused, nothing blank."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from shop import Shop, figure, lacking

WIDTHS = (1280, 420)
HEIGHT = 1600


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser's command; Debian's is installed where it is absent."""
    names = ("chromium", "chromium-browser", "google-chrome")
    if not any(map(shutil.which, names)) and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        for command in (["apt-get", "update"], install):
            subprocess.run(command, env=environment, capture_output=True, timeout=600, check=False)
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        lacking("browser", "there is no Chromium here, and it cannot be installed")
    assert found
    return found


@pytest.fixture
def browse(chromium, tmp_path):
    """Open a page with scripts off and no network; (what the browser wrote, console messages)."""
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    off = {"profile": {"default_content_setting_values": {"javascript": 2}}}
    (profile / "Default" / "Preferences").write_text(json.dumps(off))
    isolated = ["unshare", "--net"] if os.geteuid() == 0 else []

    def run(page: Path, *options: str) -> tuple[str, list[str]]:
        done = subprocess.run(
            [
                *isolated,
                chromium,
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
                *("--no-first-run", "--disable-background-networking", "--hide-scrollbars"),
                # Belt and braces where no namespace can be made.
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={profile}",
                *options,
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout, said(done.stderr)

    return run


@pytest.fixture
def page(shop: Shop) -> Path:
    """The page of a pack of this shop."""
    shop.bundle("b")
    return (shop.root / shop.pack().stdout.strip()).with_suffix(".html")


def said(log: str) -> list[str]:
    """The console messages of a browser's log, less those of its own chrome:// pages."""
    messages = re.findall(r":CONSOLE[:(]\d+\)?\] (.*)", log)
    return [one for one in messages if not re.search(r", source: chrome://\S* \(\d+\)$", one)]


def test_only_the_browsers_own_messages_are_dropped():
    """A message counts by where it comes from, not by what it speaks of."""
    head = "[1:1:1120/215046.1:INFO:CONSOLE:574] "
    own = '"Slow", source: chrome://resources/cr_components/input.js (574)'
    ours = ['"chrome://x, source: chrome://y (1)", source: file:///pack.html (3)', '"no source"']
    assert said("\n".join(head + one for one in [own, *ours])) == ours


def inked(png: Path) -> tuple[int, int, float]:
    """Width, height and share of rows that differ from the row above (PNG 1.2, sections 3, 6)."""
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) in {(8, 2), (8, 6)}
    position, packed = 8, b""
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        if data[position + 4 : position + 8] == b"IDAT":
            packed += data[position + 8 : position + 8 + length]
        position += length + 12
    stride = width * (3 if colour == 2 else 4)
    raw, previous, different = zlib.decompress(packed), bytes(stride), 0
    for row in range(height):
        start = row * (stride + 1)
        line = unfilter(raw[start], raw[start + 1 : start + 1 + stride], previous, stride // width)
        different += row > 0 and line != previous
        previous = line
    return width, height, different / height


def unfilter(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """One row of a PNG as pixels."""
    if kind == 0:
        return line
    if kind == 2 and not any(line):
        return above
    out = bytearray(line)
    for index in range(len(out)):
        left = out[index - step] if index >= step else 0
        up, corner = above[index], above[index - step] if index >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            guess = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
        out[index] = (out[index] + guess) & 0xFF
    return bytes(out)


def test_the_page_shows_its_controls_and_the_browser_refuses_nothing(browse, page):
    dom, console = browse(page, "--dump-dom")

    assert console == []
    for control in ("CC6.8", "CC8.1", "P6.1"):
        assert f">{control}<" in dom or f"{control} " in dom
    assert "<script" not in dom.lower()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_not_blank(browse, page, tmp_path, width):
    picture = tmp_path / "page.png"
    _, console = browse(page, f"--screenshot={picture}", f"--window-size={width},{HEIGHT}")
    got_width, _, share = inked(picture)

    assert console == []
    assert got_width == width
    assert share > 0.25
    figure(
        f"browser: the pack's page at {width} px, scripts off: {share:.0%} of its rows show"
        f" something, {picture.stat().st_size // 1024} KiB of PNG, 0 console messages"
    )


def test_the_probe_sees_violations_blank_pages_and_scripts(browse, tmp_path):
    blank, picture = tmp_path / "blank.html", tmp_path / "blank.png"
    blank.write_text("<!doctype html><title>blank</title>")
    browse(blank, f"--screenshot={picture}", "--window-size=420,600")
    assert inked(picture)[2] == 0

    wrong = tmp_path / "wrong.html"
    wrong.write_text(
        "<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
        '<title>wrong</title><p id=p style="color: red">still<img src=x.png>'
        "<script>document.getElementById('p').textContent = 'ran'</script>"
    )
    dom, console = browse(wrong, "--dump-dom")
    assert len(console) >= 2
    assert all("Content Security Policy" in message for message in console)

    scripted = tmp_path / "scripted.html"
    scripted.write_text(
        "<!doctype html><p id=p>still</p><script>p.textContent = 'ran'; console.log(1)</script>"
    )
    dom, console = browse(scripted, "--dump-dom")
    assert ">still<" in dom
    assert console == []
