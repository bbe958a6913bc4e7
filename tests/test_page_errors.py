"""Errors of plain pages: the line of the page's own file, the option that was asked for, and what the user passed."""

from __future__ import annotations

from pathlib import Path

import pytest

import remotion_py as rp
from remotion_py.errors import NotACompositionPageError, PageScriptError, PageTimeoutError, SiteNotFoundError
from remotion_py.page.navigation import not_opened

PAGE = '<!doctype html>\n<script src="/remotion-py.js"></script>\n<body></body>\n<script>\n%s\n</script>\n'
REGISTER = (
    'remotionPy.registerComposition({ id: "page", width: 64, height: 64, fps: 30, durationInFrames: 4,\n'
    "  render(frame) {\n    %s\n  } });"
)
THROWS = """The page threw at frame 2: TypeError: Cannot read properties of null (reading 'foo') \
(at Object.render (index.html:7:27)). Fix the page and render again.
     5 | remotionPy.registerComposition({ id: "page", width: 64, height: 64, fps: 30, durationInFrames: 4,
     6 |   render(frame) {
>    7 |     if (frame === 2) null.foo;
       |                           ^
     8 |   } });
     9 | </script>"""
SYNTAX = """The page threw: SyntaxError: Unexpected identifier 'height' (at index.html:5:11). \
Fix the page and render again.
     3 | <body></body>
     4 | <script>
>    5 | let width height = 3;
       |           ^
     6 | </script>
     7 | """
LIMIT = "and the page gets 2 s less)"
NEVER = f"""The page was not ready at frame 0: its delayRender() handle 'prices' was not released within 5 s \
(timeout_in_milliseconds is 7000, {LIMIT}. Call continueRender() for it, or increase timeout_in_milliseconds."""
OWN = f"""The page was not ready at frame 0: its delayRender() handle 'own' was not released within 0.5 s \
(timeoutInMilliseconds is 2500, {LIMIT}. Call continueRender() for it, or increase timeoutInMilliseconds."""
PROMISE = f"""The page was not ready at frame 0: the promise that its render() returned did not resolve within 5 s \
(timeout_in_milliseconds is 7000, {LIMIT}. Resolve it, or increase timeout_in_milliseconds."""


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        (REGISTER % "if (frame === 2) null.foo;", PageScriptError, THROWS),
        ("let width height = 3;", PageScriptError, SYNTAX),
        (REGISTER % 'remotionPy.delayRender("prices");', PageTimeoutError, NEVER),
        (REGISTER % 'remotionPy.delayRender("own", { timeoutInMilliseconds: 2500 });', PageTimeoutError, OWN),
        (REGISTER % "return new Promise(() => {});", PageTimeoutError, PROMISE),
    ],
)
def test_errors_of_a_plain_page_name_its_line(
    client: rp.Client, tmp_path: Path, script: str, kind: type[rp.RemotionPyError], words: str
) -> None:
    (tmp_path / "index.html").write_text(PAGE % script)
    with pytest.raises(kind) as failure:
        client.render_still(tmp_path, "page", frame=2 if "null" in script else 0, timeout_in_milliseconds=7000)
    assert failure.value.message.startswith(words)


def test_errors_show_scripts_beside_a_page_too(client: rp.Client, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<script src="/remotion-py.js"></script><script src="draw.js"></script>')
    (tmp_path / "draw.js").write_text('// my drawing\nJSON.parse("{oops");\n')
    with pytest.raises(PageScriptError, match=r"It comes from draw\.js:2:6\.\n.*\n>    2 \| JSON\.parse") as failure:
        client.get_compositions(tmp_path)
    assert failure.value.data["source"] == {"file": "draw.js", "line": 2, "column": 6}


def test_a_page_without_the_script_is_named_as_it_was_passed(client: rp.Client, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>Just a page</h1>")
    with pytest.raises(NotACompositionPageError) as failure:
        client.get_compositions(tmp_path)
    assert failure.value.message.startswith(f"The page {tmp_path}/index.html is neither a Remotion bundle")
    assert "localhost" not in failure.value.message


def test_an_unknown_host_is_reported_in_plain_words(client: rp.Client) -> None:
    with pytest.raises(SiteNotFoundError, match=r"cannot be opened: there is no host called no-such-host\.invalid\. "):
        client.get_compositions("https://no-such-host.invalid/site")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Page.goto: net::ERR_SOCKS_CONNECTION_FAILED at http://a:1/", "no server responds at a:1. Check the address"),
        ("Page.goto: Timeout 2700ms exceeded.\nmore", "the server did not answer within 2.7 s. Check the address"),
        (
            "Page.goto: net::ERR_CERT_DATE_INVALID at x",
            "has expired or is not valid yet (ERR_CERT_DATE_INVALID). Correct the",
        ),
        ("Page.goto: net::ERR_NEW_KIND at x", "ERR_NEW_KIND. Check the address"),
        ("Something else.\nmore", "Something else. Check the address"),
    ],
)
def test_why_a_page_cannot_be_opened(message: str, words: str) -> None:
    assert words in not_opened("http://a:1/", message, found=True, seconds=2.7)
