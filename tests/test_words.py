"""The words of docs/design/glossary.md: what they replaced does not come back."""

from __future__ import annotations

import io
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
NAMES = re.compile(r"(^|_)(told|tells?|telling|surroundings|troubles?|carriers?|shelf|stage|pulse)(_|$)", re.IGNORECASE)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of comments, docstrings and messages, with their numbers."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            for offset, line in enumerate(token.string.split("\n")):
                yield token.start[0] + offset, line


def test_code_uses_the_words_of_the_glossary() -> None:
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += [f"{path}:{number}: {line}" for number, line in prose_of(path) if PROSE.search(line)]
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        names = {token.string for token in tokens if token.type == tokenize.NAME}
        found += [f"{path}: {name}" for name in sorted(names) if NAMES.search(name)]
    assert found == []


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
    assert NAMES.search("_is_told")
    assert not NAMES.search("untold_stories")
