"""A duel's page in a real browser: at the width of a desk, of a phone, and on paper."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.report.duel import DUEL_PICTURES
from harness.report.duel.page import write_duel_page
from tests.e2e.test_page import BROWSER, QUIET
from tests.report.duel.fake_duel import fake_duel

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.skipif(not BROWSER, reason="no headless browser: install chromium (Debian: apt-get install chromium)"),
]

MEASURE = """<script>addEventListener("load", () => {
  const images = [...document.images];
  document.body.dataset.measured = JSON.stringify({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    drawn: images.filter(one => one.complete && one.naturalWidth > 0).length,
    card: Math.round(document.getElementById("verdict").getBoundingClientRect().width),
    small: Math.min(...images.map(one => one.getBoundingClientRect().width)),
  });
});</script></body>"""
"""What the page itself has no script for; added to a copy."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("duel")
    return write_duel_page(folder, fake_duel(folder, 8, new={"slowness": 1.3, "failing": 0.02}, per_s=50))


def measured(page: Path, width: int) -> dict[str, float]:
    """Return what a browser of a width (CSS pixels) made of the page."""
    copy = page.with_name("measured.html")
    # A window has a least width of its own, a frame has none.
    copy.write_text(page.read_text().replace("</body>", MEASURE))
    frame = page.with_name("frame.html")
    frame.write_text(
        f'<body style="margin:0"><iframe id="f" style="border:0" width="{width}" height="900" src="measured.html">'
        "</iframe><script>setInterval(() => { const inner = document.getElementById('f').contentDocument;"
        "if (inner.body.dataset.measured) document.body.dataset.measured = inner.body.dataset.measured }, 50)"
        "</script></body>"
    )
    command = [BROWSER, *QUIET, "--allow-file-access-from-files", f"--user-data-dir={page.parent / 'profile'}"]
    command += ["--virtual-time-budget=4000", "--dump-dom", frame.as_uri()]
    document = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r'<body[^>]*data-measured="([^"]+)"', document)
    assert found, document[:500]
    numbers: dict[str, float] = json.loads(found[1].replace("&quot;", '"'))
    return numbers


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_its_window_and_shows_every_picture(page: Path, width: int) -> None:
    found = measured(page, width)
    assert found["wide"] <= 0
    assert found["drawn"] == len(DUEL_PICTURES)
    assert width * 0.6 < found["card"] <= width
    assert found["small"] >= 560  # below, a picture's text cannot be read: it scrolls instead


def test_the_page_prints_whole(page: Path) -> None:
    pdf = page.with_name("duel.pdf")
    command = [BROWSER, *QUIET, f"--user-data-dir={page.parent / 'printing'}", f"--print-to-pdf={pdf}", page.as_uri()]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert pdf.read_bytes().startswith(b"%PDF")
    if reader := shutil.which("pdftotext"):
        words = subprocess.run([reader, str(pdf), "-"], capture_output=True, text=True, timeout=30, check=True).stdout
        assert "worse" in words
        assert "Pairs" in words
