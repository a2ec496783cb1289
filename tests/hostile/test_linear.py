"""Text that makes a pattern go back takes no longer than other text of its length.

The texts are so long that a pattern that goes back would take minutes to hours; then the limit on
CPU time ends the process that reads them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import headergen

CPU_SECONDS = 20

HEAD = f"from resource import *\nsetrlimit(RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS}))\n"
LONG = 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "from headergen.picture import parameters as p\n"
            f"p.read('x\\na' + ' ' * {LONG} + '!')\np.read('a:' + '\"' * {LONG})",
            id="blanks in parameters",
        ),
        pytest.param(
            "from headergen.picture import provenance as p\n"
            "name = 'xmp:CreatorTool'\n"
            "for word in (f'{name}>', f'{name}=\"', f'{name} ', 'a:', 'a'):\n"
            f"    p.read(p.Metadata(xmp=word * ({LONG} // len(word))))",
            id="XMP that names a property again and again",
        ),
        pytest.param(
            "from headergen.diffusion import prompt\n"
            "for text in ('(a:', '<lora:a:', '[a:b:', '（a:', '__'):\n"
            "    prompt.parse(text + '1' * 100_000)\n"
            "    prompt.notes(text + '1' * 100_000, None, weights=False, guided=False)",
            id="a weight of many digits",
        ),
        pytest.param(
            "from headergen.server import dialects as d\n"
            "for word in ('<a:', '<', '<a:>', 'sd_cpp_', '>', '<a:b> <'):\n"
            f"    d.as_read_by(d.DIALECTS['a1111'], word * ({LONG} // len(word)))",
            id="a server's switches in a prompt",
        ),
        pytest.param(
            "from pathlib import Path\n"
            "from headergen.article import article\n"
            "from headergen.errors import ArticleError\n"
            "for text in ('---\\r' + 'a' * 3_000_000, '---\\n' + '-' * 3_000_000,\n"
            "             '---\\nheader:' + ' ' * 3_000_000, '\\n' * 3_000_000,\n"
            "   *(f'---\\ntitle: a\\nheader:\\n  card:\\n    {word * (60000 // len(word))}\\n---'\n"
            "     for word in ('colours: [', ':[', ': ', '{', ', ', '： ', 'card: ', ' '))):\n"
            "    try: article.parse(Path('a.md'), text.encode(), every=True)\n"
            "    except ArticleError as error: print(error)",
            id="articles",
        ),
        pytest.param(
            "from headergen.article.frontmatter import toml_read\n"
            "for _ in range(200): toml_read._MANY_DIGITS.search(('1' * 4299 + ' ') * 15)",
            id="TOML with many long numbers",
        ),
        pytest.param(
            "from headergen.graphics.typography.markup import read_inline\n"
            "for word in ('*', '`', '``a` ', '[', '[a](', '_ ', '~~', '<http://', '![', '&'):\n"
            f"    read_inline(word * {LONG})",
            id="marks in a title",
        ),
    ],
)
def test_it_is_read_in_linear_time(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_pattern_was_reviewed() -> None:
    """Each pattern of headergen is in the list; who adds one looks whether it can go back."""
    package = Path(headergen.__file__).parent
    call = re.compile(r"\bre\.(?:compile|search|match|fullmatch|sub|split|findall|finditer)\(")
    found = [
        f"{len(call.findall(file.read_text()))} {file.relative_to(package).as_posix()}"
        for file in sorted(package.rglob("*.py"))
        if call.search(file.read_text())
    ]
    assert found == LIST.read_text().splitlines()[4:]


LIST = Path(__file__).parents[1] / "data" / "patterns.txt"
