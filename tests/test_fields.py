"""Rows, kinds and the one reader of mappings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from headergen.article import request
from headergen.article.request import CardRequest, Header, Request
from headergen.errors import ArticleError, HeadergenError
from headergen.fields import (
    Kind,
    Location,
    choice,
    either,
    flag,
    number,
    off,
    read,
    record,
    required,
    row,
    rows_of,
    schema_of,
    several,
    text,
    whole,
)
from headergen.settings import config
from headergen.settings.config import Config, WantedCut
from headergen.settings.styles import Default, Style

MAPPINGS = (Config, Default, Style, WantedCut, Request, Header, CardRequest)
KEYWORDS_OF_BOTH = {
    *("type", "enum", "const", "anyOf", "description", "default"),
    *("properties", "required", "additionalProperties", "items", "minItems", "not", "maxItems"),
    *("pattern", "minimum", "maximum", "propertyNames"),
}
SCHEMAS = {"config": config.schema(), "header": request.schema()}


@dataclass(frozen=True)
class Frame:
    """A mapping inside of another."""

    width: int = required(whole(1, 9), "how wide")
    colour: str | None = row(choice(("red", "blue")), "which colour")


@dataclass(frozen=True)
class Wall:
    """A mapping with a section, a list and a mapping."""

    height: float = row(number(0, 5), "how high", name="size.height", default=2.5)
    frames: tuple[Frame, ...] = row(several(record(Frame), "frames"), "on it", default=())
    title: str | None = row(text(), "what it is called", must_have=True)


ROWS = rows_of(Wall)
LINES = {"frames": 2, "frames[1]": 4, "size.height": 7}


def location(key: str = "") -> Location:
    return Location("a.md", LINES, ArticleError, key)


def test_what_is_not_written_has_the_default_of_its_row() -> None:
    assert Wall(**read(ROWS, {}, location())) == Wall() == Wall(2.5, (), None)


def test_what_is_written_reaches_its_attribute() -> None:
    values = {"size.height": 1, "frames": [{"width": 3, "colour": None}], "title": "x"}
    found = read(ROWS, values, location())
    assert Wall(**found) == Wall(1.0, (Frame(3),), "x")
    assert type(found["height"]) is float


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(
            {"titel": 1}, "a.md: titel: unknown key 'titel'; did you mean 'title'? ", id="a typo"
        ),
        pytest.param(
            {"size.weight": 1},
            "'size.weight'; did you mean 'size.height'? choose from size.height",
            id="in a section: the section's keys",
        ),
        pytest.param(
            {"height": 1},
            "did you mean 'size.height'? choose from size, frames, title",
            id="out of its section",
        ),
        pytest.param({3: 1}, "a.md: 3: unknown key '3'", id="a number"),
        pytest.param({"size": [1]}, "size: expected a mapping, not [1]", id="a section as a list"),
        pytest.param({"title": None}, "title: is empty; write text or remove", id="an empty key"),
        pytest.param({"title": 3}, "expected text, not 3; put it in quotes", id="no text"),
        pytest.param({"title": [3]}, "title: expected text, not [3]", id="a list for a text"),
        pytest.param(
            {"size.height": 6}, "a.md:7: size.height: expected a number from 0 to 5, not 6", id="6"
        ),
        pytest.param(
            {"frames": []}, "a.md:2: frames: expected a list of frames", id="an empty list"
        ),
        pytest.param(
            {"frames": [{"width": 1}, {}]},
            "a.md:4: frames[1]: needs the key 'width': a whole number from 1 to 9",
            id="a key is missing",
        ),
        pytest.param(
            {"frames": [{"width": None}]},
            "a.md:2: frames[0].width: is empty; write a whole number",
            id="the line of the nearest key",
        ),
        pytest.param(
            {"frames": [{"width": 1, "colour": "blu"}]},
            "frames[0].colour: unknown colour 'blu'; did you mean 'blue'? choose from red, blue",
            id="a choice",
        ),
    ],
)
def test_a_mistake_is_named_with_key_line_value_and_choices(
    values: dict[Any, object], message: str
) -> None:
    with pytest.raises(ArticleError) as caught:
        read(ROWS, values, location())
    assert message in f"{caught.value}; {caught.value.remedy}"


def test_a_section_may_be_empty_and_other_keys_may_be_known() -> None:
    assert read(ROWS, {"size": None, "image": 1}, location(), others=("image",)) == {}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        pytest.param(text(), ["a", " a", "日本"], ["", " ", 1, True, ["a"]], id="text"),
        pytest.param(text(may_be_empty=True), ["", "a"], [0, {}], id="text or nothing"),
        pytest.param(text("x", r"[\w-]+"), ["a-b", "画像"], ["a b", "", "a."], id="pattern"),
        pytest.param(choice(("a", "b")), ["a"], ["c", "", 1], id="choice"),
        pytest.param(whole(0, 9), [0, 9], [-1, 10, 1.5, "1", True], id="whole number"),
        pytest.param(number(-1, 1), [-1, 0.5, 1], [1.1, "0", False, []], id="number"),
        pytest.param(flag(), [True, False], [0, "yes"], id="flag"),
        pytest.param(either(off(), text()), [False, "a"], [True, 0, ""], id="false or text"),
        pytest.param(
            several(whole(0, 1), "bits", most=2), [[0], [1, 0]], [[], [0] * 3, [2], 0], id="list"
        ),
        pytest.param(record(Frame), [{"width": 1}], [{}, {"width": 0}, {"w": 1}, []], id="mapping"),
    ],
)
def test_the_schema_of_a_kind_accepts_what_the_reader_does(
    kind: Kind[Any], good: list[object], bad: list[object]
) -> None:
    schema = Draft202012Validator(kind.schema)
    for value in good:
        kind.read(value, location())
        assert schema.is_valid(value), value
    for value in bad:
        with pytest.raises(HeadergenError):
            kind.read(value, location())
        assert not schema.is_valid(value), value


def test_null_is_as_not_written_and_so_in_the_schema() -> None:
    schema = Draft202012Validator(schema_of(ROWS))
    assert schema.is_valid({"size": {"height": None}, "frames": None})
    assert schema.is_valid({"size": None, "frames": [{"width": 1, "colour": None}]})
    assert not schema.is_valid({"title": None})
    assert not schema.is_valid({"frames": [{"width": None}]})


@pytest.mark.parametrize("made", MAPPINGS)
def test_every_row_has_a_description_and_its_default_is_the_dataclass_s(made: type) -> None:
    defaults = {field.name: field.default for field in fields(made)}
    for each in rows_of(made).values():
        assert each.description
        assert each.kind.words
        assert each.required or defaults[each.attribute] == each.default


@pytest.mark.parametrize("made", MAPPINGS)
def test_every_default_is_one_that_its_kind_admits(made: type) -> None:
    for each in rows_of(made).values():
        if each.default not in (None, ()):
            assert each.kind.read(each.default, location()) == each.default


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_the_schemas_are_valid_and_mean_the_same_in_draft_7(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema(schema)
    assert set(keywords(schema)) <= KEYWORDS_OF_BOTH


def keywords(schema: dict[str, Any]) -> Iterator[str]:
    yield from schema
    items = [schema["items"]] if "items" in schema else []
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *items):
        yield from keywords(inner)
