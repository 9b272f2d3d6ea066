"""The page in a real browser: narrow and wide, dark, printed, by keyboard, in Chinese; nothing is fetched.

Needs Debian's chromium and playwright (the `browser` extra); skipped with a reason where either is not there.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tailrisk.report import study, write
from tests.report.conftest import write_folder

CHROMIUM = "/usr/bin/chromium"
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: browser)")
if not Path(CHROMIUM).exists():
    pytest.skip(f"no browser at {CHROMIUM}", allow_module_level=True)

PAGES = ("en", "zh", "study")
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return .2126*r + .7152*g + .0722*b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || e.closest("title, desc") || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), svg = e.closest("svg");
    const ink = parse(svg ? style.fill : style.color).slice(0, 3), paper = behind(svg?.parentElement ?? e);
    const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), text.slice(0, 40), svg ? "svg" : e.tagName]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name -> a page: of a run in both languages, and of a study."""
    where = tmp_path_factory.mktemp("browser")
    folder = write_folder(where / "run")
    other = Path(shutil.copytree(folder, where / "chinese"))
    page = _study(where / "study")
    return {"en": write(folder), "zh": write(other, language="zh"), "study": study.write(page)}


def _study(folder: Path) -> Path:
    folder.mkdir()
    text = (
        "# Which bounds?\n\nA bound of 0.5 does.\n\n## Frontier\n\n"
        "| bound | alpha a year | where it is from, in words |\n|---|---|---|\n"
        + "| 0.5 | 1.2 | a long line of words that has to wrap somewhere |\n"
        * 3
    )
    (folder / "README.md").write_text(
        text + "\n```\ncolumns   of a terminal 1.0 2.0 3.0\n```\n", encoding="utf-8"
    )
    record = {"command": "tailrisk tune my.toml", "commit": "a" * 40, "question": "Which bounds?"}
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def opened(browser, pages):
    """A function that opens a page and watches it; at the end nothing was fetched and nothing complained."""
    wrong: list[str] = []
    contexts = []

    def visit(name: str, width: int = 1280, scheme: str = "light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        own = pages[name].as_uri()
        page.on("request", lambda r: wrong.append(r.url) if r.url.partition("#")[0] != own else None)
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.goto(own)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_over_the_side(opened, name: str, width: int) -> None:
    page = opened(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        "[...document.querySelectorAll('p, h1, h2, li, dl, nav, figcaption')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent.slice(0, 40))"
    )
    assert beyond == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_every_word_stands_out_from_its_paper(opened, name: str, scheme: str) -> None:
    found = opened(name, 1280, scheme).evaluate(CONTRAST)
    assert len(found) > 30
    faint = [(round(ratio, 2), *rest) for ratio, *rest in found if ratio < (3.0 if rest[1] == "svg" else 4.5)]
    assert faint == []


def test_dark_is_dark(opened) -> None:
    colours = [
        opened("en", 1280, scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in SCHEMES
    ]
    light, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert light > 700 > 150 > dark


@pytest.mark.parametrize("name", PAGES)
def test_printed_it_has_all_its_tables_and_none_is_cut(opened, name: str) -> None:
    page = opened(name, 794)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    assert page.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("name", PAGES)
def test_it_is_read_by_keyboard_alone(opened, name: str) -> None:
    page = opened(name)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    page.wait_for_url("**#answer-heading")
    wanted = page.locator("a, [tabindex='0']").count()
    met = set()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.goto(page.url.partition("#")[0])
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        met.add(
            page.evaluate("[...document.querySelectorAll('a, [tabindex]')].indexOf(document.activeElement)")
        )
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none" or -1 in met
    assert len(met - {-1}) == wanted


@pytest.mark.parametrize("name", PAGES)
def test_contents_lead_to_their_sections(opened, name: str) -> None:
    page = opened(name)
    links = page.locator("nav a")
    assert links.count() >= 3
    for link in links.all():
        target = link.get_attribute("href")
        assert page.locator(f"section{target} h2").count() == 1
    links.last.click()
    assert page.locator(f"section{links.last.get_attribute('href')} h2").is_visible()
    links_to_files = page.eval_on_selector_all(
        "#files a:not(.anchor)", "found => found.map(e => e.getAttribute('href'))"
    )
    folder = Path(page.url.removeprefix("file://").partition("#")[0]).parent
    assert links_to_files
    assert all((folder / name).exists() for name in links_to_files)


def test_chinese_is_drawn_in_a_font_that_has_it(browser, pages) -> None:
    fonts = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
    ).stdout
    if not fonts.strip():
        pytest.skip("no Chinese font on this machine")
    page = browser.new_page()
    page.goto(pages["zh"].as_uri())
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    names = set()
    for selector in ("#answer-heading", "#answer p", "figcaption", "caption span", "th[scope=row]"):
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        found = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        names |= {font["familyName"] for font in found}
    assert names & {family.strip() for line in fonts.splitlines() for family in line.split(",")}
    assert not any("Last Resort" in name or "Unifont" in name for name in names)
    page.close()
