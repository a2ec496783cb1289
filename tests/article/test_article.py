"""Articles: what is read, what is refused and where, and which bytes a write changes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import frontmatter
import pytest
import yaml
from frontmatter.default_handlers import YAMLHandler

from headergen.article.article import Article, parse
from headergen.article.edit import with_image
from headergen.article.frontmatter import yaml_loader
from headergen.article.frontmatter.toml_edit import TomlHandler
from headergen.article.frontmatter.yaml_loader import keeping
from headergen.article.keys import Keys
from headergen.errors import ArticleError
from headergen.vocabulary import ARTICLE_SUFFIXES
from tests.support.paths import DATA

ARTICLES = DATA / "articles"
GOLDEN = sorted(
    path
    for path in ARTICLES.glob("*/*")
    if path.suffix in ARTICLE_SUFFIXES and not path.stem.endswith(".expected")
)
IMAGE = "note_images/003.png"  # of the expected files
DIGEST = "3fa9c1d2"
PATH = Path("articles/a.md")


def read(data: bytes | str, image_key: str = "header.image") -> Article:
    article = parse(PATH, data.encode() if isinstance(data, str) else data, Keys(image=image_key))
    assert article is not None
    return article


def yaml_article(frontmatter_text: str) -> str:
    return f"---\n{frontmatter_text}---\nbody\n"


def toml_article(frontmatter_text: str) -> str:
    return f"+++\n{frontmatter_text}+++\nbody\n"


# --- golden pairs: x.md and x.expected.md in a folder that is named for the image key ---------


def golden_id(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def expected_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.expected{path.suffix}")


@pytest.mark.parametrize("path", GOLDEN, ids=golden_id)
def test_writes_exactly_the_expected_bytes(path: Path) -> None:
    article = read(path.read_bytes(), path.parent.name)
    assert with_image(article, IMAGE, DIGEST) == expected_of(path).read_bytes()


@pytest.mark.parametrize("path", GOLDEN, ids=golden_id)
def test_reads_back_what_was_written_and_writes_it_no_second_time(path: Path) -> None:
    expected = expected_of(path).read_bytes()
    before = read(path.read_bytes(), path.parent.name)
    after = read(expected, path.parent.name)
    assert (after.image, after.digest) == (IMAGE, DIGEST)
    assert (after.request, after.alt) == (before.request, before.alt)
    assert with_image(after, IMAGE, DIGEST) == expected


# PyYAML's own scanner refuses a tab after a key, libyaml and YAML 1.2 take it for a blank.
@pytest.mark.parametrize("path", [p for p in GOLDEN if p.stem != "tabs"], ids=golden_id)
def test_writes_the_same_without_libyaml(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_pure_loader(monkeypatch)
    article = read(path.read_bytes(), path.parent.name)
    assert with_image(article, IMAGE, DIGEST) == expected_of(path).read_bytes()


def use_pure_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_loader, "LOADER", yaml.SafeLoader)
    monkeypatch.setattr(yaml_loader, "KEEPING_LOADER", keeping(yaml.SafeLoader))


@pytest.mark.parametrize("path", GOLDEN, ids=golden_id)
def test_python_frontmatter_sees_the_two_keys_and_no_other_change(path: Path) -> None:
    before, after = loaded(path), loaded(expected_of(path))
    set_value(before, path.parent.name, IMAGE)
    set_value(before, "header.digest", DIGEST)
    # repr, because NaN is unequal to itself; sorted, because TOML tables may be taken up again.
    assert ordered(after) == ordered(before)


def test_every_golden_file_has_its_partner() -> None:
    files = {path for path in ARTICLES.glob("*/*") if path.is_file()}
    assert files == {*GOLDEN, *map(expected_of, GOLDEN)}
    assert len(GOLDEN) > 50


def loaded(path: Path) -> dict[str, object]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    handler = TomlHandler() if text.lstrip().startswith("+++") else YAMLHandler()
    metadata, _ = frontmatter.parse(text, handler=handler)
    return metadata


def set_value(values: Any, dotted: str, value: str) -> None:
    *parents, last = dotted.split(".")
    for key in parents:
        values[key] = values.get(key) or {}
        values = values[key]
    values[last] = value


def ordered(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted((str(key), ordered(inner)) for key, inner in value.items()))
    return repr(value)


# --- what is read ----------------------------------------------------------------------------


def test_reads_every_key_of_a_prompt_with_its_line() -> None:
    article = read(
        "\n---\n"
        "title: x\n"
        "header:\n"
        "  prompt: |\n"
        "    夕焼け\n"
        "  negative_prompt: ''\n"
        "  model: sdxl-turbo\n"
        "  seed: 18446744073709551615\n"
        "  steps: 200\n"
        "  guidance_scale: 7\n"
        "  image: a.png\n"
        "  digest: 3fa9c1d2\n"
        "  alt: 夕焼けの絵\n"
        "---\n"
    )
    request = article.request
    assert request is not None
    assert (request.prompt, request.negative_prompt) == ("夕焼け\n", "")
    assert (request.model, request.seed, request.steps) == ("sdxl-turbo", 2**64 - 1, 200)
    assert (request.guidance_scale, request.sources, request.layout) == (7.0, (), None)
    assert (article.image, article.digest, article.alt) == ("a.png", "3fa9c1d2", "夕焼けの絵")
    assert (article.line, article.image_line, article.path) == (4, 12, PATH)
    assert article.lines == {
        "header": 4,
        "header.prompt": 5,
        "header.negative_prompt": 7,
        "header.model": 8,
        "header.seed": 9,
        "header.steps": 10,
        "header.guidance_scale": 11,
        "header.image": 12,
        "header.digest": 13,
        "header.alt": 14,
    }


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            "---\nheader:\n  layout: grid\n  sources:\n  - a.png\n\n  - b.png\n---\n", id="yaml"
        ),
        pytest.param(
            "+++\n[header]\nlayout = 'grid'\nsources = [ # c\n 'a.png',\n\n 'b.png',]\n+++\n",
            id="toml",
        ),
    ],
)
def test_reads_sources_with_the_line_of_each(data: str) -> None:
    article = read(data)
    request = article.request
    assert request is not None
    assert (request.sources, request.layout) == (("a.png", "b.png"), "grid")
    assert article.lines == {
        "header": 2,
        "header.layout": 3,
        "header.sources": 4,
        "header.sources[0]": 5,
        "header.sources[1]": 7,
    }


@pytest.mark.parametrize(
    ("focus", "expected"),
    [
        pytest.param("auto", ("auto",), id="auto"),
        pytest.param("[0.25, 1]", ((0.25, 1.0),), id="a point for all"),
        pytest.param("[[0, -0.0], auto]", ((0.0, 0.0), "auto"), id="one for each"),
        pytest.param("", (), id="null"),
    ],
)
def test_reads_the_focus(focus: str, expected: tuple[object, ...]) -> None:
    request = read(f"---\nheader:\n  sources: [a, b]\n  focus: {focus}\n---\n").request
    assert request is not None
    assert request.focus == expected


@pytest.mark.parametrize(
    ("text", "image_key", "image", "image_line"),
    [
        pytest.param("header: {prompt: x}\n", "header.image", None, 2, id="no image"),
        pytest.param("header:\n  image: a.png\n", "header.image", "a.png", 3, id="hand-made"),
        pytest.param("header:\n  image:\n", "header.image", None, 3, id="empty image"),
        pytest.param("header:\n  image: ''\n", "header.image", None, 3, id="empty string"),
        pytest.param("header: {}\ncover:\n  image: b\n", "cover.image", "b", 4, id="nested"),
        pytest.param("header: {}\ncover:\n", "cover.image", None, 2, id="null parent"),
        pytest.param("hero: c\nheader: {}\n", "hero", "c", 2, id="at the root"),
        pytest.param("c: &c x.png\nheader: {image: *c}\n", "header.image", "x.png", 3, id="alias"),
    ],
)
def test_finds_the_image_and_its_line(
    text: str, image_key: str, image: str | None, image_line: int
) -> None:
    article = read(yaml_article(text), image_key)
    assert (article.image, article.image_line) == (image, image_line)


def test_a_repeated_source_is_where_it_is_written() -> None:
    article = read("---\ncover: &c c.png\nheader:\n  sources:\n  - a.png\n  - *c\n---\n")
    assert article.request is not None
    assert article.request.sources == ("a.png", "c.png")
    assert (article.line_of("header.sources[0]"), article.line_of("header.sources[1]")) == (5, 2)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        pytest.param("header.card.theme", "a.md:6: header.card.theme", id="a key of a card"),
        pytest.param("hero", "a.md:2: hero", id="the image's key"),
        pytest.param("header.seed", "a.md:3: header.seed", id="a key that is not written"),
        pytest.param(None, "a.md:3", id="no key"),
    ],
)
def test_an_error_points_at_its_key_or_at_the_header(key: str | None, place: str) -> None:
    text = "hero: h.png\nheader:\n  card:\n    title: x\n    theme: night\n"
    error = read(yaml_article(text), "hero").error(key, "is wrong", "mend it")
    assert (str(error), error.remedy) == (f"articles/{place}: is wrong", "mend it")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("header: {}\n", id="empty mapping"),
        pytest.param("header: {image: a.png, alt: b}\n", id="hand-made image"),
    ],
)
def test_header_that_asks_for_nothing_has_no_request(text: str) -> None:
    assert read(yaml_article(text)).request is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("", id="empty file"),
        pytest.param("# The header\n\nheader: not frontmatter\n", id="no frontmatter"),
        pytest.param("text\n---\nheader: {prompt: x}\n---\n", id="fence is not first"),
        pytest.param(" ---\nheader: {prompt: x}\n---\n", id="indented fence"),
        pytest.param("---\ntitle: x\n---\nheader:\n  prompt: x\n", id="header in the body"),
        pytest.param("---\ntitle: the header\n---\n", id="header in a value"),
        pytest.param("--- \n!!set {header: , x}\n---\n", id="a set is no mapping"),
        pytest.param("---\nheader-includes: a\nsub-header: 1\nheaders: {\n---\n", id="other keys"),
        pytest.param("---\ncover:\n  header: x\n---\n", id="header not at the root"),
        pytest.param("---\nheader: ~\n---\n", id="null header"),
        pytest.param("---\n- header: {prompt: x}\n---\n", id="root is a list"),
        pytest.param("---\n# header: {prompt: x}\n---\n", id="commented out"),
        pytest.param("---\ntitle: [\n---\nheader:\n", id="bad YAML without header"),
        pytest.param("+++\ntitle = [\n+++\nheader\n", id="bad TOML without header"),
        pytest.param("+++\n[cover.header]\na = 1\n+++\n", id="TOML header not at the root"),
        pytest.param("---\n\n# Rule first\n\ntext\n\nheader: x\n", id="rule, never closed"),
        pytest.param("---\nNote: x\n\n```yaml\nheader:\n```\n", id="header in a code block"),
        pytest.param('{/* header: "header": */}\n\ntext\n', id="MDX comment"),
        pytest.param('{\n  "title": "header"\n}\n', id="JSON without header"),
        pytest.param('{\n  foo("header")\n  "header": 1', id="brace never closed"),
        pytest.param("---\nx: " + "a" * 70_000 + "\n---\nheader:\n", id="large without header"),
    ],
)
def test_leaves_an_article_without_header_alone(data: str) -> None:
    assert parse(PATH, data.encode()) is None


def test_needs_no_parser_for_an_article_without_header() -> None:
    code = """
import sys
from pathlib import Path
from headergen.article.article import parse
for data in (
    b"text",
    b"---\\ntitle: x\\n---\\nthe header: y\\n",
    b"---\\ntitle: my header\\nheader-includes: x\\n---\\n",
    b"+++\\ntitle = 'header'\\n+++\\n",
):
    assert parse(Path("a.md"), data) is None
print(*sorted({"yaml", "frontmatter", "tomllib", "json", "difflib", "hashlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


# --- the request as text, for the digest -----------------------------------------------------


def canonical(data: str) -> str:
    request = read(data).request
    assert request is not None
    return request.canonical()


def test_canonical_request_holds_the_written_keys_in_a_fixed_order() -> None:
    data = yaml_article("header: {steps: 8, prompt: 夕焼け, guidance_scale: 0, seed: 0}\n")
    assert canonical(data) == '{"guidance_scale":0.0,"prompt":"夕焼け","seed":0,"steps":8}'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("header: {seed: 1, prompt: a}\n", id="order"),
        pytest.param("\n\nheader:\n  prompt: 'a'\n  seed: 1\n", id="layout of the text"),
        pytest.param("header: {prompt: a, seed: 1, alt: z}\n", id="alt"),
        pytest.param("header: {prompt: a, seed: 1, image: z, digest: aaaaaaaa}\n", id="image"),
        pytest.param("header: {prompt: a, seed: 1, model: }\n", id="null key"),
    ],
)
def test_canonical_request_does_not_depend_on(data: str) -> None:
    assert canonical(yaml_article(data)) == '{"prompt":"a","seed":1}'
    assert canonical(toml_article("header.prompt = 'a'\nheader.seed = 1\n")) == canonical(
        yaml_article(data)
    )


def test_canonical_request_tells_sources_from_prompt() -> None:
    assert canonical(yaml_article("header: {sources: [a, b]}\n")) == '{"sources":["a","b"]}'


# --- what is refused -------------------------------------------------------------------------

PROMPT = "header: {prompt: x}\n"
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 40)
)
ALIAS_BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
CHOICES = "choose from prompt, negative_prompt, model, seed, steps, guidance_scale, sources, "


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("header:\n  promt: x\n", 3, "did you mean 'prompt'? " + CHOICES, id="typo"),
        pytest.param(
            "header:\n  seed: 1\n  foo: x\n", 4, "header.foo: unknown key 'foo'; ", id="unknown key"
        ),
        pytest.param("header:\n  seed: 1\n  1: x\n", 2, "unknown key '1'", id="key is a number"),
        pytest.param("header: [prompt]\n", 2, "expected a mapping", id="header is a list"),
        pytest.param("header: true\n", 2, "expected a mapping", id="header is a bool"),
        pytest.param(
            "header:\n  prompt: x\n  sources: [a]\n", 4, "exclude each other", id="prompt, sources"
        ),
        pytest.param("header:\n  prompt: ''\n", 3, "header.prompt: is empty", id="empty prompt"),
        pytest.param("header:\n  prompt: ' \t'\n", 3, "is empty", id="blank prompt"),
        pytest.param("header:\n  prompt:\n", 3, "is empty", id="null prompt"),
        pytest.param("header:\n  prompt: 3\n", 3, "expected text, not 3", id="prompt is a number"),
        pytest.param("header:\n  prompt: [a]\n", 3, "not ['a']", id="prompt is a list"),
        pytest.param('header:\n  prompt: "a\\0b"\n', 3, "contains a character", id="NUL in prompt"),
        pytest.param("header:\n  model: ''\n", 3, "is empty", id="empty model"),
        pytest.param("header:\n  alt: 1\n", 3, "header.alt: expected text", id="alt is a number"),
        pytest.param(
            "header:\n  seed: true\n",
            3,
            "from 0 to 18446744073709551615, not True",
            id="seed is a bool",
        ),
        pytest.param("header:\n  seed: -1\n", 3, "not -1", id="negative seed"),
        pytest.param(f"header:\n  seed: {2**64}\n", 3, "not 18446744073709551616", id="big seed"),
        pytest.param("header:\n  seed: 1.0\n", 3, "not 1.0", id="seed is a float"),
        pytest.param("header:\n  seed: '1'\n", 3, "not '1'", id="seed is text"),
        pytest.param("header:\n  seed: 0x" + "f" * 9000 + "\n", 3, "a huge number", id="huge seed"),
        pytest.param("header:\n  steps: 0\n", 3, "from 1 to 200, not 0", id="no steps"),
        pytest.param("header:\n  steps: 201\n", 3, "from 1 to 200, not 201", id="many steps"),
        pytest.param("header:\n  steps: on\n", 3, "not True", id="steps is a bool"),
        pytest.param("header:\n  guidance_scale: 50.1\n", 3, "from 0 to 50", id="big guidance"),
        pytest.param("header:\n  guidance_scale: -0.1\n", 3, "not -0.1", id="negative guidance"),
        pytest.param("header:\n  guidance_scale: .nan\n", 3, "not nan", id="guidance is NaN"),
        pytest.param("header:\n  guidance_scale: yes\n", 3, "not True", id="guidance is a bool"),
        pytest.param(
            "header:\n  sources: a.png\n", 3, "a list of 1 to 12", id="one source as text"
        ),
        pytest.param("header:\n  sources: []\n", 3, "a list of 1 to 12", id="no sources"),
        pytest.param("header:\n  sources:\n", 3, "a list of 1 to 12", id="null sources"),
        pytest.param(f"header:\n  sources: [{'a,' * 13}]\n", 3, "list of 1 to 12", id="13 sources"),
        pytest.param(
            "header:\n  sources:\n  - a\n  - 2\n",
            5,
            "header.sources[1]: expected a path",
            id="source is a number",
        ),
        pytest.param("header:\n  sources:\n  - ''\n", 4, "sources[0]: is empty", id="empty source"),
        pytest.param(
            "header:\n  layout: 2\n", 3, "expected one of auto, cover", id="layout is a number"
        ),
        pytest.param(
            "header:\n  sources: [a]\n  seed: 1\n",
            4,
            "no effect on a header of a c",
            id="idle seed",
        ),
        pytest.param(
            "header:\n  prompt: x\n  layout: grid\n",
            4,
            "no effect on a header that is p",
            id="idle layout",
        ),
        pytest.param(
            "header:\n  prompt: x\n  focus: auto\n", 4, "that is p", id="focus beside a prompt"
        ),
        pytest.param(
            "header:\n  sources: [a]\n  focus: [0.5, 1.1]\n",
            4,
            "header.focus: expected auto or a point",
            id="focus beyond the edge",
        ),
        pytest.param(
            "header:\n  sources: [a]\n  focus: [true, 0]\n", 4, "not [True, 0]", id="focus a bool"
        ),
        pytest.param(
            "header:\n  sources: [a]\n  focus: [0.5]\n", 4, "expected auto or", id="one number"
        ),
        pytest.param(
            "header:\n  sources: [a]\n  focus: face\n", 4, "expected auto or", id="focus a word"
        ),
        pytest.param(
            "header:\n  sources: [a, b]\n  focus: [[0, 1]]\n",
            4,
            "one for each of the 2 sources, not 1",
            id="a focus too few",
        ),
        pytest.param(
            "header:\n  sources: [a, b]\n  focus:\n  - auto\n  - [0, 2]\n",
            6,
            "header.focus[1]: expected",
            id="focus of the second",
        ),
        pytest.param("header:\nprompt: x\n", 3, "indent it", id="prompt beside the header"),
        pytest.param("header:\n\nsources:\n- a\n", 4, "indent it", id="sources beside it"),
        pytest.param("header:\n  prompt: x: y\n", 3, "in quotes", id="a colon in a plain text"),
        pytest.param(
            "header:\n  image: 3\n", 3, "header.image: expected a path", id="image number"
        ),
        pytest.param("header:\n  image: [3]\n", 3, "expected a path as text", id="image is a list"),
        pytest.param("header:\n  digest: 12345678\n", 3, "8 hex digits", id="digest as a number"),
        pytest.param("header:\n  digest: abc\n", 3, "not 'abc'", id="short digest"),
        pytest.param("header:\n  digest: ABCDEF12\n", 3, "not 'ABCDEF12'", id="digest in capitals"),
        pytest.param(
            "header: {prompt: x}\nheader: {prompt: y}\n",
            3,
            "duplicate key 'header'",
            id="two headers",
        ),
        pytest.param(
            "header:\n  prompt: x\n  prompt: y\n", 4, "header.prompt: duplicate", id="two prompts"
        ),
        pytest.param("header:\n  prompt: x\n  'prompt': y\n", 4, "duplicate", id="two, quoted"),
        pytest.param("h: &h {header: {prompt: x}}\n<<: *h\n", 2, "through a merge", id="merged"),
        pytest.param("a: 1\ntitle: [\nheader: {}\n", 3, "not valid YAML", id="bad YAML"),
        pytest.param(
            "title: a: b\n\nheader: {}\n", 2, "a colon must stand in quotes", id="stray colon"
        ),
        pytest.param("header:\n\tprompt: x\n", 3, "a tab, or a sign", id="tab as indent"),
        pytest.param(f"{PROMPT}--- second\n", 3, "second YAML document", id="two documents"),
        pytest.param(f"{PROMPT}x: \x00\n", 3, "no character U+0000", id="NUL"),
        pytest.param(f"{PROMPT}x: {'[' * 50_000}\n", 3, "deeper than 50", id="50,000 brackets"),
        pytest.param(f"{PROMPT}x:\n{'- ' * 30_000}\n", 4, "deeper than 50", id="30,000 dashes"),
        pytest.param(f"{MERGE_BOMB}{PROMPT}", 15, "aliases repeat more", id="merge bomb"),
        pytest.param(f"{ALIAS_BOMB}{PROMPT}", 7, "aliases repeat more", id="alias bomb"),
        pytest.param(f"{PROMPT}x: &x [*x]\n", 3, "inside of what it repeats", id="recursion"),
        pytest.param(f"{PROMPT}x: *x\n", 3, "unknown anchor", id="unknown anchor"),
        pytest.param(f"{PROMPT}a: 1\nd: 2024-99-99\n", 4, "'2024-99-99'", id="bad date"),
        pytest.param(f"{PROMPT}n: {'9' * 5000}\n", 3, "4300 digits", id="5,000 digits"),
        pytest.param(f"{PROMPT}n: 1{':1' * 101}\n", 3, "more than 100 parts", id="base 60"),
        pytest.param(f"{PROMPT}n: 1{':1' * 101}.5\n", 3, "100 parts", id="base 60, float"),
        pytest.param(f"{PROMPT}n: !!int '1{':0' * 101}'\n", 3, "100 parts", id="base 60, tag"),
        pytest.param(f"x:\n {PROMPT}", 3, "stands below 'x'", id="header slipped below a key"),
        pytest.param(f"x: 1\n {PROMPT}", 3, "is indented", id="indented header"),
        pytest.param(f"{PROMPT}n: !!bool x\n", 3, "cannot read the value '!!bool x'", id="!!bool"),
        pytest.param(f"{PROMPT}n: !!timestamp x\n", 3, "cannot read", id="!!timestamp"),
        pytest.param(f"{PROMPT}n: !!python/object:os.system x\n", 3, "python/object", id="python"),
        pytest.param(f'{PROMPT}n: "\\ud800"\n', 3, "not valid YAML", id="lone surrogate"),
        pytest.param(f"{PROMPT}? [a]\n: 1\n", 3, "unhashable", id="unhashable key"),
        pytest.param(f"{PROMPT}x: {'a' * 70_000}\n", 2, "at most 65536", id="more than 64 KiB"),
    ],
)
def test_refuses_yaml(text: str, line: int, message: str) -> None:
    assert_refused(yaml_article(text).encode(), line, message)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("[header]\npromt = 'x'\n", 3, "did you mean 'prompt'?", id="typo"),
        pytest.param("[header]\nseed = true\n", 3, "not True", id="seed is a bool"),
        pytest.param("[header]\nprompt = 2024-01-01\n", 3, "expected text", id="prompt is a date"),
        pytest.param("[header]\ndigest = 12345678\n", 3, "8 hex digits", id="digest as a number"),
        pytest.param("a = 1\n[[header]]\nprompt = 'x'\n", 3, "expected a mapping", id="list"),
        pytest.param("header = 3\n", 2, "expected a mapping", id="header is a number"),
        pytest.param("[header]\nprompt = 'x'\nprompt = 'y'\n", 4, "not valid TOML", id="two keys"),
        pytest.param("[header]\n[header]\n", 3, "not valid TOML", id="two headers"),
        pytest.param("[header]\r\na = \r\n", 3, "Invalid value", id="bad TOML, CRLF"),
        pytest.param("[header]\nprompt = '''\n\n", 4, "not valid TOML", id="string without end"),
        pytest.param(f"[header]\n\na={'9' * 5000}\n", 4, "4300 digits", id="5,000 digits"),
        pytest.param(f"[header]\na={'[' * 50_000}\n", 2, "deeper than 50", id="50,000 brackets"),
        pytest.param(f"[header]\na={'[' * 60}{']' * 60}\n", 3, "deeper than 50", id="60 brackets"),
        pytest.param(f"[header]\n{'a.' * 30_000}a=1\n", 3, "a key nests deeper", id="dotted key"),
        pytest.param("[header]\na" + '."a"' * 9000 + "=1\n", 3, "a key nests", id="quoted parts"),
    ],
)
def test_refuses_toml(text: str, line: int, message: str) -> None:
    assert_refused(toml_article(text).encode(), line, message)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        pytest.param(
            b"---\nheader: {prompt: x}\n\n# Text\n",
            1,
            "never closed\nput ---",
            id="fence not closed",
        ),
        pytest.param(
            b"\n---\n# c\ntitle: x\n\nheader:\n  prompt: x\n...\n\ntext\n",
            2,
            "never closed",
            id="closed by dots",
        ),
        pytest.param(
            b"+++\n[header]\nprompt = 'x'\n", 1, "put +++ on a line", id="TOML not closed"
        ),
        pytest.param(b"---\nheader: {}\na: b\n --- \n", 1, "never closed", id="indented closing"),
        pytest.param("---\nheader: {}\n---\n".encode("utf-16"), 1, "is UTF-16", id="UTF-16"),
        pytest.param(b'{\n  "title": "x",\n  "header": {}\n}\n', 3, "JSON frontmatter", id="JSON"),
        pytest.param(b"---\nheader: {}\nx: caf\xe9\n---\n", 3, "byte 0xe9", id="not UTF-8"),
        pytest.param(b"---\r\nheader:\r\n  promt: x\r\n---\r\n", 3, "unknown key", id="CRLF"),
        pytest.param(
            '---\nx: "\u2028\u0085"\nheader:\n  promt: x\n---\n'.encode(),
            4,
            "unknown key",
            id="separators are no lines",
        ),
        pytest.param(b"\xef\xbb\xbf\n---\nheader:\n  promt: x\n---\n", 4, "unknown key", id="BOM"),
    ],
)
def test_refuses_a_block(data: bytes, line: int, message: str) -> None:
    assert_refused(data, line, message)


@pytest.mark.parametrize(
    ("text", "image_key", "line", "message"),
    [
        pytest.param(
            "header:\n  prompt: x\n  image: a\n",
            "cover.image",
            4,
            "unknown key 'image'",
            id="image under header is not the key",
        ),
        pytest.param(
            "cover: a.png\nheader: {}\n",
            "cover.image",
            2,
            "cover: expected a mapping",
            id="parent is text",
        ),
        pytest.param(
            "header: {}\na:\n  b: [c]\n",
            "a.b.image",
            4,
            "a.b: expected a mapping",
            id="parent is a list",
        ),
        pytest.param("header: {}\nhero: 1\n", "hero", 3, "hero: expected a path", id="number"),
        pytest.param("hero: a\nheader: {}\nhero: b\n", "hero", 4, "duplicate key", id="twice"),
        pytest.param(
            "c: {image: a}\nheader: {}\nc: {}\n",
            "c.image",
            4,
            "c: duplicate key",
            id="parent is there twice",
        ),
    ],
)
def test_refuses_what_stands_under_the_image_key(
    text: str, image_key: str, line: int, message: str
) -> None:
    assert_refused(yaml_article(text).encode(), line, message, image_key)


def test_refuses_a_lone_surrogate_that_the_pure_loader_lets_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_pure_loader(monkeypatch)
    text = 'title: x\nheader:\n  prompt: "\\ud800"\n'
    assert_refused(yaml_article(text).encode(), 4, "contains a character")


def assert_refused(data: bytes, line: int, message: str, image_key: str = "header.image") -> None:
    with pytest.raises(ArticleError) as caught:
        parse(PATH, data, Keys(image=image_key))
    assert str(caught.value).startswith(f"articles/a.md:{line}: ")
    assert message in f"{caught.value}\n{caught.value.remedy}"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("data", "image_key", "line", "message"),
    [
        pytest.param(
            "---\nheader:\n  prompt: x\n  image: &i a.png\n---\n",
            "header.image",
            4,
            "carries the anchor &i",
            id="anchor on the value",
        ),
        pytest.param(
            "---\nheader:\n  prompt: x\n  image: !!str a.png\n---\n",
            "header.image",
            4,
            "carries the tag",
            id="tag on the value",
        ),
        pytest.param(
            "---\nh: &h {prompt: x}\nheader: *h\n---\n",
            "header.image",
            3,
            "reached through the alias *h",
            id="header is an alias",
        ),
        pytest.param(
            "---\nheader: &h\n  prompt: x\nog: *h\n---\n",
            "header.image",
            2,
            "repeated elsewhere as *h",
            id="header is repeated",
        ),
        pytest.param(
            "---\nheader:\n  prompt: x\n  image: >-\n    a.png\n---\n",
            "header.image",
            4,
            "spans several lines",
            id="image is a block scalar",
        ),
        pytest.param(
            "---\nheader:\n  prompt: x\n  image: a\n    b.png\n---\n",
            "header.image",
            4,
            "spans several lines",
            id="image has two lines",
        ),
        pytest.param(
            "---\nc: &c {cover: {a: 1}}\nheader: {prompt: x}\n<<: *c\n---\n",
            "cover.image",
            2,
            "comes through a merge",
            id="parent is merged",
        ),
        pytest.param(
            "---\n? header\n: prompt: x\n---\n",
            "header.image",
            3,
            "cannot be written here",
            id="explicit key",
        ),
        pytest.param(
            "+++\n[header]\nprompt = 'x'\nimage = '''\na.png'''\n+++\n",
            "header.image",
            4,
            "spans several lines",
            id="TOML image has two lines",
        ),
    ],
)
def test_refuses_to_write_what_it_could_damage(
    data: str, image_key: str, line: int, message: str
) -> None:
    article = read(data, image_key)
    with pytest.raises(ArticleError) as caught:
        with_image(article, IMAGE, DIGEST)
    assert str(caught.value).startswith(f"articles/a.md:{line}: {image_key}: ")
    assert message in str(caught.value)
    assert "the article was left alone" in str(caught.value)


def test_refuses_to_write_what_would_not_be_read_again() -> None:
    full = yaml_article(f"{PROMPT}x: {'a' * (65_536 - len(PROMPT) - 4)}\n")
    with pytest.raises(ArticleError, match=r"65582 bytes.*; the article was left alone"):
        with_image(read(full), IMAGE, DIGEST)


def test_refuses_to_write_into_bytes_that_have_no_header() -> None:
    article = replace(read(yaml_article(PROMPT)), data=b"text\n")
    with pytest.raises(ArticleError, match=r"a\.md:2: .* left alone"):
        with_image(article, IMAGE, DIGEST)


# --- how a value is written ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digest", "written"),
    [
        pytest.param("3fa9c1d2", "3fa9c1d2", id="no number"),
        pytest.param("e1234567", "e1234567", id="starts with e"),
        pytest.param("12345678", "'12345678'", id="decimal"),
        pytest.param("01234567", "'01234567'", id="octal"),
        pytest.param("1e234567", "'1e234567'", id="float of YAML 1.2"),
        pytest.param("0b101010", "'0b101010'", id="binary"),
        pytest.param("00000000", "'00000000'", id="zeros"),
    ],
)
def test_quotes_a_digest_that_reads_as_a_number(digest: str, written: str) -> None:
    new = with_image(read(yaml_article(PROMPT.replace("{", "\n  ").replace("}", ""))), "a", digest)
    assert new.decode().splitlines()[-3] == f"  digest: {written}"
    assert read(new).digest == digest


NASTY_PATHS = [
    "日本語 画像.png", "🌅.png", "a: b.png", "a #b.png", "it's.png", '"q".png', "-x.png",
    "a\\b.png", "{x}.png", "[x], y.png", "yes", "~", "1e5", "0x1F", "3.10", "2024-01-01", "*a",
    "&a", "!a", "%a", "@a", "a:", "?", "a\u2028b.png", "a\u0085b.png", "a\nb.png", "a\tb.png",
    "a\x7fb.png", "\ufeffa.png", " a ", "x" * 300, "long words " * 40 + ".png", "../" * 30 + "a",
]  # fmt: skip


@pytest.mark.parametrize("image", NASTY_PATHS, ids=lambda image: ascii(image[:20]))
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(yaml_article("header:\n  prompt: x\n"), id="block"),
        pytest.param(yaml_article("header: {prompt: x}\n"), id="flow"),
        pytest.param(yaml_article("header:\n  prompt: x\n  image: 'a'\n"), id="single quotes"),
        pytest.param(yaml_article('header: {"image":"a"}\n'), id="double quotes"),
        pytest.param(toml_article("[header]\nprompt = 'x'\n"), id="TOML"),
    ],
)
def test_writes_any_path_on_one_line(data: str, image: str) -> None:
    new = with_image(read(data), image, DIGEST)
    assert read(new).image == image
    assert abs(new.count(b"\n") - data.count("\n")) <= 2
    assert not any(separator in new.decode() for separator in "\u2028\u0085\r")
    assert with_image(read(new), image, DIGEST) == new


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(yaml_article("header:\n  prompt: x\n"), id="YAML"),
        pytest.param(toml_article("[header]\nprompt = 'x'\n"), id="TOML"),
    ],
)
def test_writes_a_japanese_path_for_people_to_read(data: str) -> None:
    assert "画像/夕焼け.png" in with_image(read(data), "画像/夕焼け.png", DIGEST).decode()


@pytest.mark.parametrize("image", [pytest.param("", id="empty"), pytest.param("a\0b", id="NUL")])
def test_refuses_a_path_that_is_none(image: str) -> None:
    with pytest.raises(ArticleError, match="the article was left alone"):
        with_image(read(yaml_article(PROMPT)), image, DIGEST)
