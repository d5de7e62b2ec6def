"""The gallery: the page is that of today's models, and works in a browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from tools.gallery import __main__ as gallery
from tools.gallery import pictures
from tools.gallery.page import HEADS
from zoo.pretrained import list_pretrained, rows

PAGE = gallery.FOLDER / "index.html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# What the browser does with the page, and what it then sees, as JSON in the title.
SCRIPT = """
<script>
addEventListener("load", () => {
  const column = (place) => [...document.querySelectorAll("tbody tr")].map((row) => row.cells[place].dataset.value);
  const shown = (tags) => [...document.querySelectorAll(tags)].filter((one) => !one.hidden).map((one) => one.id);
  const images = [...document.images];
  const seen = { broken: images.filter((one) => !one.naturalWidth).map((one) => one.src), images: images.length };
  const head = document.querySelectorAll("th button")[5];
  head.click(); seen.up = column(5).map(Number);
  head.click(); seen.down = column(5).map(Number);
  document.querySelectorAll("th button")[0].click(); seen.names = column(0);
  const name = document.getElementById("name"), dataset = document.getElementById("dataset");
  name.value = "GLOW"; name.dispatchEvent(new Event("input")); seen.glow = shown("section");
  dataset.value = "digits"; dataset.dispatchEvent(new Event("change")); seen.glow_digits = shown("section");
  seen.count = document.getElementById("count").textContent;
  seen.rows = [...document.querySelectorAll("tbody tr")].filter((row) => !row.hidden).length;
  seen.wide = document.documentElement.scrollWidth > innerWidth;
  seen.errors = window.errors;
  document.title = JSON.stringify(seen);
});
</script>
"""
CATCH = """<base href="BASE"><script>
window.errors = [];
addEventListener("error", (event) => window.errors.push(String(event.message || event.target.src)), true);
const report = console.error; console.error = (...all) => { window.errors.push(all.join(" ")); report(...all); };
</script>"""


def test_page_is_that_of_the_pretrained_models():
    assert PAGE.read_text() == gallery.text(), "run `python -m tools.gallery`"


def test_models_that_left_are_forgotten(tmp_path):
    record = tmp_path / "drawn.json"
    record.write_text(json.dumps({"stays": "1", "left": "2"}))
    pictures.forget({"stays", "not drawn"}, tmp_path)
    assert json.loads(record.read_text()) == {"stays": "1"}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_page_needs_no_network_and_its_pictures_have_alternative_texts():
    tags = Tags()
    tags.feed(PAGE.read_text())
    links = [value for _, attrs in tags.found for key, value in attrs.items() if key in ("src", "href")]
    assert not [link for link in links if re.match(r"(https?:)?//", link)]
    for link in links:
        assert link.startswith(("#", "data:")) or (PAGE.parent / link).exists(), link
    images = [attrs for tag, attrs in tags.found if tag == "img"]
    assert len(images) >= len(rows())
    assert all(len(attrs["alt"]) > 20 for attrs in images)
    assert {attrs["id"] for tag, attrs in tags.found if tag == "section"} == set(list_pretrained())


def browse(page, folder, *, width):
    """What the browser sees, and what it writes to its log."""
    copy = folder / "page.html"
    text = page.replace("<head>", "<head>" + CATCH.replace("BASE", PAGE.parent.as_uri() + "/"))
    # Without lazy loading: every picture is there, or broken, when the page has loaded.
    copy.write_text(text.replace("</body>", SCRIPT + "</body>").replace("loading='lazy'", ""))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        f"--window-size={width},900",
    ]
    flags += ["--virtual-time-budget=20000", "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}"]
    run = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", copy.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    (title,) = re.findall(r"<title>(.*?)</title>", run.stdout)
    return json.loads(title.replace("&amp;", "&")), [line for line in run.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [1200, 500])  # Chromium has no narrower window
def test_page_in_a_browser(tmp_path, width):
    seen, console = browse(PAGE.read_text(), tmp_path, width=width)
    assert (seen["errors"], console, seen["broken"]) == ([], [], [])
    assert seen["images"] >= len(rows())
    parameters = sorted(int(row["parameters"]) for row in rows())
    assert seen["up"] == parameters
    assert seen["down"] == parameters[::-1]
    assert seen["names"] == sorted(list_pretrained())
    assert set(seen["glow"]) == {name for name in list_pretrained() if "glow" in name}
    assert seen["glow_digits"] == ["glow_digits"]
    assert (seen["rows"], seen["count"]) == (1, f"1 of {len(rows())} models")
    assert not seen["wide"], "the page scrolls sideways"


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("images/", "nowhere/", lambda seen, _: seen["broken"]),
        ("descending ? -1 : 1", "1", lambda seen, _: seen["up"] == seen["down"]),
        (".trim().toLowerCase()", ".trim()", lambda seen, _: not seen["glow"]),
        ("filter();\n</script>", "filters();\n</script>", lambda seen, console: seen["errors"] and console),
    ],
)
def test_a_broken_page_is_seen(tmp_path, right, wrong, found):
    page = PAGE.read_text()
    assert right in page
    assert found(*browse(page.replace(right, wrong), tmp_path, width=1200))


def test_heads_name_the_columns():
    assert PAGE.read_text().count("<th ") == len(HEADS)
