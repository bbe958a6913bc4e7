"""The words of docs/design/glossary.md: what they replaced does not come back."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from .conftest import ROOT
from .test_project import DOCS, NOTEBOOKS, PACKAGE

TESTS = Path(__file__).parent
PROSE = re.compile(
    r"\b(told|tells?|telling|surroundings|troubles?|carriers?|stages?(?!-before)|mend(s|ed)?|tak(e|es|en|ing) up|"
    r"took up|whoever|whomever|for ever|stands? still|signs? of life|rooms?|afresh|can be had|(is|are) no error)\b",
    re.IGNORECASE,
)
DIALECT = re.compile(
    r"\b(as it stands|by itself|anew|for want of|comes? of it|asked for|by which|nobody|somebody|anybody|goes on|"
    r"lies? (in|outside|behind)|stood still|such a one|[Pp]ass such|[Ll]eave (it|one of them) out|"
    r"without end|did not get|is no error|holds nothing|by hand|takes sides)\b"
    r"|\bby '(remotion-py|npx|aws)|\b(Deploy|Make|Install|List) (it|one|them) by\b",
)
"""What newcomers stumble over; docs, messages and help have none of it. Comments and docstrings are not checked."""
NAMES = re.compile(r"(^|_)(told|tells?|telling|surroundings|troubles?|carriers?|shelf|stage|pulse)(_|$)", re.IGNORECASE)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of comments, docstrings and messages, with their numbers."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            for offset, line in enumerate(token.string.split("\n")):
                yield token.start[0] + offset, line


def messages_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that are not docstrings, with their numbers."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_code_uses_the_words_of_the_glossary() -> None:
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += [f"{path}:{number}: {line}" for number, line in prose_of(path) if PROSE.search(line)]
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        names = {token.string for token in tokens if token.type == tokenize.NAME}
        found += [f"{path}: {name}" for name in sorted(names) if NAMES.search(name)]
    assert found == []


def test_messages_are_in_plain_english() -> None:
    found = [
        f"{path}:{number}: {text[:120]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, text in messages_of(path)
        if DIALECT.search(text)
    ]
    assert found == []


def test_the_docs_are_in_plain_english() -> None:
    pages = [page for page in (*DOCS, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md") if page.stem != "glossary"]
    found = [
        f"{page.name}:{number}: {line.strip()[:120]}"
        for page in pages
        for number, line in enumerate(page.read_text().split("\n"), 1)
        if DIALECT.search(line)
    ]
    assert found == []


def test_no_two_pages_have_one_title() -> None:
    titles = [page.read_text().split("\n", 1)[0] for page in DOCS if page.name not in ("README.md", "index.md")]
    for notebook in NOTEBOOKS:
        found = (re.match(r"# .*", "".join(cell["source"])) for cell in json.loads(notebook.read_text())["cells"])
        titles += [next(title[0] for title in found if title)]
    titles = [title for title in titles if not title.startswith("```")]
    assert [title for title in titles if titles.count(title) > 1] == []


def test_names_of_tests_use_the_words_of_the_glossary() -> None:
    names = {name for path in TESTS.glob("*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)}
    assert [name for name in sorted(names) if NAMES.search(name)] == []


def test_the_docs_use_the_words_of_the_glossary() -> None:
    pages = [*DOCS, *NOTEBOOKS, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md"]
    pages = [page for page in pages if page.stem != "glossary"]
    found = [
        f"{page.name}:{number}: {line.strip()[:120]}"
        for page in pages
        for number, line in enumerate(page.read_text().split("\n"), 1)
        if PROSE.search(line) and "image/png" not in line
    ]
    assert found == []


def test_a_replaced_word_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text('def f():\n    """Is told the frame."""\n')
    assert [number for number, line in prose_of(page) if PROSE.search(line)] == [2]
    page.write_text('"""Nobody."""\n\nraise ValueError(f"{1} lies in a folder. Leave it out.")\n')
    assert [number for number, text in messages_of(page) if DIALECT.search(text)] == [3]
    assert NAMES.search("_is_told")
    assert not NAMES.search("untold_stories")
