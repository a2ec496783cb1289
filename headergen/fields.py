"""The keys that people write: one row for each, and one reader for the config and frontmatter.

A mapping such as `header:` is a dataclass whose fields are rows, made by `row`. A row has the key's
name, what its value may be (its kind), its default and its description. The reader, "did you mean",
`headergen schema` and the tables in docs/ are all made from the rows.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar, cast, overload

from headergen.errors import HeadergenError
from headergen.vocabulary import MAX_GUIDANCE_SCALE, MAX_SEED, MAX_SIDE, MAX_STEPS, MIN_SIDE
from headergen.wording import LONGEST_SHOWN, brief, shown

T = TypeVar("T")
Schema = dict[str, Any]

# NUL, and lone surrogates, which no file can contain and nothing can draw.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_LAST_PART = re.compile(r"(?:^|[.\[])[^.\[]*$")


@dataclass(frozen=True)
class Location:
    """Where a value is written, and how an error about it is made.

    `lines` has the 1-based lines of dotted keys and of list items, such as `header.sources[0]`.
    """

    path: str
    lines: Mapping[str, int]
    fault: type[HeadergenError]
    key: str = ""

    def at(self, name: str | int) -> Location:
        """Return the location of a key below this one, or of an item of this list."""
        dot = "." if self.key else ""
        inner = f"[{name}]" if isinstance(name, int) else dot + name
        return replace(self, key=self.key + inner)

    @property
    def line(self) -> int | None:
        """The line of the key, or of the nearest one above it that is known."""
        key = self.key
        while key and key not in self.lines:
            key = _LAST_PART.sub("", key)
        return self.lines.get(key)

    def error(self, message: str, remedy: str | None = None) -> HeadergenError:
        """Return an error that points here."""
        key = brief(self.key, 2 * LONGEST_SHOWN)
        return self.fault(message, path=self.path, line=self.line, key=key, remedy=remedy)


@dataclass(frozen=True, eq=False)
class Kind(Generic[T]):
    """What a value may be.

    `words` are what is wanted, as in `expected a whole number from 1 to 200`; `schema` accepts the
    same values. `fits` checks a value of one of the `types`, and `make` returns it as the program
    uses it, or raises an error that points at it.
    """

    words: str
    types: tuple[type, ...]
    schema: Schema
    fits: Callable[[Any], bool] = lambda _: True
    make: Callable[[Any, Location], T] = lambda value, _: value
    remedy: str | None = None
    is_text: bool = False

    def admits(self, value: object) -> bool:
        """Check whether a value has the right type (True is no number) and is within bounds."""
        return type(value) in self.types and self.fits(value)

    def read(self, value: object, where: Location) -> T:
        """Return a value as the program uses it.

        Raises:
            HeadergenError: It is not admissible; made by `where`.
        """
        if not self.admits(value):
            raise self.error(value, where)
        return self.make(value, where)

    def error(self, value: object, where: Location) -> HeadergenError:
        """Return the error for a value that is not of this kind."""
        unquoted = self.is_text and type(value) not in (str, list, dict)
        quotes = "put it in quotes"
        if isinstance(value, bool):
            quotes += ": YAML reads yes, no, on and off as true or false"
        remedies = filter(None, (quotes if unquoted else None, self.remedy))
        message = f"expected {self.words}, not {shown(value)}"
        return where.error(message, "\n".join(remedies) or None)


def text(
    words: str = "text",
    pattern: str | None = None,
    *,
    may_be_empty: bool = False,
    dates: bool = False,
    remedy: str | None = None,
) -> Kind[str]:
    r"""Return the kind of strings that are not blank, unless they may be, and match `pattern`.

    With `dates` it admits a date without quotes, of which YAML and TOML make a date: it is
    returned as `2026-08-30`. JSON schema's `\w` is of ASCII alone, so it is written out there.
    """

    def make(value: Any, where: Location) -> str:
        written = value if isinstance(value, str) else value.isoformat()[:10]
        if not written.strip() and not may_be_empty:
            raise where.error(f"is empty; write {words} or remove the key")
        if _NO_TEXT.search(written):
            raise where.error(f"contains a character that no text has: {shown(value)}; remove it")
        if pattern and not re.fullmatch(pattern, written):
            raise kind.error(value, where)
        return str(written)

    schema: Schema = {"type": "string"}
    if pattern:
        schema["pattern"] = f"^(?:{pattern})$".replace(r"\w", r"0-9A-Z_a-z\u0080-\uffff")
    elif not may_be_empty:
        schema["pattern"] = r"\S"
    types = (str, date, datetime) if dates else (str,)
    kind = Kind(words, types, schema, make=make, remedy=remedy, is_text=True)
    return kind


def choice(names: Sequence[str]) -> Kind[str]:
    """Return the kind of a few known names."""

    def make(value: str, where: Location) -> str:
        if value not in names:
            raise where.error(unknown(where.key.rpartition(".")[2], value, names))
        return value

    words = "one of " + ", ".join(names) if len(names) > 1 else names[0]
    return Kind(words, (str,), {"enum": [*names]}, make=make)


def whole(low: int, high: int) -> Kind[int]:
    """Return the kind of the whole numbers from `low` to `high`."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    words = f"a whole number from {low} to {high}"
    return Kind(words, (int,), schema, lambda value: low <= value <= high)


def number(low: float, high: float) -> Kind[float]:
    """Return the kind of the numbers from `low` to `high`, read as floats; -0.0 is read as 0.0."""
    schema = {"type": "number", "minimum": low, "maximum": high}
    words = f"a number from {low:g} to {high:g}"
    return Kind(
        words,
        (int, float),
        schema,
        lambda value: low <= value <= high,  # NaN is not
        lambda value, _: float(value) + 0.0,
    )


def flag() -> Kind[bool]:
    """Return the kind of true and false."""
    return Kind("true or false", (bool,), {"type": "boolean"})


def off() -> Kind[Literal[False]]:
    """Return the kind of false alone, where it means `none`."""
    return Kind("false", (bool,), {"const": False}, lambda value: value is False)


def several(
    item: Kind[T], words: str, *, least: int = 1, most: int | None = None
) -> Kind[tuple[T, ...]]:
    """Return the kind of a list of `least` to `most` items; `words` are of the items."""

    def make(values: Sequence[object], where: Location) -> tuple[T, ...]:
        return tuple(item.read(value, where.at(i)) for i, value in enumerate(values))

    schema: Schema = {"type": "array", "items": item.schema, "minItems": least}
    if most is None:
        return Kind(f"a list of {words}", (list,), schema, lambda value: len(value) >= least, make)
    schema["maxItems"] = most
    words = f"a list of {least} to {most} {words}"
    return Kind(words, (list,), schema, lambda value: least <= len(value) <= most, make)


def either(
    *kinds: Kind[Any], words: str = "", then: Callable[[Any], Any] = lambda value: value
) -> Kind[Any]:
    """Return the kind of what one of several admits; `then` is given what that one returned."""

    def fits(value: object) -> bool:
        return any(kind.admits(value) for kind in kinds)

    def make(value: object, where: Location) -> Any:
        return then(next(kind for kind in kinds if kind.admits(value)).read(value, where))

    types = tuple(each for kind in kinds for each in kind.types)
    schema = {"anyOf": [kind.schema for kind in kinds]}
    words = words or ", or ".join(kind.words for kind in kinds)
    is_text = any(kind.is_text for kind in kinds)
    return Kind(words, types, schema, fits, make, is_text=is_text)


def record(
    made: type[T], words: str = "a mapping", check: Callable[[T, Location], None] | None = None
) -> Kind[T]:
    """Return the kind of a mapping whose keys are the rows of the dataclass `made`.

    `check` raises for what no key can see on its own.
    """
    rows = rows_of(made)

    def make(values: Mapping[object, object], where: Location) -> T:
        result = made(**read(rows, values, where))
        if check:
            check(result, where)
        return result

    return Kind(words, (dict,), schema_of(rows), make=make)


def mapping(
    key: Kind[str], value: Kind[T], words: str, make: Callable[[dict[str, T], Location], Any]
) -> Kind[Any]:
    """Return the kind of a mapping with keys of the writer's own; `make` gets all that was read."""

    def read(values: Mapping[object, object], where: Location) -> Any:
        found = {
            key.read(name, where): value.read(each, where.at(str(name)))
            for name, each in values.items()
        }
        return make(found, where)

    schema: Schema = {"type": "object", "additionalProperties": value.schema}
    if "pattern" in key.schema:
        schema["propertyNames"] = {"pattern": key.schema["pattern"]}
    return Kind(words, (dict,), schema, make=read)


@dataclass(frozen=True)
class Row:
    """One key: its dotted name, kind and description, and the attribute that has its value.

    `default` is what holds where it is not written, and `usual` says in words what None means.
    A key that `must_have` a value cannot be null; a `required` one must be written.
    """

    name: str
    kind: Kind[Any]
    description: str
    default: Any = None
    usual: str = ""
    must_have: bool = False
    required: bool = False
    attribute: str = ""

    @property
    def schema(self) -> Schema:
        """The JSON schema of its value."""
        schema = {**self.kind.schema, "description": self.description}
        if self.default not in (None, ()):
            schema["default"] = self.default
        if self.must_have:
            return schema
        if "type" in schema:
            return {**schema, "type": [schema["type"], "null"]}
        listed, null = ("enum", None) if "enum" in schema else ("anyOf", {"type": "null"})
        return {**schema, listed: [*schema[listed], null]}


@overload
def row(
    kind: Kind[T],
    description: str,
    *,
    default: T,
    name: str = "",
    usual: str = "",
    must_have: bool = False,
) -> T: ...
@overload
def row(
    kind: Kind[T], description: str, *, name: str = "", usual: str = "", must_have: bool = False
) -> T | None: ...
def row(kind: Kind[Any], description: str, *, default: Any = None, **more: Any) -> Any:
    """Return a dataclass field that is a row. It is named as the attribute, unless `name` says."""
    made = Row(more.pop("name", ""), kind, description, default, **more)
    return dataclasses.field(default=default, metadata={"row": made})


def required(kind: Kind[T], description: str) -> T:
    """Return a dataclass field that is the row of a key that must be written."""
    made = Row("", kind, description, must_have=True, required=True)
    field: T = dataclasses.field(metadata={"row": made})
    return field


def rows_of(made: type) -> dict[str, Row]:
    """Return the rows of a dataclass by the names of their keys."""
    found: dict[str, Row] = {}
    for field in dataclasses.fields(cast("Any", made)):
        if (row := field.metadata.get("row")) is not None:
            name = row.name or field.name
            found[name] = replace(row, name=name, attribute=field.name)
    return found


def read(
    rows: Mapping[str, Row],
    values: Mapping[Any, object],
    where: Location,
    others: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return what is written in a mapping, by the rows' attributes; null is not written.

    `others` are keys that are known and not read.

    Raises:
        HeadergenError: A key is unknown or missing, or its value is not admissible.
    """
    for name, value in values.items():
        if name not in rows and name not in others:
            _refuse(rows, name, value, where, others)
    found = {}
    for name, row in rows.items():
        value = values.get(name)
        if value is not None:
            found[row.attribute] = row.kind.read(value, where.at(name))
        elif row.required and name not in values:
            raise where.error(f"needs the key {name!r}: {row.kind.words}")
        elif row.must_have and name in values:
            raise where.at(name).error(f"is empty; write {row.kind.words} or remove the key")
    return found


def _refuse(
    rows: Mapping[str, Row], name: object, value: object, where: Location, others: tuple[str, ...]
) -> None:
    """Raise for a key that has no row; a section, `image` of `image.model`, may be null."""
    inner = [row for row in rows if row.startswith(f"{name}.")]
    if not inner:
        written = name if isinstance(name, str) else shown(name)
        raise where.at(written).error(_unknown_key(written, [*rows, *others]))
    if value is not None:
        message = f"expected a mapping, not {shown(value)}"
        raise where.at(str(name)).error(message, f"its keys: {', '.join(inner)}")


def unknown(noun: str, name: str, choices: Iterable[str], meant: str | None = None) -> str:
    """Return the message for a name that is not one of `choices`, with what was probably meant."""
    import difflib

    choices = [*choices]
    close = [meant] if meant else difflib.get_close_matches(name[:LONGEST_SHOWN], choices, n=1)
    hint = f" did you mean {close[0]!r}?" if close else ""
    return f"unknown {noun} {shown(name)};{hint} choose from {', '.join(choices)}"


def _unknown_key(name: str, names: Sequence[str]) -> str:
    """Return the message for a key: `image.steps` may mean num_inference_steps, `imgae` image.

    The choices are those of its section, or all sections and the keys that are in none.
    """
    import difflib

    section, _, last = name.rpartition(".")
    top = dict.fromkeys(each.partition(".")[0] for each in names)
    beside = [each for each in names if section and each.rpartition(".")[0] == section]
    akin = [each for each in names if last in each.rpartition(".")[2].split("_")]
    akin += difflib.get_close_matches(name[:LONGEST_SHOWN], [*names, *top], n=1)
    return unknown("key", name, beside or top, next(iter(akin), None))


def schema_of(rows: Mapping[str, Row]) -> Schema:
    """Return the JSON schema of a mapping; dotted names become mappings inside of it."""
    schema: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    for name, row in rows.items():
        section, _, last = name.rpartition(".")
        into = schema["properties"]
        if section:
            empty = {"type": ["object", "null"], "properties": {}, "additionalProperties": False}
            into = into.setdefault(section, empty)["properties"]
        into[last] = row.schema
    if names := [row.name for row in rows.values() if row.required]:
        schema["required"] = names
    return schema


# Kinds that the config, articles and the command line share.
SEED = whole(0, MAX_SEED)
STEPS = whole(1, MAX_STEPS)
GUIDANCE_SCALE = number(0, MAX_GUIDANCE_SCALE)
SIDE = whole(MIN_SIDE, MAX_SIDE)  # of a picture that is saved
RENDER_SIDE = whole(64, 4096)  # of what a model paints
