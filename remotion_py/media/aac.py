"""AAC packets of chunks (no I/O): the borders of chunks, their overlap, and the chunk of each packet.

Each chunk is encoded separately, with padding on both sides, so that its encoder has a settled state at the borders.
The join copies packets by index. Formulas: design/wire.md 7.3; measured there: FFmpeg's encoder adds one packet at the
start.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from .tracks import Timeline

PACKET = 1024
"""Samples in a packet."""
PRIMING = 1
"""Packets that FFmpeg's encoder puts before the first sample."""
PADDING = 2
"""Packets that a chunk is longer on each side."""

_HALF = Fraction(4_999_999, 10_000_000)


@dataclass(frozen=True)
class AacChunk:
    """The packets of one chunk on the output's timeline; packet p holds the samples from p x 1024.

    Attributes:
        begin: The first packet that the output takes from it.
        end: The one after the last that the output takes from it.
        left: The first packet that is encoded, padding included.
        right: The one after the last that is encoded.
    """

    begin: int
    end: int
    left: int
    right: int

    @property
    def window(self) -> tuple[int, int]:
        """The samples that are encoded."""
        return self.left * PACKET, self.right * PACKET

    def position(self, packet: int, priming: int = PRIMING) -> int:
        """Return the position of a packet in a chunk whose encoder puts `priming` packets first."""
        return packet - self.left + priming


def aac_chunk(first: int, last: int, timeline: Timeline) -> AacChunk:
    """Return the packets of a chunk.

    Args:
        first: Index of its first frame on the timeline.
        last: Index of its last frame.
        timeline: The output.
    """
    begin, end = _nearest_packet(first, timeline), _nearest_packet(last + 1, timeline)
    return AacChunk(begin, end, max(0, begin - PADDING), end + PADDING)


def aac_chunks(lengths: Sequence[int], timeline: Timeline, start: int = 0) -> list[AacChunk]:
    """Return the packets of successive chunks.

    Args:
        lengths: Frames of each.
        timeline: The output.
        start: Index of the first frame of the first chunk.
    """
    borders = list(itertools.accumulate(lengths, initial=start))
    return [aac_chunk(first, after - 1, timeline) for first, after in itertools.pairwise(borders)]


def _nearest_packet(index: int, timeline: Timeline) -> int:
    exact = timeline.seconds(index) * timeline.sample_rate / PACKET
    whole = math.floor(exact)
    return whole + 1 if exact - whole > _HALF else whole


@dataclass(frozen=True)
class Pick:
    """Packets that are taken from one chunk.

    Attributes:
        chunk: Index of the chunk.
        begin: Position of the first packet in it.
        end: Position after the last.
    """

    chunk: int
    begin: int
    end: int


def pick_packets(chunks: Sequence[AacChunk], end_sample: int | None, priming: int = PRIMING) -> list[Pick]:
    """Choose the packets of a joined track; the first chunk also gives those that its encoder put first.

    Args:
        chunks: The chunks, in order.
        end_sample: Where the track ends; None keeps the padding on both sides, which makes one longer chunk.
        priming: Packets that the encoder put before the first sample of each chunk.
    """
    picks = [
        Pick(index, chunk.position(chunk.begin, priming), chunk.position(chunk.end, priming))
        for index, chunk in enumerate(chunks)
    ]
    picks[0] = replace(picks[0], begin=0)
    last = chunks[-1].right if end_sample is None else math.ceil(end_sample / PACKET)
    picks[-1] = replace(picks[-1], end=chunks[-1].position(last, priming))
    return picks
