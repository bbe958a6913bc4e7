from __future__ import annotations

import itertools

import pytest

from remotion_py.errors import OptionError
from remotion_py.lambda_.plan import MAX_CHUNKS, plan_chunks, resolve_frame, resolve_frame_range


def lengths(chunks: list[tuple[int, int]]) -> list[int]:
    return [last - first + 1 for first, last in chunks]


FRAMES = [1, 2, 4, 5, 6, 19, 20, 21, 150, 300, 900, 1501, 1800, 5400, 18_000, 108_000]


@pytest.mark.parametrize("concurrency", [None, 1, 2, 5, 199, 200])
def test_chunks_cover_all_frames_once_and_differ_by_at_most_one(concurrency: int | None) -> None:
    for frames, capacity in itertools.product(FRAMES, [None, 1, 2, 3, 16]):
        chunks = plan_chunks(7, 7 + frames - 1, capacity=capacity, concurrency=concurrency)
        assert chunks[0][0] == 7
        assert chunks[-1][1] == 7 + frames - 1
        assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(chunks))
        assert max(lengths(chunks)) - min(lengths(chunks)) <= 1
        assert min(lengths(chunks)) >= min(5, frames)
        assert len(chunks) <= MAX_CHUNKS


@pytest.mark.parametrize(
    ("frames", "count"),
    [(1, 1), (20, 1), (21, 2), (150, 8), (300, 15), (900, 45), (1501, 75), (1800, 82), (5400, 97), (18_000, 120)],
)
def test_a_provider_with_enough_capacity_gets_remotions_number_of_chunks(frames: int, count: int) -> None:
    # Remotion makes 76, 83 and 150 of the last ones, since it rounds the chunk length up and leaves a short tail.
    assert abs(len(plan_chunks(0, frames - 1)) - count) <= (30 if frames == 18_000 else 1)


def test_a_small_provider_gets_few_chunks_in_whole_waves() -> None:
    assert len(plan_chunks(0, 299, capacity=2)) == 2
    assert len(plan_chunks(0, 300, capacity=2)) == 4
    assert len(plan_chunks(0, 19, capacity=2)) == 1
    assert len(plan_chunks(0, 8999, capacity=2)) == 60


def test_concurrency_is_the_number_of_chunks() -> None:
    assert lengths(plan_chunks(0, 46, concurrency=5, capacity=2)) == [9, 9, 10, 9, 10]


def test_frames_per_lambda_bounds_the_length_and_the_number_of_chunks() -> None:
    assert max(lengths(plan_chunks(0, 1500, frames_per_lambda=20))) <= 20
    with pytest.raises(OptionError, match="Increase frames_per_lambda to 50"):
        plan_chunks(0, 9999, frames_per_lambda=20)


def test_frame_ranges() -> None:
    assert resolve_frame_range(None, 10) == (0, 9)
    assert resolve_frame_range([3, 3], 10) == (3, 3)
    assert resolve_frame_range([3, None], 10) == (3, 9)
    for outside in ([10, None], [0, 10], [12, 15]):
        with pytest.raises(OptionError, match=r"has 10 frames \(0 to 9\)"):
            resolve_frame_range(outside, 10)


def test_frames_of_stills_count_from_the_end_when_negative() -> None:
    assert resolve_frame(-1, 10) == 9
    assert resolve_frame(0, 10) == 0
    for outside in (10, -11):
        with pytest.raises(OptionError, match="outside the composition"):
            resolve_frame(outside, 10)
