"""What renders cost: arithmetic over progress documents and the price table."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

import remotion_py as rp
from remotion_py.providers.aws.cost import START_MS, render_cost
from remotion_py.providers.aws.names import function_name, parse_function_name
from remotion_py.providers.aws.prices import display_price, price, price_table

NAME = function_name(2048, 10_240, 120)
SMALL = function_name(1024, 2048, 120)


def test_the_example_of_the_docs_of_remotion_lambda() -> None:
    """Its calculator gives 0.01619 for arm64 with these numbers (design/wire.md 6)."""
    given = {"memory_mb": 2048, "disk_mb": 10_240, "milliseconds": 600_000, "requests": 76}
    cost = price("us-east-1", **given, architecture="arm64")
    assert cost == pytest.approx(0.01619, abs=5e-6)
    assert price("us-east-1", **given) > cost
    assert price("nowhere-1", **given) is None


def test_names_contain_the_size() -> None:
    found = parse_function_name(SMALL)
    assert found
    assert (found.memory_mb, found.disk_mb, found.timeout_s) == (1024, 2048, 120)
    assert parse_function_name("remotion-render-4-0-539-mem2048mb-disk2048mb-120sec") is None


def document(**changed: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "functionLaunched": 1_000,
        "renderMetadata": {"functionName": NAME, "rendererFunctionName": None},
        "attempts": [],
        "postRenderData": None,
        "fatalErrorTimestamp": None,
    }
    return base | changed


def cost_of(name: str, milliseconds: float, requests: int) -> float:
    size = parse_function_name(name)
    assert size
    found = price(
        "eu-west-1", memory_mb=size.memory_mb, disk_mb=size.disk_mb, milliseconds=milliseconds, requests=requests
    )
    assert found
    return found


def test_main_function_and_every_attempt_count() -> None:
    attempts = [
        {"chunk": 0, "attempt": 1, "start": 2_000, "end": 5_000},
        {"chunk": 1, "attempt": 1, "start": 2_000, "end": 3_000},
        {"chunk": 1, "attempt": 2, "start": 3_000, "end": None},
    ]
    running = render_cost(document(attempts=attempts), "eu-west-1", 7_000)
    assert running == pytest.approx(cost_of(NAME, 6_000 + START_MS, 2) + cost_of(NAME, 3_000 + 1_000 + 4_000, 3))
    failed = render_cost(document(attempts=attempts, fatalErrorTimestamp=6_000), "eu-west-1", 99_000)
    assert failed == pytest.approx(cost_of(NAME, 5_000 + START_MS, 2) + cost_of(NAME, 3_000 + 1_000 + 3_000, 3))
    small = {"functionName": NAME, "rendererFunctionName": SMALL}
    other = render_cost(document(attempts=attempts, renderMetadata=small), "eu-west-1", 7_000)
    assert other == pytest.approx(cost_of(NAME, 6_000 + START_MS, 2) + cost_of(SMALL, 8_000, 3))


def test_an_unknown_cost_is_none() -> None:
    assert render_cost(document(functionLaunched=None), "eu-west-1", 7_000) is None
    assert render_cost(document(renderMetadata=None), "eu-west-1", 7_000) is None
    assert render_cost(document(), "nowhere-1", 7_000) is None


def test_prices_are_formatted_for_people() -> None:
    assert [display_price(cost) for cost in (None, 0.0, 0.0004, 0.01619)] == ["unknown", "$0.000", "<$0.001", "$0.016"]


def test_the_table_has_a_date_and_all_regions_all_prices() -> None:
    datetime.date.fromisoformat(price_table()["date"])
    assert set(rp.get_regions()) == set(price_table()["regions"])
    for rates in price_table()["regions"].values():
        assert rates["arm64"] < rates["x86_64"]
        assert 0 < rates["disk"] < rates["request"] < rates["arm64"]
