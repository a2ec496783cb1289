"""What an author writes under `header:`, and every mistake that can be made there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from headergen import fields, vocabulary
from headergen.article.keys import Keys
from headergen.fields import row
from headergen.vocabulary import AUTO_FOCUS, THEMES, Focus

_DEFAULT = Keys()

# How many tags find room on a card.
_MAX_TAGS = 6

COLOURS = fields.several(
    fields.text("a colour such as '#1a2b3c'", vocabulary.COLOUR_PATTERN), "colours", most=2
)


@dataclass(frozen=True)
class CardRequest:
    """A title card as the author asked for it; None (or empty) where nothing was written.

    `date` and `tags` are the author's own, or True for the article's. False is for none at all,
    also where the config has one for every card. `logo` and `picture` are paths relative to the
    article.
    """

    title: str | None = row(fields.text(), "the title, in place of the article's own")
    subtitle: str | None = row(fields.text(), "a smaller line below the title")
    theme: str | None = row(fields.choice(THEMES), "the drawn background", usual="the config's")
    colours: tuple[str, ...] = row(COLOURS, "ground and accent", default=(), usual="the config's")
    author: str | Literal[False] | None = row(
        fields.either(fields.off(), fields.text()),
        "the author's name; `false` for none",
        usual="the config's",
    )
    date: bool | str | None = row(
        fields.either(fields.flag(), fields.text("a date", dates=True)),
        "`true` for the article's date, or another date or text",
        usual="the config's",
    )
    tags: bool | tuple[str, ...] | None = row(
        fields.either(fields.flag(), fields.several(fields.text("a tag"), "tags", most=_MAX_TAGS)),
        "`true` for the article's tags, or a list of others",
        usual="the config's",
    )
    logo: str | Literal[False] | None = row(
        fields.either(fields.off(), fields.text("a path")),
        "a picture, relative to the article; `false` for none",
        usual="the config's",
    )
    picture: str | None = row(
        fields.text("a path"), f"the picture that the theme `{vocabulary.PICTURE_THEME}` shows"
    )

    def written(self) -> dict[str, Any]:
        """Return the keys that were written, with their values."""
        values = {name: getattr(self, name) for name in CARD_KEYS}
        return {name: value for name, value in values.items() if value not in (None, ())}


CARD_KEYS = tuple(fields.rows_of(CardRequest))


def _check(card: CardRequest, where: fields.Location) -> None:
    shows_one = card.theme == vocabulary.PICTURE_THEME
    if shows_one and card.picture is None:
        message = f"{card.theme!r} shows a picture: name one in `picture`"
        raise where.at("theme").error(message)
    if not shows_one and card.picture is not None:
        message = f"has no effect without `theme: {vocabulary.PICTURE_THEME}`; remove it"
        raise where.at("picture").error(message)


def _card(value: bool | str | CardRequest) -> CardRequest | None:
    if isinstance(value, str):
        return CardRequest(title=value)
    return (CardRequest() if value else None) if isinstance(value, bool) else value


# `theme：night` and `theme:night`, which YAML takes for texts; `true，` and `"true"` likewise.
_CARD_KEY = re.compile(rf"({'|'.join(CARD_KEYS)})[ \t\u3000]*[:：]")
_AROUND_TRUE = " \t\n\u3000,，、;；."


def _title_of_card() -> fields.Kind[str]:
    """Return the kind of a title in the place of a card's mapping; a theme's name is a mistake.

    So are `true` with a sign that makes it a text, and a key of the mapping.
    """
    title = fields.text()

    def make(value: str, where: fields.Location) -> str:
        key = _CARD_KEY.match(value)
        if key or value.strip(_AROUND_TRUE).lower() == "true":
            message = f"{value!r} is a text, and would be the title here"
            meant = (
                f"`{key[1]}:`, with a plain colon and a blank after it" if key else "`card: true`"
            )
            raise where.error(message, f"write {meant}; or `card: {{title: …}}` for that title")
        if value in THEMES:
            message = f"{value!r} is the name of a theme, and would be the title here"
            remedy = (
                f"write `card: {{theme: {value}}}`, or `card: {{title: {value}}}` for that title"
            )
            raise where.error(message, remedy)
        return title.make(value, where)

    mistakes = [{"enum": [*THEMES]}, {"pattern": f"^{_CARD_KEY.pattern}"}, {"const": "true"}]
    schema = {**title.schema, "not": {"anyOf": mistakes}}
    return fields.Kind(title.words, title.types, schema, title.fits, make, is_text=True)


CARD = fields.either(
    fields.flag(),
    _title_of_card(),
    fields.record(CardRequest, check=_check),
    words="true, a title or a mapping",
    then=_card,
)


_POINT_WORDS = "auto or a point [x, y] of the picture, from [0, 0] (top left) to [1, 1]"
_SHARE = fields.number(0, 1)


def _point() -> fields.Kind[Focus]:
    """Return the kind of one focus."""

    def make(value: Any, where: fields.Location) -> Focus:
        if value == AUTO_FOCUS:
            return AUTO_FOCUS
        x, y = (_SHARE.read(share, where) for share in value)
        return x, y

    def fits(value: Any) -> bool:
        return value == AUTO_FOCUS or (len(value) == 2 and all(map(_SHARE.admits, value)))

    point = {"type": "array", "items": _SHARE.schema, "minItems": 2, "maxItems": 2}
    schema = {"anyOf": [{"const": AUTO_FOCUS}, point]}
    return fields.Kind(_POINT_WORDS, (str, list), schema, fits, make)


def _focus() -> fields.Kind[tuple[Focus, ...]]:
    """Return the kind of a focus for all sources, or a list of one for each."""
    one = _point()
    many = fields.several(one, "points", most=vocabulary.MAX_SOURCES)

    def make(value: Any, where: fields.Location) -> tuple[Focus, ...]:
        return many.read(value, where) if _is_list_of_points(value) else (one.read(value, where),)

    schema = {"anyOf": [*one.schema["anyOf"], many.schema]}
    return fields.Kind(f"{_POINT_WORDS}; or a list of them", (str, list), schema, make=make)


def _is_list_of_points(value: Any) -> bool:
    return isinstance(value, list) and any(
        each == AUTO_FOCUS or isinstance(each, list) for each in value
    )


@dataclass(frozen=True)
class Request:
    """What the author asked for; a field is None (or empty) where nothing was written.

    `focus` holds one focus for all sources, or one for each, in their order. `title` is what is
    laid over the picture: a text, or True for the article's own, which `article_title` holds
    wherever the request depends on it. A request `by_default` is the config's, for an article that
    asks for nothing itself.
    """

    prompt: str | None = row(
        fields.text(),
        "what to paint; models that know weights honour `(sunset:1.3)`, `((x))`, `[x]`",
        must_have=True,
    )
    negative_prompt: str | None = row(
        fields.text(may_be_empty=True),
        "what to keep out; without effect where the model paints without guidance",
        usual="the config's",
    )
    model: str | None = row(
        fields.text("a model"),
        "a name of the model table, or the model that the config names",
        usual="the config's",
    )
    seed: int | None = row(
        fields.SEED, "the same seed gives the same picture", usual="derived from the request"
    )
    steps: int | None = row(fields.STEPS, "denoising steps", usual="the model's")
    guidance_scale: float | None = row(
        fields.GUIDANCE_SCALE, "how strongly the prompt steers", usual="the model's"
    )
    sources: tuple[str, ...] = row(
        fields.several(
            fields.text("a path"), "paths, such as [a.png]", most=vocabulary.MAX_SOURCES
        ),
        "pictures to compose instead (PNG, JPEG, WebP, AVIF, GIF), relative to the article; a path "
        "that begins with `/` starts at the repository's root",
        default=(),
        must_have=True,
    )
    layout: str | None = row(
        fields.choice(vocabulary.LAYOUTS),
        "of a composite: `auto` (what suits the number and shapes of its sources), `cover` (one "
        "picture), `split` (even panels), `grid`, `hero` (the first one large), `fan` (overlapping "
        "cards, at most seven), `shelf` (covers, icons and logos at equal height)",
        usual="`auto`",
    )
    focus: tuple[Focus, ...] = row(
        _focus(),
        "of a composite: the point `[x, y]` that its sources are cropped around, from `[0, 0]` "
        "(top left) to `[1, 1]`, or `auto`, faces and what else stands out; or a list, one for "
        "each source",
        default=(),
        usual="`auto`",
    )
    card: CardRequest | None = row(
        CARD,
        "a title card instead, drawn without a GPU: `true`, a title, or a mapping of its keys",
    )
    title: bool | str | None = row(
        fields.either(fields.flag(), fields.text(), words="true or text"),
        "beside `prompt` or `sources`: `true` draws the article's title on the picture (beside the "
        "pictures for `fan`, `shelf`, logos and screenshots); a string draws that text instead",
    )
    article_title: str | None = None
    by_default: bool = False

    def canonical(self) -> str:
        """Return the request as JSON that is the same for the same request.

        It holds the keys that were written, sorted, in the author's own words, without `alt`. The
        digest is taken of it. Of a request by default it holds the article's title alone: the rest
        is the config's, and changing that repaints nothing.
        """
        import json

        keys = ("by_default",) if self.by_default else _REQUEST_KEYS
        values = {name: getattr(self, name) for name in (*keys, "article_title")}
        if card := values.get("card"):
            values["card"] = card.written()
        written = {name: value for name, value in values.items() if value not in (None, ())}
        return json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Header:
    """What is written under `header:`; `request` is None where it asks for no picture."""

    request: Request | None
    alt: str | None = row(
        fields.text(may_be_empty=True), "a description of the picture, for you and your site"
    )
    digest: str | None = row(
        fields.text(
            "8 hex digits",
            vocabulary.DIGEST_PATTERN,
            remedy="headergen writes this key: remove it, and the picture's, to get a new picture",
        ),
        "written by headergen: a checksum of the request",
    )


IMAGE = fields.Row(
    "image",
    fields.text("a path", may_be_empty=True),
    "written by headergen: the picture; the config's `image_key` may choose another key",
)
_REQUEST_KEYS = tuple(fields.rows_of(Request))
AUTHOR_KEYS = (*_REQUEST_KEYS, "alt")
_ROWS = {**fields.rows_of(Request), **fields.rows_of(Header)}
_PAINTING_KEYS = ("negative_prompt", "model", "seed", "steps", "guidance_scale")


def read_header(
    values: Mapping[Any, object],
    where: fields.Location,
    image_name: str | None,
    article_title: str | None,
) -> Header:
    """Return what the author wrote under `header:`.

    `image_name` is the key in it that names the picture, None if that is outside of `header:`.
    `article_title` is what a title card shows that has no title of its own.

    Raises:
        HeadergenError: A key is unknown or its value is not admissible; made by `where`.
    """
    if "image" in values and image_name != "image":
        if values.get("digest") is None:
            message = "unknown key 'image': the config's image_key is another"
            remedy = "if your theme reads it, set `request_key: headergen` in the config"
            raise where.at("image").error(message, remedy)
        image_name = "image"  # headergen wrote it, when the config named no other
    found = fields.read(_ROWS, values, where, others=(image_name,) if image_name else ())
    alt, digest = found.pop("alt", None), found.pop("digest", None)
    _refuse_two_pictures(found, where)
    _refuse_keys_without_effect(found, where)
    _refuse_other_number(values, where)
    found["title"] = found.get("title") or None
    request = _with_title(Request(**found), article_title, where)
    asks = request.prompt or request.sources or request.card
    return Header(request if asks else None, alt, digest)


def header_rows(keys: Keys = _DEFAULT) -> dict[str, fields.Row]:
    """Return the row of each key that may be written in a request, headergen's own as well."""
    name = keys.in_request
    image = {name: replace(IMAGE, name=name)} if name else {}
    return _ROWS | image


def schema(keys: Keys = _DEFAULT) -> fields.Schema:
    """Return the JSON schema of frontmatter, which speaks of the request alone."""
    header = fields.schema_of(header_rows(keys))
    nothing = {"const": False, "description": "no header, not even by default"}
    properties = {keys.request: {"anyOf": [header, nothing, {"type": "null"}]}}
    return {"type": "object", "properties": properties}


def asks_for_a_picture(header: Mapping[object, object]) -> bool:
    """Return whether a mapping is headergen's, wherever it stands: a request, or what it wrote."""
    digest = header.get("digest")
    is_written = isinstance(digest, str) and re.fullmatch(vocabulary.DIGEST_PATTERN, digest)
    asks = is_written or any(name in header for name in _EFFECTS)
    return bool(asks) and header.keys() <= {*AUTHOR_KEYS, "image", "digest"}


def _with_title(request: Request, article_title: str | None, where: fields.Location) -> Request:
    """Return the request with the article's title, if it depends on that."""
    needed_by = "card" if request.card and not request.card.title else "title"
    if needed_by == "title" and request.title is not True:
        return request
    if article_title is None:
        message = "the article has no title: write `title:`, a `# heading`, or "
        raise where.at(needed_by).error(f"{message}`{needed_by}: a text` here")
    return replace(request, article_title=article_title)


def _refuse_two_pictures(found: Mapping[str, object], where: fields.Location) -> None:
    asked = [name for name in _EFFECTS if found.get(name)]
    if len(asked) > 1:
        first, second = asked[:2]
        message = f"{first} and {second} exclude each other; keep one of them"
        raise where.at(second).error(message)


# What a header can be, and the keys that have no effect on one of that kind.
_EFFECTS = {
    "prompt": ("that is painted", ("layout", "focus")),
    "sources": ("of a composite", _PAINTING_KEYS),
    "card": ("that is a title card", (*_PAINTING_KEYS, "layout", "focus", "title")),
}


def _refuse_keys_without_effect(found: Mapping[str, object], where: fields.Location) -> None:
    """A key that does nothing would still be part of the request, and of its digest."""
    for asked, (kind, idle) in _EFFECTS.items():
        for name in idle if found.get(asked) else ():
            if found.get(name) is not None:
                raise where.at(name).error(f"has no effect on a header {kind}; remove it")


def _refuse_other_number(values: Mapping[Any, Any], where: fields.Location) -> None:
    """Refuse a list of points that are not one for each source."""
    focus: Any = values.get("focus")
    sources: Any = values.get("sources")
    if sources and _is_list_of_points(focus) and len(focus) != len(sources):
        message = f"expected one point, or one for each of the {len(sources)} sources"
        raise where.at("focus").error(f"{message}, not {len(focus)}")
