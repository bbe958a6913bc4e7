"""The public API stays as it is written down; who changes it on purpose writes it down again."""

from __future__ import annotations

from pathlib import Path

import pytest

import remotion_py as rp

from .public_api import lines

SNAPSHOT = Path(__file__).with_name("public_api.txt")


def test_the_public_api_is_the_snapshot() -> None:
    assert list(lines()) == SNAPSHOT.read_text().splitlines(), "python -m tests.public_api > tests/public_api.txt"


def test_a_changed_argument_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel_render(render_id: str, force: bool) -> None: ...

    monkeypatch.setattr(rp, "cancel_render", cancel_render)
    assert list(lines()) != SNAPSHOT.read_text().splitlines()
