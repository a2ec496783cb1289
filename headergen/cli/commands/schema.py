"""`headergen schema`: the JSON schema of the config or of frontmatter, for editors."""

from argparse import Namespace

from headergen.article import request
from headergen.cli.commands.place import find_place
from headergen.cli.terminal import say_json
from headergen.settings import config

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def run(arguments: Namespace) -> int:
    """Print the schema; that of frontmatter depends on the config's keys."""
    if arguments.of == "config":
        title, schema = "The config of headergen", config.schema()
    else:
        title = "headergen's key in the frontmatter of an article"
        schema = request.schema(find_place(arguments).config.keys)
    say_json({"$schema": DIALECT, "title": title, **schema})
    return 0
