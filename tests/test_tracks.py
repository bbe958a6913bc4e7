"""Which samples of which file are heard when: arithmetic without a browser or FFmpeg."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from remotion_py.lambda_.plan import plan_chunk, plan_chunks
from remotion_py.media.aac import PACKET, aac_chunk, aac_chunks, pick_packets
from remotion_py.media.audio import volume_expression
from remotion_py.media.tracks import AudioAsset, Seam, Segment, SourceFacts, Timeline, Volume, find_segments, layer

LINE = Timeline(Fraction(30), 48_000)
FILE = SourceFacts(channels=2, duration=10.0)


def asset(frame: float, volume: float = 1.0, key: str = "a", **more: float) -> AudioAsset:
    return AudioAsset(key, "http://x/a.wav", frame, volume=volume, **more)  # type: ignore[arg-type]


def heard(*frames: int, volumes: dict[int, float] | None = None) -> list[list[AudioAsset]]:
    return [[asset(frame, (volumes or {}).get(frame, 1.0))] if frame >= 0 else [] for frame in frames]


def test_a_run_of_frames_is_a_segment_and_silence_splits_it() -> None:
    found = find_segments(heard(0, 1, -1, 3, 4), 0, ends=True)
    assert [(one.start, len(one.volumes), one.head_frame, one.endless) for one in found] == [
        (0, 2, 0, False),
        (3, 2, 3, False),
    ]
    assert find_segments(heard(0, 1), 5)[0].endless


def test_two_tags_with_one_id_are_heard_once() -> None:
    assert len(find_segments([[asset(0), asset(0)]], 0)) == 1


def test_changing_volumes_are_rounded_as_the_npm_renderer_does_and_constant_ones_are_not() -> None:
    constant = layer(find_segments(heard(0, 1, volumes={0: 0.5, 1: 0.5}), 0)[0], FILE, LINE, (0, 3200))
    changing = layer(find_segments(heard(0, 1, volumes={0: 0.5, 1: 1.0}), 0)[0], FILE, LINE, (0, 3200))
    assert constant
    assert changing
    assert constant.volume.values == (0.5,)
    assert changing.volume.values == (0.505, 1.0)


@pytest.mark.parametrize("window", [(0, 4800), (1600, 3200), (1, 1601), (3000, 4800)])
def test_a_window_cuts_the_same_samples_wherever_its_borders_lie(window: tuple[int, int]) -> None:
    whole = Segment(asset(0), 1, (1.0,) * 3, head=1)
    found = layer(whole, FILE, LINE, window)
    assert found
    placed = 33 * 48  # one frame, rounded to a millisecond
    assert found.begin + placed == window[0] + found.delay
    assert found.end - found.begin == min(window[1], placed + 4800) - max(window[0], placed)


def test_a_chunk_that_begins_in_the_middle_finds_the_same_samples() -> None:
    frames = heard(*range(100))
    whole = find_segments(frames, 0, ends=True)[0]
    window = 70 * 1600, 80 * 1600
    part = find_segments(frames[68:82], 68)[0].begun(0, 1.0)
    one, other = layer(whole, FILE, LINE, window), layer(part, FILE, LINE, window)
    assert one
    assert other
    assert (one.begin, one.end, one.delay, one.head) == (other.begin, other.end, other.delay, other.head)


def test_media_that_has_ended_is_not_heard() -> None:
    assert layer(Segment(asset(300), 0, (1.0,), head=0), FILE, LINE, (0, 1600)) is None
    assert layer(Segment(asset(0), 0, (1.0,), head=0), SourceFacts(0, 10.0), LINE, (0, 1600)) is None
    late = layer(Segment(asset(290), 0, (1.0,) * 30, head=0), FILE, LINE, (0, 48_000))
    assert late
    assert late.end == 480_000


def test_speed_moves_through_the_file_faster() -> None:
    fast = layer(Segment(asset(40, start_frame=30, playback_rate=2), 0, (1.0,), head=0), FILE, LINE, (0, 1600))
    assert fast
    assert fast.begin == 48_000 * (30 / 30 / 2 + 10 / 30)


def test_a_chunk_with_a_wrong_assumption_is_detected() -> None:
    before = Seam(0, {}, [("a", 0, 0, 40)])
    assert Seam(38, {"a": 0}, []).follows(before)
    assert not Seam(38, {"a": 5}, []).follows(before)
    assert not Seam(38, {"b": 0}, []).follows(before)
    assert not Seam(38, {}, [], whole=True).follows(before)
    assert not Seam(0, {}, [], whole=True).follows(None)


def test_volume_is_a_tree_that_halves_the_time() -> None:
    assert volume_expression(Volume((0.5, 0.5), Fraction(0), Fraction(30))) == "0.5"
    rising = Volume(tuple(index / 1000 for index in range(1000)), Fraction(0), Fraction(30))
    written = volume_expression(rising)
    assert written.count("if(") == 999
    depth = deepest = 0
    for letter in written:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    assert deepest < 25


def test_packets_of_chunks_are_those_of_the_table() -> None:
    # design/wire.md 7.3: chunks of 20 frames, 30 fps, 48 kHz.
    chunks = aac_chunks([20] * 8, LINE)
    assert [(one.left, one.right - one.left) for one in chunks] == [
        (0, 33),
        (29, 36),
        (61, 35),
        (92, 35),
        (123, 35),
        (154, 36),
        (186, 35),
        (217, 35),
    ]


@pytest.mark.parametrize("lengths", [[90], [1] * 90, [2] * 45, [7, 1, 30, 2, 50], [89, 1]])
@pytest.mark.parametrize("fps", [Fraction(30), Fraction(2997, 100), Fraction(60), Fraction(24)])
def test_each_packet_comes_once_and_in_order(lengths: list[int], fps: Fraction) -> None:
    line = Timeline(fps, 48_000)
    chunks = aac_chunks(lengths, line)
    end = line.sample(sum(lengths))
    taken: list[int] = []
    for pick in pick_packets(chunks, end):
        left = chunks[pick.chunk].left
        assert 0 <= pick.begin <= pick.end <= chunks[pick.chunk].right - left + 1
        taken += [left + position - 1 for position in range(pick.begin, pick.end)]
    assert taken == list(range(-1, -(-end // PACKET)))


def test_padding_is_kept_for_a_chunk_of_a_chunk() -> None:
    whole = aac_chunk(50, 99, LINE)
    parts = aac_chunks([20, 30], LINE, 50)
    picks = pick_packets(parts, None)
    assert sum(pick.end - pick.begin for pick in picks) == whole.right - whole.left + 1


def test_chunks_hear_what_their_window_needs() -> None:
    plan = plan_chunk((30, 59), LINE, start=0, last_heard=89, seamless_aac=True)
    assert plan.captured == range(30, 60)
    assert plan.aac
    first, last = LINE.frames_of(*plan.window)
    assert (plan.heard.start, plan.heard.stop - 1) == (first, last)
    assert plan.heard.start < 30
    assert plan.heard.stop > 60
    assert plan_chunk((0, 29), LINE, start=0, last_heard=29, seamless_aac=True).heard == range(30)
    assert plan_chunk((30, 59), LINE, start=0, last_heard=89, audio=False).visited == range(30, 60)


def test_pcm_windows_meet_exactly() -> None:
    line = Timeline(Fraction(2997, 100), 44_100)
    chunks = plan_chunks(10, 210, concurrency=7)
    plans = [plan_chunk(frames, line, start=10, last_heard=210) for frames in chunks]
    assert plans[0].window[0] == 0
    assert all(one.window[1] == other.window[0] for one, other in itertools.pairwise(plans))
    assert plans[-1].window[1] == round(201 * 44_100 / 29.97)


def test_audio_continues_through_skipped_frames() -> None:
    chunks = plan_chunks(0, 89, every_nth=4, concurrency=3)
    assert [frames[0] % 4 for frames in chunks] == [0, 0, 0]
    plans = [plan_chunk(frames, LINE, start=0, last_heard=89, every_nth=4) for frames in chunks]
    assert sum(len(plan.captured) for plan in plans) == 23
    assert set(range(90)) <= {frame for plan in plans for frame in plan.heard}
    assert plans[-1].window[1] == 23 * 4 * 1600
