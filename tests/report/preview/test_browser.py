"""The page in a real browser: what is shown, by keyboard and by eye, and that nothing is fetched.

`HEADERGEN_UPDATE_GOLDENS=1` writes the screenshots that the last test compares with: look at them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat
from playwright.sync_api import Browser, Page, expect

from tests.report.preview import browser as browsers
from tests.report.preview import site
from tests.support import repository
from tests.support.headers import header_of
from tests.support.paths import DATA
from tests.support.repository import Repository

# Measured: up to 16 where other fonts were installed; 28 and more where the facts, the bar or a
# picture was missing, the grid another, or a crop around another point.
ALLOWED = 22
GOLDENS = DATA / "preview"
TITLES = {
    "broken.md": "Mistaken",
    "fresh.md": "A lighthouse at dusk",
    "hand-made.md": "My own photograph",
    "missing.md": "Nothing yet",
    "no-header.md": "No header wanted",
    "stale.md": "Letters from the old harbour",
    "stand-in.md": "Slow games for long nights",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    with browsers.launched() as started:
        yield started


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The site, with one article more that wishes the reader ill."""
    made = repository.create(tmp_path_factory.mktemp("preview") / "site")
    site.fill(made)
    title = site.HOSTILE.replace("'", "''")
    made.write("z.md", f"---\ntitle: '{title}'\nheader: {{prompt: '{title}'}}\n---\n")
    made.headergen("preview")
    return made


@pytest.fixture
def page(browser: Browser, gallery: Repository) -> Iterator[Page]:
    """The page, opened as a file; no request but for itself, no error and no dialog may occur."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 860}, reduced_motion="reduce", color_scheme="light"
    )
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("request", lambda request: troubles.append(request.url))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("dialog", lambda dialog: troubles.append(dialog.message))
    url = (gallery.root / ".headergen/preview.html").as_uri()
    opened.goto(url)
    yield opened
    assert [each for each in troubles if each != url and not each.startswith("data:")] == []
    context.close()


def shown(page: Page) -> list[str]:
    return [each.inner_text() for each in page.locator("#gallery > li:visible h2").all()]


def test_every_article_is_listed_and_hostile_ones_as_plain_text(page: Page) -> None:
    assert shown(page)[:-1] == list(TITLES.values())
    assert shown(page)[-1].startswith("</script><script>alert(1)")
    page.locator("#gallery a").last.click()
    expect(page.locator("#detail-title")).to_contain_text("<img src=x onerror=alert(2)>")
    assert page.locator("#facts img, #facts script, #detail-title *").count() == 0


def test_code_that_got_into_the_page_all_the_same_would_not_run(
    browser: Browser, gallery: Repository
) -> None:
    page = browser.new_page()
    page.goto((gallery.root / ".headergen/preview.html").as_uri())
    refused = page.evaluate(
        """() => new Promise((resolve) => {
            const tell = (event) => resolve(event.effectiveDirective);
            document.addEventListener("securitypolicyviolation", tell);
            const code = "<img src='data:,' onerror='window.ran=1'>";
            document.body.insertAdjacentHTML("beforeend", code);
        })"""
    )
    assert refused == "script-src-attr"
    assert page.evaluate("window.ran") is None
    page.close()


@pytest.mark.slow
def test_states_filter_and_say_how_many(page: Page) -> None:
    page.get_by_role("button", name="Stale 1").click()
    assert shown(page) == [TITLES["stale.md"]]
    expect(page.locator("#count")).to_have_text("1 of 8 articles")
    page.get_by_role("button", name="All 8").click()
    assert len(shown(page)) == 8


@pytest.mark.slow
def test_search_looks_at_titles_paths_and_prompts(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("CLIFF light")
    assert shown(page) == [TITLES["fresh.md"]]
    page.keyboard.press("Escape")
    assert len(shown(page)) == 8
    page.keyboard.type("no such thing")
    assert shown(page) == []
    page.get_by_role("button", name="Show all articles").click()
    assert len(shown(page)) == 8


@pytest.mark.slow
def test_the_keyboard_moves_opens_turns_and_comes_back(page: Page) -> None:
    titles, focused = list(TITLES.values()), page.locator("a:focus h2")
    for key in ("j", "j", "k", "ArrowRight"):
        page.keyboard.press(key)
    expect(focused).to_have_text(titles[1])
    page.keyboard.press("ArrowDown")  # three columns at this width
    expect(focused).to_have_text(titles[4])
    page.keyboard.press("Enter")
    detail = page.locator("#detail")
    expect(detail).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#detail-title")).to_have_text(titles[5])
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect(focused).to_have_text(titles[5])
    assert page.url.endswith(".html")


def test_focus_can_be_seen(page: Page) -> None:
    page.keyboard.press("j")
    outline = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid" in outline
    assert "2px" in outline


@pytest.mark.slow
def test_an_article_is_shown_as_readers_meet_it_with_all_that_is_known(
    page: Page, gallery: Repository
) -> None:
    page.get_by_role("link", name=TITLES["fresh.md"]).click()
    figures = page.locator("#stage figure")
    kinds = figures.evaluate_all("all => all.map(each => each.dataset.kind)")
    assert kinds == ["article", "phone", "listing", "link", "social", "square"]
    ratios = page.locator("#stage .shot").evaluate_all(
        "all => all.map(each => each.offsetWidth / each.offsetHeight)"
    )
    wanted = [1280 / 670, 1280 / 670, 1280 / 454, 984 / 670, 1.91, 1]
    assert ratios == pytest.approx(wanted, rel=0.02)
    facts = page.locator("#facts")
    size = (gallery.root / header_of("fresh")).stat().st_size
    expect(facts).to_contain_text(f"{size:,} bytes")
    for text in ("Fresh", "a lighthouse on a cliff", "z-image-turbo", "7", "640 × 335 px"):
        expect(facts).to_contain_text(text)
    assert (
        page.locator("#stage img").first.get_attribute("alt") == f"Header of {TITLES['fresh.md']}"
    )


@pytest.mark.slow
def test_a_candidate_is_seen_in_the_headers_place_with_the_command_that_picks_it(
    page: Page,
) -> None:
    page.get_by_role("link", name=TITLES["missing.md"]).click()
    command = page.locator("#facts .command").last
    expect(command).to_have_text("headergen pick missing.md NUMBER")
    assert page.locator("#stage img").count() == 0
    second = page.get_by_role("button", name="2 seed 2, golden hour")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(command).to_have_text("headergen pick missing.md 2")
    shown = page.locator("#stage img")
    expect(shown).to_have_count(6)
    assert shown.first.get_attribute("src") == second.locator("img").get_attribute("src")
    second.click()
    assert page.locator("#stage img").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "ratio"),
    [("Listing", 1280 / 454), ("Link card", 984 / 670), ("Social", 1.91), ("Square", 1)],
)
def test_the_whole_gallery_is_shown_in_each_crop(page: Page, view: str, ratio: float) -> None:
    page.get_by_role("group", name="Show headers as").get_by_role("button", name=view).click()
    size = page.locator("#gallery .frame").first.bounding_box()
    assert size is not None
    assert size["width"] / size["height"] == pytest.approx(ratio, rel=0.02)


@pytest.mark.slow
def test_back_and_reload_do_what_they_say(page: Page) -> None:
    page.get_by_role("link", name=TITLES["stale.md"]).click()
    page.reload()
    expect(page.locator("#detail-title")).to_have_text(TITLES["stale.md"])
    page.go_back()
    expect(page.locator("#detail")).to_be_hidden()


# What has text of its own, and how it stands out against what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const own = (each) => [...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((each) => own(each) && each.checkVisibility({ visibilityProperty: true }))
    .map((each) => {
      const [a, b] = [light(rgba(getComputedStyle(each).color)), light(behind(each))];
      return [each.textContent.trim().slice(0, 40),
              (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    });
}"""


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.get_by_role("button", name="Missing").click()
    seen = page.evaluate(CONTRASTS)
    page.get_by_role("button", name="All 8").click()
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    seen += page.evaluate(CONTRASTS)
    page.keyboard.press("Enter")
    seen += page.evaluate(CONTRASTS)
    assert len(seen) > 60
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []


@pytest.mark.slow
def test_colours_follow_the_system_or_the_readers_choice(page: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper)
    assert light != dark
    page.keyboard.press("t")
    assert page.evaluate(paper) == light
    page.reload()
    assert page.evaluate(paper) == light
    page.keyboard.press("t")
    assert page.evaluate(paper) == dark
    page.get_by_role("link", name=TITLES["fresh.md"]).click()
    reader = "getComputedStyle(document.querySelector('.reader')).backgroundColor"
    before = page.evaluate(reader)
    page.get_by_role("button", name="Light", exact=True).click()
    assert page.evaluate(reader) != before


def test_nothing_moves_for_those_who_asked_for_that(page: Page) -> None:
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(each =>"
        " getComputedStyle(each).transitionDuration !== '0s').length"
    )
    assert moving == 0


@pytest.mark.slow
def test_landmarks_and_names_are_there(page: Page) -> None:
    for role in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)
    assert page.get_by_role("searchbox").get_attribute("id") == "search"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, a, input, img')].filter(each =>"
        " !(each.textContent.trim() || each.ariaLabel || each.labels?.length"
        " || each.hasAttribute('alt'))).length"
    )
    assert unnamed == 0
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.slow
def test_a_phone_shows_it_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    page.get_by_role("link", name=TITLES["fresh.md"]).click()
    assert not page.evaluate(wide)


@pytest.mark.slow
def test_far_away_pictures_wait(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 300})
    page.reload()
    last = page.locator("#gallery > li").nth(6)
    assert last.locator("img").count() == 0
    last.scroll_into_view_if_needed()
    expect(last.locator("img")).to_have_count(1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gallery", "gallery-dark", "article"])
def test_it_looks_as_it_did(page: Page, tmp_path: Path, name: str) -> None:
    if name == "gallery-dark":
        page.emulate_media(color_scheme="dark")
    if name == "article":
        page.get_by_role("link", name=TITLES["fresh.md"]).click()
    page.wait_for_function("[...document.images].every(each => each.complete)")
    page.screenshot(path=tmp_path / "now.png")
    with Image.open(tmp_path / "now.png") as image:
        now = image.convert("RGB").reduce(4)
    golden = GOLDENS / f"{name}.png"
    if os.environ.get("HEADERGEN_UPDATE_GOLDENS"):
        golden.parent.mkdir(exist_ok=True)
        now.quantize(128).save(golden, optimize=True)
    with Image.open(golden) as image:
        assert difference(now, image.convert("RGB")) < ALLOWED


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the largest difference, 0 to 255, of any area of about 32 px of the screen.

    Fonts differ from machine to machine, so what is compared is where colours are, not letters.
    """
    blurred = [each.filter(ImageFilter.GaussianBlur(4)) for each in (one, other)]
    differing = ImageChops.difference(*blurred).convert("L")
    return float(ImageStat.Stat(differing.reduce(8)).extrema[0][1])
