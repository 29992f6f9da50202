"""Pages in a real browser: nothing overflows, nothing is refused by the policy, all can be read and reached."""

from __future__ import annotations

from itertools import pairwise

import pytest

from thruline.testing.browsing import CHROMIUM, PAGES, SCHEMES, WIDTHS, browser, serving
from thruline.testing.sample import SamplePlatform

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

VARIANTS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]
ADDRESSES = (*PAGES.values(), "/login")

# WCAG 2.2, 1.4.3: relative luminance of computed colours; what is behind a text is its nearest opaque ancestor.
CONTRAST = """() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const paint = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => rgb.map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
    return layers;
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("svg, .unseen, .skip") || !element.checkVisibility()) continue;
    const layers = behind(element);
    const [text, back] = [paint([...layers, getComputedStyle(element).color]), paint(layers)].map(luminance);
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    if (ratio < 4.5) poor.push([walker.currentNode.data.trim(), ratio]);
  }
  return poor;
}"""
UNLABELLED = """() => [...document.querySelectorAll("input, select, textarea, button, a, progress")]
  .filter((e) => e.type !== "hidden" && e.checkVisibility())
  .filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim()))
  .map((e) => e.outerHTML)"""
REPEATED = (
    """() => [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)"""
)
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4")].map((h) => Number(h.tagName[1]))"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def site():
    with serving(SamplePlatform()) as address:
        yield address


@pytest.fixture(params=VARIANTS, ids=lambda v: f"{v[0]}-{v[1]}")
def page(request, chromium):
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield context.new_page()
    context.close()


@pytest.fixture
def alone(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_and_can_be_read(page, site, address):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    reply = page.goto(site + address)
    headings = page.evaluate(HEADINGS)
    assert page.evaluate(OVERFLOW) <= 0
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(REPEATED) == []
    assert headings[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(headings))
    assert [c for c in complaints if reply.ok or "404" not in c] == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_begins_with_a_way_past_the_navigation(alone, site, address):
    alone.goto(site + address)
    alone.keyboard.press("Tab")
    assert alone.evaluate("document.activeElement.className") == "skip"
    alone.keyboard.press("Enter")
    assert alone.evaluate("document.activeElement.tagName") == "MAIN"


def test_a_question_can_be_asked_by_keyboard_alone(alone):
    platform = SamplePlatform()
    with serving(platform) as site:
        alone.goto(f"{site}/ask")
        for _ in range(20):
            alone.keyboard.press("Tab")
            if alone.evaluate("document.activeElement.id") == "question":
                break
        alone.keyboard.type("What do we change?")
        alone.keyboard.press("Enter")
        alone.wait_for_url("**/ask?answer=*")
        assert alone.locator("article").is_visible()
    assert platform.calls == [("vectors.ask", {"question": "What do we change?"})]


def test_quarantine_is_two_presses_and_says_what_it_touched(alone):
    platform = SamplePlatform()
    with serving(platform) as site:
        alone.goto(site + PAGES["why"])
        alone.get_by_role("button", name="Quarantine").first.click()
        assert alone.get_by_role("heading", level=1).inner_text() == "Quarantine 1 document?"
        alone.get_by_role("button", name="Quarantine").click()
        alone.wait_for_url("**/data?done=data.quarantine*")
        assert alone.get_by_role("status").is_visible()
    assert [given["dry_run"] for _, given in platform.calls] == [True, False]


def test_the_pages_work_without_javascript(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/data")
    page.get_by_role("button", name="Read again handbook").click()
    page.wait_for_url("**/data?done=data.sync")
    context.close()


def test_the_focus_can_be_seen(alone, site):
    alone.goto(f"{site}/ask")
    alone.keyboard.press("Tab")
    alone.keyboard.press("Tab")
    assert alone.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert alone.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def test_progress_is_followed_until_the_run_ends(alone):
    platform = SamplePlatform()
    with serving(platform) as site:
        alone.goto(f"{site}/runs")
        platform.empty = True
        alone.get_by_text("Nothing has run yet.").wait_for()


def test_the_scheme_of_the_system_is_followed(chromium, site):
    def paper(scheme):
        context = chromium.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{site}/")
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        context.close()
        return colour

    assert paper("light") != paper("dark")
