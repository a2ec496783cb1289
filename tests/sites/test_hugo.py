"""docs/sites/hugo.md, built by the real Hugo."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article

pytestmark = [pytest.mark.slow, pytest.mark.sites]

PAGE = """\
<html><head><title>{{ .Title }}</title>
HEAD
</head><body><h1>{{ .Title }}</h1>{{ .Content }}</body></html>
"""
# PaperMod 8 looks for covers so (layouts/partials/templates/opengraph.html, cover.html).
PAPERMOD = """\
{{- if (ne .Params.cover.relative true) }}
<meta property="og:image" content="{{ .Params.cover.image | absURL }}">
{{- else }}
<meta property="og:image" content="{{ (path.Join .RelPermalink .Params.cover.image) | absURL }}">
{{- end }}
{{- with (.Resources.ByType "image").GetMatch (printf "*%s*" .Params.cover.image) }}
<img class="cover" src="{{ .Permalink }}">
{{- else }}
<img class="cover" src="{{ .Params.cover.image | absURL }}">
{{- end }}
"""


def site(head: str, base: str = built.BASE, settings: str = "") -> dict[str, str]:
    return {
        "hugo.toml": f'baseURL = "{base}"\ntitle = "Site"\n{settings}',
        "layouts/_default/single.html": PAGE.replace("HEAD", head),
        "layouts/_default/list.html": PAGE.replace("HEAD", ""),
        ".gitignore": "public/\nresources/\n.hugo_build.lock\n",
    }


def in_files(extra: str = "") -> dict[str, str]:
    return {f"content/posts/{name}.md": article(text, extra) for name, text in TITLES.items()}


@pytest.mark.parametrize("base", [built.BASE, f"{built.BASE}blog/"], ids=["root", "a base path"])
def test_the_embedded_open_graph_template_shows_every_header(
    base: str, tmp_path: Path, python_tools: Path
) -> None:
    work = built.start(tmp_path, site(built.snippet("hugo", "html", "opengraph"), base))
    built.publish(work, in_files())
    built.build(work, "hugo", tools=python_tools)
    output = work.root / "public"
    shown = [output / "posts" / name / "index.html" for name in TITLES]
    files = {built.assert_header(built.og_image(page), page, output, base) for page in shown}
    assert len(files) == len(TITLES)


def test_papermods_covers_in_static_and_in_bundles_with_toml(
    tmp_path: Path, python_tools: Path
) -> None:
    work = built.start(
        tmp_path,
        site(PAPERMOD)
        | {
            "content/posts/old.md": "---\ntitle: Old\ncover:\n  image: /images/old.png\n---\n",
            "content/posts/draft.md": "---\ntitle: Plain\n---\n",
        },
    )
    toml = "+++\ntitle = 'A bundle'\n[header]\ncard = true\n+++\nText.\n"
    articles = in_files() | {
        "content/posts/one/index.md": article("One"),
        "content/posts/two/index.md": toml,
    }
    config = built.publish(work, articles)
    assert config == {**built.recipe("hugo"), "image_key": "cover.image"}
    built.build(work, "hugo", tools=python_tools)
    output = work.root / "public"
    for name in (*TITLES, "one", "two"):
        page = output / "posts" / name / "index.html"
        built.assert_header(built.og_image(page), page, output)


def test_papermods_relative_covers_are_in_the_bundle(tmp_path: Path, python_tools: Path) -> None:
    old = "---\ntitle: Old\ncover:\n  image: old.png\n  relative: true\n---\n"
    work = built.start(tmp_path, site(PAPERMOD) | {"content/posts/old/index.md": old})
    extra = "cover:\n  relative: true\n"
    articles = {
        f"content/posts/{name}/index.md": article(text, extra) for name, text in TITLES.items()
    }
    config = built.publish(work, articles)
    assert "public" not in config
    built.build(work, "hugo", tools=python_tools)
    output = work.root / "public"
    for name in TITLES:
        page = output / "posts" / name / "index.html"
        built.assert_header(built.og_image(page), page, output)
        assert f'<img class="cover" src="{built.og_image(page)}">' in page.read_text()


def test_each_translation_has_its_own_header(tmp_path: Path, python_tools: Path) -> None:
    languages = (
        'defaultContentLanguage = "en"\n[languages.en]\nweight = 1\n[languages.ja]\nweight = 2\n'
    )
    head = built.snippet("hugo", "html", "opengraph")
    work = built.start(tmp_path, site(head, settings=languages))
    articles = {
        "content/posts/tea.en.md": article("Tea"),
        "content/posts/tea.ja.md": article("お茶"),
        "content/posts/bundle/index.en.md": article("A bundle"),
        "content/posts/bundle/index.ja.md": article("束"),
    }
    built.publish(work, articles)
    built.build(work, "hugo", tools=python_tools)
    output = work.root / "public"
    pages = [
        output / prefix / "posts" / name / "index.html"
        for prefix in ("", "ja")
        for name in ("tea", "bundle")
    ]
    files = {built.assert_header(built.og_image(page), page, output) for page in pages}
    assert len(files) == 4
