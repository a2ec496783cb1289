"""What the config gives articles that ask for nothing, and what keeps a series to one look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.article.keys import Keys
from headergen.article.request import CardRequest
from headergen.errors import ArticleError, ConfigError, PathError, SourceError
from headergen.graphics.card.content import Card
from headergen.plan import defaults
from headergen.plan import job as planning
from headergen.plan import state as states
from headergen.plan.job import Composite, Job, Painting
from headergen.settings import config as configs
from headergen.settings.config import Config
from headergen.settings.styles import Default, Style, style_of
from headergen.vocabulary import THEMES

CARD = Default(card=CardRequest())
GAMES = Style(paths=("articles/games/**",), theme="night")


def config_of(folder: Path, text: str) -> Config:
    (folder / "headergen.yaml").write_text(text, encoding="utf-8")
    return configs.load(folder)


def read(folder: Path, text: str, name: str = "articles/games/a.md") -> Article:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    article = articles.read(str(path), every=True)
    assert article is not None
    return article


def job(article: Article, config: Config, root: Path) -> Job:
    found = planning.job_for(article, config, root)
    assert isinstance(found, Job)
    return found


@pytest.mark.parametrize(
    ("text", "default"),
    [
        pytest.param("default: {card: true}", CARD, id="a card"),
        pytest.param(
            "default: {card: {theme: night}}", Default(CardRequest(theme="night")), id="of a theme"
        ),
        pytest.param("default: {prompt: 'a {title}'}", Default(prompt="a {title}"), id="a prompt"),
        pytest.param("default:", None, id="nothing"),
    ],
)
def test_the_default_is_read(text: str, default: Default | None, tmp_path: Path) -> None:
    assert config_of(tmp_path, text).default == default


def test_styles_are_read_from_yaml_and_toml(tmp_path: Path) -> None:
    text = "styles: [{paths: 'articles/games/**', theme: night}, {paths: [a, b], prompt_prefix: x}]"
    wanted = (GAMES, Style(paths=("a", "b"), prompt_prefix="x"))
    assert config_of(tmp_path, text).styles == wanted
    (tmp_path / "headergen.yaml").unlink()
    (tmp_path / "pyproject.toml").write_text(
        "[[tool.headergen.styles]]\npaths = 'articles/games/**'\ntheme = 'night'\n"
    )
    assert configs.load(tmp_path).styles == (GAMES,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("default: card", r"yaml:1: default: expected \{card", id="no mapping"),
        pytest.param(
            "default: {card: true, prompt: x}",
            "default: card and prompt exclude each",
            id="two at once",
        ),
        pytest.param(
            "default: {sources: [a]}",
            "default.sources: unknown key 'sources'; choose from card, prompt",
            id="sources",
        ),
        pytest.param("default: {card: false}", "default: asks for nothing", id="no card"),
        pytest.param("default: {prompt: ' '}", "default.prompt: is empty", id="empty prompt"),
        pytest.param(
            "default: {card: {theme: neon}}",
            "default.card.theme: unknown theme 'neon'; choose from gradient",
            id="unknown theme",
        ),
        pytest.param("default: {card: {colour: x}}", "did you mean 'colours'", id="a typo"),
        pytest.param(
            "styles: {paths: a}", "styles: expected a list of styles, not .*a", id="no list"
        ),
        pytest.param(
            "styles: [{theme: night}]", r"styles\[0\]: needs the key 'paths'", id="no paths"
        ),
        pytest.param("styles: [{paths: []}]", r"styles\[0\].paths: ", id="empty paths"),
        pytest.param(
            "styles: [{paths: a}, {paths: a, thme: night}]",
            r"styles\[1\].thme: unknown key 'thme'; did you mean 'theme'\? choose from paths",
            id="unknown key",
        ),
        pytest.param(
            "styles: [{paths: a, model: dall-e}]",
            r"styles\[0\].model: unknown model 'dall-e'; choose from z-image-turbo",
            id="unknown model",
        ),
        pytest.param(
            "styles: [{paths: a, default: {card: false}}]",
            r"styles\[0\].default: asks for nothing",
            id="a default inside",
        ),
        pytest.param("default: {card: {logo: a.png}}", "default.card.logo: names one", id="a logo"),
        pytest.param(
            "default: {card: {theme: duotone, picture: a.png}}",
            "default.card.picture",
            id="picture",
        ),
        pytest.param(
            "default: {prompt: 'a {titel}'}",
            r"default.prompt: unknown placeholder '\{titel\}'; did you mean '\{title\}'\?",
            id="a placeholder misspelt",
        ),
        pytest.param(
            "card: {theme: neon}",
            "card.theme: unknown theme 'neon'; choose from gradient",
            id="a theme",
        ),
        pytest.param("card: {theme: duotone}", "unknown theme 'duotone'", id="duotone for all"),
        pytest.param("card: {colours: red}", "card.colours: expected a list", id="a colour name"),
        pytest.param("card: {colours: [red]}", r"colours\[0\]: expected a colour", id="no hex"),
        pytest.param(
            "card: {date: maybe}", "card.date: expected true or false, not 'maybe'", id="no boolean"
        ),
        pytest.param(
            "fallback: picture",
            "fallback: unknown fallback 'picture'; choose from card",
            id="fallback",
        ),
    ],
)
def test_what_no_style_allows_is_an_error(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        config_of(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("articles/games/a.md", GAMES),
        ("articles/games/2026/a.md", GAMES),
        ("articles/essays/a.md", None),
        ("other/articles/games/a.md", None),
    ],
)
def test_the_first_style_that_matches_is_taken(name: str, style: Style | None) -> None:
    everything = Style(paths=("**",), theme="paper")
    assert style_of(PurePath(name), (GAMES,)) == style
    assert style_of(PurePath(name), (GAMES, everything)) == (style or everything)


def test_a_style_may_except_some(tmp_path: Path) -> None:
    style = Style(paths=("articles/**", "!articles/drafts/**"))
    assert style_of(PurePath("articles/a.md"), (style,)) == style
    assert style_of(PurePath("articles/drafts/a.md"), (style,)) is None


def test_an_article_without_a_request_gets_the_card(tmp_path: Path) -> None:
    article = read(tmp_path, "# 推しゲーム10選\n")
    found = job(article, Config(default=CARD, card_author="さくら"), tmp_path)
    assert found.content == Card(title="推しゲーム10選", author="さくら", theme=THEMES[0])


def test_the_default_prompt_takes_title_and_tags_and_the_style(tmp_path: Path) -> None:
    article = read(tmp_path, "---\ntitle: 夏{tags}\ntags: [海, 空]\n---\n")
    config = Config(
        default=Default(prompt="flat illustration, {title}, {tags}"),
        styles=(replace(GAMES, prompt_prefix="watercolour, ", model="sdxl-turbo"),),
    )
    content = job(article, config, tmp_path).content
    assert isinstance(content, Painting)
    # A title is text, and no template of its own.
    assert content.prompt == "watercolour, flat illustration, 夏{tags}, 海, 空"
    assert content.checkpoint.name == "sdxl-turbo"


def test_a_style_holds_for_prompts_of_the_article_s_own(tmp_path: Path) -> None:
    article = read(tmp_path, "---\nheader:\n  prompt: a lighthouse\n---\n")
    config = Config(styles=(replace(GAMES, prompt_prefix="watercolour"),))
    content = job(article, config, tmp_path).content
    assert isinstance(content, Painting)
    assert content.prompt == "watercolour, a lighthouse"


def test_an_article_that_names_a_model_keeps_it(tmp_path: Path) -> None:
    article = read(tmp_path, "---\nheader: {prompt: x, model: animagine-xl-3.1}\n---\n")
    config = Config(styles=(replace(GAMES, model="sdxl-turbo"),))
    content = job(article, config, tmp_path).content
    assert isinstance(content, Painting)
    assert content.checkpoint.name == "animagine-xl-3.1"


def test_the_digest_is_of_the_title_and_not_of_the_config(tmp_path: Path) -> None:
    article = read(tmp_path, "# Title\n")
    digests = {
        job(article, Config(default=default, styles=styles), tmp_path).digest
        for default in (CARD, Default(prompt="{title}"), Default(CardRequest(theme="night")))
        for styles in ((), (GAMES,))
    }
    assert len(digests) == 1
    other = read(tmp_path, "# Another\n")
    assert job(other, Config(default=CARD), tmp_path).digest not in digests


def test_a_default_that_needs_a_title_says_so(tmp_path: Path) -> None:
    article = read(tmp_path, "Just text.\n")
    with pytest.raises(ArticleError, match=r"a\.md:1: the config's default needs a title") as error:
        planning.job_for(article, Config(default=CARD, title_from_name=False), tmp_path)
    assert "header: false" in (error.value.remedy or "")
    assert job(article, Config(default=Default(prompt="a lighthouse")), tmp_path)


@pytest.mark.parametrize(
    "default", [Default(prompt="a lighthouse"), Default(card=CardRequest(title="News"))]
)
def test_a_default_that_needs_no_title_keeps_its_digest(tmp_path: Path, default: Default) -> None:
    article = articles.parse(tmp_path / "2026-08-30-a.md", b"Just text.\n", every=True)
    assert article is not None
    request = defaults.request_for(article, Config(default=default), tmp_path.resolve())
    assert request is not None
    assert request.canonical() == '{"article_title":"2026-08-30-a","by_default":true}'


def test_a_picture_of_the_author_s_own_needs_no_default(tmp_path: Path) -> None:
    article = read(tmp_path, "---\nheader: {image: own.png}\n---\n# T\n")
    (tmp_path / "articles/games/own.png").write_bytes(b"x")
    assert isinstance(planning.job_for(article, Config(default=CARD), tmp_path), states.HandMade)


def test_a_default_replaces_no_picture_that_only_the_site_finds(tmp_path: Path) -> None:
    text = "---\nimage: assets/own.png\n---\n# T\n"
    path = tmp_path / "articles/games/a.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    article = articles.read(str(path), Keys(image="image"), every=True)
    assert article is not None
    config = Config(default=CARD, image_key="image")
    assert isinstance(planning.job_for(article, config, tmp_path), states.HandMade)


def test_two_articles_by_default_get_two_pictures(tmp_path: Path) -> None:
    config = Config(default=Default(prompt="a lighthouse"))
    digests = {
        job(read(tmp_path, text, name), config, tmp_path).digest
        for name, text in (
            ("a.md", "# One\n"),
            ("b.md", "# Two\n"),
            ("c.md", "-\n"),
            ("d.md", "\n"),
        )
    }
    assert len(digests) == 4


def test_a_tag_is_no_template(tmp_path: Path) -> None:
    article = read(tmp_path, "---\ntitle: X\ntags: ['{title}', b]\n---\n")
    content = job(article, Config(default=Default(prompt="{title}; {tags}")), tmp_path).content
    assert isinstance(content, Painting)
    assert content.prompt == "X; {title}, b"


def test_a_composite_needs_no_logo_of_cards(tmp_path: Path) -> None:
    article = read(tmp_path, "---\ntitle: T\nheader: {sources: [s.png]}\n---\n")
    (tmp_path / "articles/games/s.png").write_bytes(b"1")
    assert job(article, Config(fallback="card", card_logo="gone.png"), tmp_path)


def test_a_card_may_leave_out_what_the_config_shows(tmp_path: Path) -> None:
    (tmp_path / "l.png").write_bytes(b"x")
    shown = Config(card_date=True, card_tags=True, card_author="me", card_logo="l.png")
    text = "---\ntitle: T\ndate: 2026-08-30\ntags: [a]\nheader: {}\n---\n"
    plain = read(tmp_path, text.replace("{}", "{card: true}"))
    without = "{card: {date: false, tags: false, author: false, logo: false}}"
    bare = read(tmp_path, text.replace("{}", without))
    assert job(plain, shown, tmp_path).content == Card(
        "T",
        theme=THEMES[0],
        author="me",
        date="2026-08-30",
        tags=("a",),
        logo=tmp_path / "l.png",
    )
    assert job(bare, shown, tmp_path).content == Card("T", theme=THEMES[0])


def test_articles_are_read_whole_only_where_one_may_be_given(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    assert not defaults.has_default(tmp_path / "articles/a.md", Config(), root)
    assert not defaults.has_default(tmp_path / "articles/a.md", Config(styles=(GAMES,)), root)
    assert defaults.has_default(tmp_path / "articles/a.md", Config(default=CARD), root)
    assert not defaults.has_default(tmp_path / "README.md", Config(default=CARD), root)


@pytest.mark.parametrize(
    ("header", "card"),
    [
        pytest.param("{card: true}", Card("T", theme="night", date=None), id="the article's title"),
        pytest.param(
            "{card: {title: \"A\\nB\", subtitle: S, theme: paper, colours: ['#112233']}}",
            Card("A\nB", "S", "paper", ("#112233",)),
            id="its own words",
        ),
        pytest.param(
            "{card: {author: me, date: today, tags: [x]}}",
            Card("T", theme="night", author="me", date="today", tags=("x",)),
            id="author, date and tags in its own words",
        ),
        pytest.param("{card: 'My own'}", Card("My own", theme="night"), id="a text is its title"),
        pytest.param(
            "{card: {date: 2026-01-31}}",
            Card("T", theme="night", date="2026-01-31"),
            id="a date without quotes",
        ),
        pytest.param(
            "{card: {date: true, tags: true}}",
            Card("T", theme="night", date="2026-08-30", tags=("a", "b")),
            id="the article's date and tags",
        ),
    ],
)
def test_a_card_shows(header: str, card: Card, tmp_path: Path) -> None:
    text = f"---\ntitle: T\ndate: 2026-08-30\ntags: [a, b]\nheader: {header}\n---\n"
    assert job(read(tmp_path, text), Config(card_theme="night"), tmp_path).content == card


def test_the_pictures_on_a_card_are_part_of_its_digest(tmp_path: Path) -> None:
    text = (
        "---\ntitle: T\nheader: {card: {logo: ../logo.png, picture: /p.png, theme: duotone}}\n---\n"
    )
    article = read(tmp_path, text)
    (tmp_path / "articles/logo.png").write_bytes(b"1")
    (tmp_path / "p.png").write_bytes(b"2")
    found = job(article, Config(), tmp_path)
    root = tmp_path.resolve()
    assert found.content == Card(
        "T", theme="duotone", logo=root / "articles/logo.png", picture=root / "p.png"
    )
    (tmp_path / "p.png").write_bytes(b"3")
    assert job(article, Config(), tmp_path).digest != found.digest


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(
            "{card: {logo: no.png}}", r"a\.md:3: header.card.logo: 'no.png' does not", id="gone"
        ),
        pytest.param("{card: {logo: ../../../x}}", r"header.card.logo: .* leaves", id="outside"),
        pytest.param("{card: true, prompt: x}", "header.card: prompt and card exclude", id="two"),
        pytest.param("{card: true, seed: 1}", "header.seed: has no effect on .* card", id="a seed"),
        pytest.param("{card: {theme: neon}}", r"a\.md:3: header.card.theme: unknown", id="theme"),
        pytest.param("{card: {titel: x}}", r"header.card.titel: .* 'title'", id="a typo"),
        pytest.param("{card: {theme: duotone}}", "name one in `picture`", id="no picture"),
        pytest.param("{card: {picture: p.png}}", "has no effect without", id="idle picture"),
        pytest.param(
            "{card: [x]}", "header.card: expected true, a title or a mapping", id="a list"
        ),
        pytest.param(
            "{prompt: x, title: 3}", "header.title: expected true or text, not 3", id="a number"
        ),
    ],
)
def test_what_a_card_cannot_have_is_named(header: str, message: str, tmp_path: Path) -> None:
    with pytest.raises((ArticleError, PathError, SourceError), match=message):
        found = read(tmp_path, f"---\ntitle: T\nheader: {header}\n---\n")
        planning.job_for(found, Config(), tmp_path)


def test_an_article_without_a_title_is_called_after_its_file(tmp_path: Path) -> None:
    (tmp_path / "articles/games").mkdir(parents=True, exist_ok=True)
    for text, config in (
        ("---\nheader: {card: true}\n---\nText\n", Config()),
        ("Text\n", Config(default=CARD)),
    ):
        article = read(tmp_path, text)
        assert job(article, config, tmp_path).content == Card("a", theme=THEMES[0])
        with pytest.raises(ArticleError, match="title"):
            planning.job_for(article, replace(config, title_from_name=False), tmp_path)


@pytest.mark.parametrize("key", ["card: true", "prompt: x, title: true"])
def test_a_title_that_nothing_tells_is_an_error(key: str) -> None:
    data = f"---\nheader: {{{key}}}\n---\nText\n".encode()
    with pytest.raises(ArticleError, match=r"the article has no title"):
        articles.parse(Path("index.md"), data)


def test_a_title_is_laid_over_a_composite(tmp_path: Path) -> None:
    article = read(tmp_path, "---\ntitle: T\nheader: {sources: [s.png], title: true}\n---\n")
    (tmp_path / "articles/games/s.png").write_bytes(b"1")
    config = Config(card_theme="paper", card_author="me", card_date=True, fallback="card")
    found = job(article, config, tmp_path)
    assert isinstance(found.content, Composite)
    assert found.title == Card("T", theme="paper")
    plain = read(tmp_path, "---\ntitle: T\nheader: {sources: [s.png]}\n---\n")
    assert job(plain, Config(), tmp_path).title is None
    retitled = read(tmp_path, "---\ntitle: U\nheader: {sources: [s.png], title: true}\n---\n")
    assert job(retitled, Config(), tmp_path).digest != found.digest


def test_only_a_painting_has_a_stand_in_and_only_if_wanted(tmp_path: Path) -> None:
    painted = read(tmp_path, "---\ntitle: T\nheader: {prompt: x}\n---\n")
    assert job(painted, Config(), tmp_path).stand_in is None
    assert job(painted, Config(fallback="card"), tmp_path).stand_in == Card("T", theme=THEMES[0])
    untitled = read(tmp_path, "---\nheader: {prompt: x}\n---\n")
    found = job(untitled, Config(fallback="card"), tmp_path).stand_in
    assert found == Card("a", theme=THEMES[0])
