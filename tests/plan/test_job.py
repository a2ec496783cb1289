from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from headergen.article import article as articles
from headergen.diffusion.cache import Checkpoint
from headergen.diffusion.families import MODELS
from headergen.errors import HeadergenError
from headergen.graphics import encoding
from headergen.picture import parameters
from headergen.picture.parameters import Settings
from headergen.picture.provenance import Metadata
from headergen.plan import job as planning
from headergen.plan import state as states
from headergen.plan.job import Composite, Job, Painting
from headergen.plan.state import Fresh, HandMade, Wanted
from headergen.repository import git
from headergen.settings.config import Config, WantedCut
from headergen.vocabulary import Look
from tests.support.headers import HEADERS, header_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository's root with an article folder and two pictures."""
    (tmp_path / "articles").mkdir()
    for name in ("articles/a.png", "shared.png"):
        Image.new("RGB", (8, 8), "teal").save(tmp_path / name)
    return tmp_path


def state_of(root: Path, header: str, config: Config | None = None) -> planning.Plan:
    path = root / "articles" / "post.md"
    path.write_text(f"---\ntitle: x\nheader:\n{header}---\nbody\n", encoding="utf-8")
    config = config or Config()
    parsed = articles.parse(path, path.read_bytes(), config.keys)
    assert parsed is not None
    return planning.job_for(parsed, config, root)


def painting(root: Path, header: str, config: Config | None = None) -> Painting:
    job = state_of(root, header, config)
    assert isinstance(job, Job)
    assert isinstance(job.content, Painting)
    return job.content


def checkpoint_of(painting: Painting) -> Checkpoint:
    assert isinstance(painting.checkpoint, Checkpoint)
    return painting.checkpoint


def test_a_prompt_becomes_a_job_with_the_tables_settings(root: Path) -> None:
    job = state_of(root, "  prompt: a cat\n")
    assert isinstance(job, Job)
    assert job.output == root / "articles" / header_of("post")
    assert job.image == header_of("post")
    assert (job.width, job.height, job.format) == (1280, 670, "png")
    content = job.content
    assert isinstance(content, Painting)
    assert content.prompt == "a cat"
    assert checkpoint_of(content).location == "Tongyi-MAI/Z-Image-Turbo"
    assert (content.steps, content.guidance_scale) == (8, 0.0)
    assert (content.render_width, content.render_height) == (1280, 672)
    assert content.seed == int(job.digest, 16)


@pytest.mark.parametrize(
    ("header", "prompt", "note"),
    [
        pytest.param("  model: z-image-turbo\n", "a cat", "knows no weights", id="Z-Image"),
        pytest.param("  model: sdxl-turbo\n", "a (cat:1.4)", None, id="SDXL"),
        pytest.param(
            "  model: sdxl-turbo\n  negative_prompt: dog\n",
            "a (cat:1.4)",
            "the negative prompt has no effect",
            id="a negative prompt without guidance",
        ),
    ],
)
def test_a_model_is_told_what_it_understands_and_the_author_what_it_does_not(
    root: Path, header: str, prompt: str, note: str | None
) -> None:
    found = painting(root, f"  prompt: a (cat:1.4)\n{header}", Config(width=640, height=336))
    assert found.prompt == prompt
    assert len(found.notes) == (note is not None)
    assert note is None or note in found.notes[0]


def test_the_article_overrules_the_config_which_overrules_the_table(root: Path) -> None:
    config = Config(model="animagine-xl-3.1", num_inference_steps=20, guidance_scale=5.0)
    found = painting(root, "  prompt: a cat\n  steps: 9\n  seed: 7\n", config)
    assert (found.steps, found.guidance_scale, found.seed) == (9, 5.0, 7)
    assert found.prompt.startswith("(masterpiece)")
    assert "a cat" in found.prompt
    assert found.negative_prompt == MODELS["animagine-xl-3.1"].negative_prompt


def test_a_guidance_of_zero_and_an_empty_negative_prompt_are_kept(root: Path) -> None:
    header = "  prompt: a\n  guidance_scale: 0\n  negative_prompt: ''\n  seed: 0\n"
    found = painting(root, header, Config(model="animagine-xl-3.1"))
    assert (found.guidance_scale, found.negative_prompt, found.seed) == (0.0, "", 0)


def test_another_model_in_the_article_brings_its_own_settings(root: Path) -> None:
    config = Config(
        num_inference_steps=3, prompt_template="{prompt}!", render_width=640, device="cpu"
    )
    found = painting(root, "  prompt: a\n  model: animagine-xl-3.1\n", config)
    assert found.steps == 28
    assert found.prompt.endswith("a, (rating:safe)")
    assert (found.render_width, found.render_height) == (1344, 704)
    assert found.device == "cpu"


@pytest.mark.parametrize(
    ("width", "height", "render"),
    [
        pytest.param(1024, 1024, (1024, 1024), id="both"),
        pytest.param(1001, 900, (1008, 912), id="rounded up to what the model admits"),
        pytest.param(640, None, (640, 336), id="width alone keeps the header's proportion"),
        pytest.param(None, 335, (640, 336), id="height alone keeps the header's proportion"),
    ],
)
def test_the_render_size_of_the_config(
    root: Path, width: int | None, height: int | None, render: tuple[int, int]
) -> None:
    found = painting(root, "  prompt: a\n", Config(render_width=width, render_height=height))
    assert (found.render_width, found.render_height) == render


@pytest.mark.parametrize(
    ("model", "config", "note"),
    [
        pytest.param(
            "z-image-turbo",
            Config(render_width=1024, render_height=1024),
            "the model paints 1024×1024 px, which is enlarged 1.25× to 1280×670 px and looks soft; "
            "remove image.width and image.height to paint 1280×672 px",
            id="a size of the config's that is too small",
        ),
        pytest.param(
            "sdxl-turbo",
            Config(model="sdxl-turbo"),
            "the model paints 672×352 px, which is enlarged 1.90× to 1280×670 px and looks soft; "
            "choose a model that paints larger (z-image-turbo, animagine-xl-3.1, flux2-klein-4b)",
            id="a model that paints small",
        ),
        pytest.param(
            "z-image-turbo",
            Config(width=6000, height=3000),
            "the model paints 2176×1088 px, which is enlarged 2.76× to 6000×3000 px and looks "
            "soft; choose a smaller size",
            id="a header that no model paints",
        ),
        pytest.param(
            "z-image-turbo",
            Config(render_width=1232, render_height=640),
            None,
            id="up to 5% nobody sees it",
        ),
        pytest.param("animagine-xl-3.1", Config(), None, id="a size that is large enough"),
    ],
)
def test_each_enlargement_is_told_with_its_remedy(
    root: Path, model: str, config: Config, note: str | None
) -> None:
    found = painting(root, f"  prompt: a\n  model: {model}\n", config)
    assert found.notes == ((note,) if note else ())


def test_a_cut_that_is_enlarged_is_told_where_it_is_made(root: Path) -> None:
    square = WantedCut("square", 1080, 1080)
    job = state_of(root, "  card: true\n", Config(also=(square, WantedCut("og", 1200, 630))))
    assert isinstance(job, Job)
    assert job.notes == (
        "square is enlarged 1.61× from 1280×670 px and looks soft; set a larger header.width and "
        "header.height, or a smaller size under also",
    )


TOLD = Settings(
    prompt="a cat",
    model="z-image-turbo",
    revision="0123456789ab",
    steps=8,
    guidance_scale=0.0,
    seed=7,
    width=1280,
    height=672,
    quantization="8bit",
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(TOLD, True, id="the same"),
        pytest.param(replace(TOLD, width=960, height=512), True, id="smaller for want of memory"),
        pytest.param(replace(TOLD, width=640, height=336), True, id="half as wide"),
        pytest.param(replace(TOLD, width=1024, height=1024), False, id="another size"),
        pytest.param(replace(TOLD, prompt="a dog"), False, id="another prompt"),
        pytest.param(replace(TOLD, negative_prompt="blur"), False, id="a negative prompt"),
        pytest.param(replace(TOLD, model="sdxl-turbo"), False, id="another model"),
        pytest.param(replace(TOLD, revision="fedcba"), False, id="another revision"),
        pytest.param(replace(TOLD, revision=None), False, id="no revision"),
        pytest.param(replace(TOLD, steps=9), False, id="other steps"),
        pytest.param(replace(TOLD, guidance_scale=1.0), False, id="another guidance"),
        pytest.param(replace(TOLD, seed=8), False, id="another seed"),
        pytest.param(replace(TOLD, transformer="Q4.gguf"), False, id="another transformer"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_a_picture_painted_so_is_known_by_what_it_has_inside(
    root: Path, told: Settings | None, expected: bool
) -> None:
    planned = painting(root, "  prompt: a cat\n  seed: 7\n", Config(revision="0123"))
    read_back = told and parameters.read(parameters.write(told))
    assert planned.is_told_by(read_back) is expected


def test_sources_are_relative_to_the_article_or_to_the_root(root: Path) -> None:
    job = state_of(root, "  sources: [a.png, ../shared.png, /shared.png]\n  layout: grid\n")
    assert isinstance(job, Job)
    shared = root / "shared.png"
    sources = (root / "articles" / "a.png", shared, shared)
    assert job.content == Composite(sources, "grid", ("auto",), Look())


def test_the_look_of_a_composite_is_the_configs_and_not_in_the_digest(root: Path) -> None:
    header = "  sources: [a.png]\n"
    plain = state_of(root, header)
    slanted = state_of(root, header, Config(slant=8, gutter=2))
    assert isinstance(plain, Job) and isinstance(slanted, Job)
    assert isinstance(slanted.content, Composite)
    assert slanted.content.look == Look(gutter=2, slant=8)
    assert slanted.digest == plain.digest


def test_a_focus_written_is_the_composites_and_part_of_the_digest(root: Path) -> None:
    plain = state_of(root, "  sources: [a.png]\n")
    placed = state_of(root, "  sources: [a.png]\n  focus: [0.2, 1]\n")
    assert isinstance(plain, Job) and isinstance(placed, Job)
    assert isinstance(placed.content, Composite)
    assert placed.content.focus == ((0.2, 1.0),)
    assert placed.digest != plain.digest


def test_the_digest_follows_the_request_and_the_sources_bytes_only(root: Path) -> None:
    header = "  sources: [a.png]\n"
    digests = [state_of(root, header), state_of(root, header + "  alt: x\n")]
    digests.append(state_of(root, header, Config(width=600, output="x/{stem}.png")))
    Image.new("RGB", (8, 8), "red").save(root / "articles" / "a.png")
    digests += [state_of(root, header), state_of(root, header + "  layout: cover\n")]
    first, alt, config, bytes_changed, request_changed = (
        job.digest for job in digests if isinstance(job, Job)
    )
    assert first == alt == config
    assert len({first, bytes_changed, request_changed}) == 3


def test_the_states_of_a_header(root: Path) -> None:
    job = state_of(root, "  prompt: a\n")
    assert isinstance(job, Job)
    made = f"  image: a.png\n  digest: '{job.digest}'\n"
    assert isinstance(state_of(root, "  prompt: a\n" + made), Fresh)
    assert isinstance(state_of(root, "  prompt: b\n" + made), Job)
    assert isinstance(state_of(root, "  prompt: a\n" + made.replace("a.png", "gone.png")), Job)
    assert isinstance(state_of(root, "  prompt: a\n  image: a.png\n"), HandMade)
    assert isinstance(state_of(root, "  image: a.png\n"), HandMade)
    assert state_of(root, "  alt: a\n") is None


@pytest.mark.parametrize(
    "image", ["https://example.com/a.png", "//cdn/a.png", "data:image/png;base64,x", "/site/a.png"]
)
def test_a_picture_that_only_the_site_can_find_is_hand_made(root: Path, image: str) -> None:
    assert isinstance(state_of(root, f"  prompt: a\n  image: {image!r}\n"), HandMade)


def test_a_url_is_the_authors_even_beside_a_digest(root: Path) -> None:
    header = "  prompt: a\n  image: https://example.com/a.png\n  digest: '00000000'\n"
    assert isinstance(state_of(root, header), HandMade)


def test_a_url_as_prefix_is_taken_off_again(root: Path) -> None:
    config = Config(image_prefix="https://example.com/")
    job = state_of(root, "  prompt: a\n", config)
    assert isinstance(job, Job)
    assert job.image == f"https://example.com/{header_of('post')}"
    made = f"  prompt: a\n  image: https://example.com/a.png\n  digest: '{job.digest}'\n"
    assert isinstance(state_of(root, made, config), Fresh)


def test_a_picture_that_headergen_made_for_another_request_is_not_fresh(root: Path) -> None:
    job = state_of(root, "  prompt: a\n")
    assert isinstance(job, Job)
    header = f"  prompt: a\n  image: made.png\n  digest: '{job.digest}'\n"
    for digest, kind in ((job.digest, Fresh), ("00000000", Job)):
        made = encoding.encode(Image.new("RGB", (8, 8)), "png", Metadata(digest))
        (root / "articles" / "made.png").write_bytes(made)
        assert isinstance(state_of(root, header), kind)


def test_the_prefix_goes_before_the_path_and_is_taken_off_again(root: Path) -> None:
    config = Config(image_prefix="./", image_key="cover.image")
    job = state_of(root, "  prompt: a\n", config)
    assert isinstance(job, Job)
    assert job.image == f"./{header_of('post')}"
    made = f"  prompt: a\n  digest: '{job.digest}'\ncover:\n  image: ./a.png\n"
    assert isinstance(state_of(root, made, config), Fresh)


def test_a_local_folder_takes_the_settings_of_its_pipeline_class(root: Path) -> None:
    (root / "tiny").mkdir()
    (root / "tiny" / "model_index.json").write_text('{"_class_name": "ZImagePipeline"}')
    chosen = checkpoint_of(painting(root, "  prompt: a\n", Config(model="./tiny")))
    assert (chosen.row.name, chosen.location) == ("z-image-turbo", str(root / "tiny"))
    assert chosen.local


def sdxl_folder(root: Path) -> None:
    (root / "sdxl").mkdir()
    index = '{"_class_name": "StableDiffusionXLPipeline"}'
    (root / "sdxl" / "model_index.json").write_text(index)


def test_a_preset_says_whose_settings_a_folder_or_hub_id_takes(root: Path) -> None:
    sdxl_folder(root)
    for model in ("sdxl", "someone/sdxl-merge"):
        config = Config(model=model, preset="sdxl-turbo")
        row = painting(root, "  prompt: a\n", config).row
        assert row and row.name == "sdxl-turbo"


CONFIG_LINES = {"image.model": 2, "image.preset": 3, "image.transformer": 3}


def test_a_gguf_transformer_is_a_file_here_or_one_on_the_hub(root: Path) -> None:
    (root / "z-Q4.gguf").touch()
    here = painting(root, "  prompt: a\n", Config(transformer="z-Q4.gguf", revision="abcdef0"))
    hub = painting(root, "  prompt: a\n", Config(transformer="someone/z/z-Q4.gguf"))
    assert checkpoint_of(here).transformer == str(root / "z-Q4.gguf")
    assert checkpoint_of(here).revision == "abcdef0"
    assert checkpoint_of(hub).transformer == "someone/z/z-Q4.gguf"
    assert (checkpoint_of(here).transformer_local, checkpoint_of(hub).transformer_local) == (
        True,
        False,
    )


def test_prompts_are_read_as_the_model_reads_them(root: Path) -> None:
    header = "  prompt: a (cat:1.4)\n  negative_prompt: dog\n"
    zimage = painting(root, header)
    sdxl = painting(root, header, Config(model="animagine-xl-3.1"))
    assert zimage.prompt == "a cat"
    assert [note.partition(":")[0] for note in zimage.notes] == [
        "the model knows no weights",
        "the negative prompt has no effect",
    ]
    assert "a (cat:1.4)" in sdxl.prompt
    assert sdxl.notes == ()


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        pytest.param(
            Config(transformer="z.gguf"), ["image.transformer", "no file here"], id="no GGUF file"
        ),
        pytest.param(
            Config(transformer="articles/gguf/z.gguf"), ["no file here"], id="no GGUF file there"
        ),
        pytest.param(
            Config(model="models/tuned.safetensors", preset="sdxl-turbo"),
            ["'models/tuned.safetensors' is no file or folder here", "diffusers folder"],
            id="no such file, and no hub id",
        ),
        pytest.param(
            Config(model="other/weights", preset="sdxl-turbo"),
            ["is a file and no diffusers folder"],
            id="a file that could be a hub id",
        ),
        pytest.param(Config(model="sdxl"), ["image.preset", "sdxl-turbo"], id="two rows fit"),
        pytest.param(Config(model="some/merge"), ["image.preset"], id="unknown hub id"),
        pytest.param(Config(model="z-imge"), ["unknown model 'z-imge'", "sdxl-turbo"], id="typo"),
        pytest.param(Config(model="articles"), ["model_index.json"], id="no diffusers folder"),
        pytest.param(Config(model="other"), ["FluxPipeline", "ZImagePipeline"], id="foreign class"),
        pytest.param(
            Config(model="sdxl-turbo", preset="z-image-turbo"), ["drop one"], id="row and preset"
        ),
        pytest.param(
            Config(model="sdxl", preset="sdxl"), ["unknown preset 'sdxl'"], id="unknown preset"
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_named(root: Path, config: Config, parts: list[str]) -> None:
    sdxl_folder(root)
    (root / "other").mkdir()
    (root / "other" / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    (root / "other" / "weights").touch()
    config = replace(config, lines=CONFIG_LINES, path="headergen.yaml")
    with pytest.raises(HeadergenError) as caught:
        state_of(root, "  prompt: a\n", config)
    assert str(caught.value).startswith(("headergen.yaml:2: ", "headergen.yaml:3: "))
    for part in parts:
        assert part in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    ("header", "line", "part"),
    [
        pytest.param("  prompt: a\n  model: foo\n", 5, "unknown model 'foo'; choose", id="model"),
        pytest.param("  prompt: a\n  model: ../x\n", 5, "unknown model", id="a path as model"),
        pytest.param("  sources: [a.png]\n  layout: x\n", 5, "auto, cover, split", id="layout"),
        pytest.param(
            "  sources: [a.png, a.png]\n  layout: cover\n", 5, "takes one", id="cover of two"
        ),
        pytest.param("  sources:\n    - a.png\n    - no.png\n", 6, "not exist", id="missing"),
        pytest.param("  sources: ['../../x.png']\n", 4, "leaves the repository", id="dot dot"),
        pytest.param("  sources: [/../x.png]\n", 4, "leaves the repository", id="root dot dot"),
        pytest.param("  sources: [../../ROOTs/x.png]\n", 4, "leaves the repo", id="its neighbour"),
        pytest.param("  sources: [../.git/x.png]\n", 4, "git's own folder", id="git's folder"),
        pytest.param("  sources: [../.GIT/x.png]\n", 4, "git's own folder", id="in capitals"),
        pytest.param("  sources: [link.png]\n", 4, "leaves the repository", id="symlink out"),
        pytest.param("  sources: [../articles]\n", 4, "is a folder", id="a folder"),
        pytest.param("  sources: [pipe.png]\n", 4, "not a regular file", id="a pipe"),
        pytest.param("  sources: ['C:\\a.png']\n", 4, "is not a path relative", id="a drive"),
        pytest.param("  sources: ['file:///a.png']\n", 4, "is not a path relative", id="a URL"),
        pytest.param("  sources: ['~/a.png']\n", 4, "is not a path relative", id="a home"),
        pytest.param("  sources: ['a\\b.png']\n", 4, "is not a path relative", id="a backslash"),
        pytest.param('  sources: ["a\\0.png"]\n', 4, "no text has", id="NUL"),
        pytest.param("  prompt: a\n  image: ../../x.png\n", 5, "leaves", id="image outside"),
        pytest.param(
            "  prompt: a\n  image: My title\n", 5, "is no picture", id="text for a picture"
        ),
        pytest.param("  sources: [lfs.png]\n", 4, "a Git LFS pointer", id="an LFS pointer"),
        pytest.param("  sources: [empty.png]\n", 4, "is empty", id="an empty source"),
        pytest.param(
            f"  sources: [{header_of('post')}]\n", 4, "where the header itself", id="itself"
        ),
        pytest.param("  image: gone.png\n", 4, "no prompt and no sources", id="nothing to make"),
    ],
)
def test_what_an_article_cannot_have_is_named_with_its_line(
    root: Path, tmp_path_factory: pytest.TempPathFactory, header: str, line: int, part: str
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.png"
    outside.touch()
    (root / "articles" / "link.png").symlink_to(outside)
    (root / "articles" / "empty.png").touch()
    (root / "articles" / "lfs.png").write_bytes(git.LFS_VERSION_LINE + b"oid sha256:0\n")
    (root / "articles" / HEADERS).mkdir()
    Image.new("RGB", (8, 8)).save(root / "articles" / header_of("post"))
    os.mkfifo(root / "articles" / "pipe.png")
    with pytest.raises(HeadergenError, match=rf"post\.md:{line}: ") as caught:
        state_of(root, header.replace("ROOT", root.name))
    assert part in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_headers_place_may_not_leave_the_repository(root: Path) -> None:
    with pytest.raises(HeadergenError, match=r"cannot be named after it: .* leaves"):
        state_of(root, "  prompt: a\n", Config(output="../../{stem}.png"))


def test_a_stale_header_is_told_from_a_missing_one(root: Path) -> None:
    path = root / "articles" / "post.md"
    for image, stale in (("a.png", True), ("gone.png", False)):
        text = f"---\nheader:\n  prompt: a\n  image: {image}\n  digest: '00000000'\n---\n"
        parsed = articles.parse(path, text.encode())
        assert parsed is not None
        state = states.state_of(parsed, Config(), root)
        assert isinstance(state, Wanted)
        assert state.is_stale == stale
