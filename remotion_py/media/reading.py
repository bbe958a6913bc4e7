"""Reading the frames of one video file in order, from any time on; by PyAV, or by FFmpeg where colours need it."""

from __future__ import annotations

import bisect
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import MediaError
from .facts import INPUT_LIMITS
from .ffmpeg import ffmpeg_path
from .pictures import bitmap

DECODER_THREADS = 2
_HDR = {16: "smpte2084", 18: "arib-std-b67"}
"""FFmpeg's numbers of the transfers of high dynamic range, and their names."""
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave the alpha plane out."""
_FLAGS = "bilinear"
"""Of the scaler; with these its pixels are those of the npm renderer."""
_ALPHA_FLAGS = "bilinear+accurate_rnd+full_chroma_int"
"""With alpha the plain ones are off by 1.3 of 255 on opaque pixels, the npm renderer is by 0.9, these are by 0.4."""


@dataclass(frozen=True)
class VideoFacts:
    """What has to be known of a video before it is read.

    Attributes:
        codec: FFmpeg's name of its codec.
        alpha: Whether it has an alpha plane.
        hdr: FFmpeg's name of its transfer when that is one of high dynamic range, or "".
        width: Pixels as shown, after rotation and with square pixels.
        height: Pixels as shown.
        turn: Clockwise degrees by which frames are turned: 0, 90, 180 or 270.
        keys: Time stamps at which decoding can begin, in order of decoding; empty when unknown.
    """

    codec: str
    alpha: bool
    hdr: str
    width: int
    height: int
    turn: int
    keys: tuple[int, ...]


@dataclass
class Decoded:
    """A decoded frame.

    Attributes:
        pts: When it is shown, in ticks of its stream.
        frame: A PyAV frame, or the finished picture.
    """

    pts: int
    frame: Any


class Reader(Protocol):
    """Frames of a video, in order."""

    def start(self, pts: int) -> None:
        """Go to where decoding must begin so that the frame at `pts` is met."""
        ...

    def read(self) -> Decoded | None:
        """Return the next frame, or None after the last."""
        ...

    def picture(self, decoded: Decoded) -> bytes:
        """Return a frame as a picture file."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def look(path: Path) -> tuple[VideoFacts, Any]:
    """Return what has to be known of a video, and the length of its ticks in seconds.

    Raises:
        MediaError: The file cannot be read, or holds no video.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), options=INPUT_LIMITS) as container:
            if not container.streams.video:
                raise MediaError(f"The file {path} has no video. Use an audio tag for it, or another file.")
            stream = container.streams.video[0]
            first = next(container.decode(stream), None)
            if first is None:
                raise MediaError(f"The video {path} has no frames that can be decoded.")
            context = stream.codec_context
            codec = context.codec.canonical_name
            tagged = any(key.lower() == "alpha_mode" and value == "1" for key, value in stream.metadata.items())
            alpha = tagged or (codec not in _ALPHA_DECODERS and "a" in _planes(str(context.pix_fmt)))
            turn = -first.rotation % 360
            ratio = stream.sample_aspect_ratio or 1
            width, height = round(first.width * ratio), first.height
            if turn in (90, 270):
                width, height = height, width
            keys = tuple(entry.timestamp for entry in stream.index_entries if entry.is_keyframe)
            facts = VideoFacts(codec, alpha, _HDR.get(int(context.color_trc), ""), width, height, turn, keys)
            return facts, stream.time_base
    except FFmpegError as error:
        raise MediaError(f"The video {path} cannot be read: {error}. Check that the file is whole.") from error


def _planes(pixel_format: str) -> str:
    return "a" if pixel_format.startswith(("yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya8", "ya16")) else ""


class AvReader:
    """Reads by PyAV.

    Args:
        path: The file.
        facts: What is known of it.
        alpha: Whether the alpha plane is wanted.
    """

    def __init__(self, path: Path, facts: VideoFacts, *, alpha: bool) -> None:
        import av

        self._path = path
        self._facts = facts
        self._alpha = alpha
        self._container: Any = av.open(str(path), options=INPUT_LIMITS)
        self._stream: Any = self._container.streams.video[0]
        self._stream.codec_context.thread_type = "AUTO"
        self._stream.codec_context.thread_count = DECODER_THREADS
        self._graph: Any = None
        self._shape: Any = None
        self._frames: Iterator[Any] = iter(())

    def start(self, pts: int) -> None:
        """Go to where decoding must begin so that the frame at `pts` is met."""
        keys = self._facts.keys
        at = bisect.bisect_right(keys, pts) - 1
        while True:
            self._seek(keys[at] if at >= 0 else pts)
            first = next(self._frames, None)
            # A key frame's place is known by when it is decoded, which is before it is shown.
            if first is None or first.pts <= pts or at <= 0:
                self._frames = self._after(first)
                return
            at -= 1

    def read(self) -> Decoded | None:
        """Return the next frame, or None after the last."""
        frame = next(self._frames, None)
        return None if frame is None else Decoded(frame.pts, frame)

    def picture(self, decoded: Decoded) -> bytes:
        """Return a frame as a bitmap."""
        frame = self._convert(decoded.frame)
        return bitmap(frame.width, frame.height, frame.planes[0], frame.planes[0].line_size, alpha=self._alpha)

    def close(self) -> None:
        """Close the file."""
        self._frames = iter(())
        self._container.close()

    def _seek(self, pts: int) -> None:
        self._container.seek(pts, stream=self._stream, backward=True)
        self._frames = self._decode()

    def _after(self, first: Any) -> Iterator[Any]:
        rest = self._frames

        def chained() -> Iterator[Any]:
            if first is not None:
                yield first
                yield from rest

        return chained()

    def _decode(self) -> Iterator[Any]:
        from av.error import FFmpegError

        decoder = self._decoder()
        try:
            for packet in self._container.demux(self._stream):
                for frame in decoder.decode(packet if packet.size else None):
                    if frame.pts is not None:
                        yield frame
        except EOFError:
            return
        except FFmpegError as error:
            raise MediaError(f"The video {self._path} is damaged: {error}. Encode it again.") from error

    def _decoder(self) -> Any:
        import av

        own = self._stream.codec_context
        name = _ALPHA_DECODERS.get(self._facts.codec) if self._alpha else None
        if name is None:
            return own  # which a seek has flushed
        context: Any = av.CodecContext.create(name, "r")
        context.thread_count = DECODER_THREADS
        return context

    def _convert(self, frame: Any) -> Any:
        shape = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or shape != self._shape:
            self._graph, self._shape = self._make_graph(frame), shape
        self._graph.push(frame)
        return self._graph.pull()

    def _make_graph(self, frame: Any) -> Any:
        import av.filter

        graph = av.filter.Graph()
        graph.threads = 1
        last: Any = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._stream.time_base
        )

        def add(name: str, arguments: str) -> None:
            nonlocal last
            node = graph.add(name, arguments)
            last.link_to(node)
            last = node

        flags = _ALPHA_FLAGS if self._alpha else _FLAGS
        width, height = self._facts.width, self._facts.height
        turned = self._facts.turn in (90, 270)
        add("scale", f"{height if turned else width}:{width if turned else height}:flags={flags}")
        add("format", "bgra" if self._alpha else "bgr24")
        for _ in range(self._facts.turn // 90):
            add("transpose", "clock")
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


class ToneMappingReader:
    """Reads by the FFmpeg binary, which maps high dynamic range to what a page can show.

    Args:
        path: The file.
        facts: What is known of it.
        stamps: Time stamps of all its frames, in order.
        tick: Seconds of one tick.
    """

    def __init__(self, path: Path, facts: VideoFacts, stamps: list[int], tick: float) -> None:
        self._path = path
        self._facts = facts
        self._stamps = stamps
        self._tick = tick
        self._process: subprocess.Popen[bytes] | None = None
        self._next = 0

    def start(self, pts: int) -> None:
        """Begin at the frame at `pts`."""
        self.close()
        self._next = max(0, bisect.bisect_right(self._stamps, pts) - 1)
        filters = (
            f"zscale=transferin={self._facts.hdr}:transfer=linear:npl=100,format=gbrpf32le,zscale=primaries=709,"
            f"tonemap=tonemap=hable:desat=0,zscale=transfer=709:matrix=709:range=full,"
            f"scale={self._facts.width}:{self._facts.height},format=bgr24"
        )
        begin = max(0.0, (self._stamps[self._next] - self._stamps[0] - 0.5) * self._tick)
        command = [ffmpeg_path(), "-nostdin", "-loglevel", "error", "-ss", f"{begin:.6f}", "-i", str(self._path)]
        command += ["-an", "-vf", filters, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def read(self) -> Decoded | None:
        """Return the next frame, or None after the last."""
        assert self._process
        assert self._process.stdout
        size = self._facts.width * self._facts.height * 3
        data = self._process.stdout.read(size)
        if len(data) < size or self._next >= len(self._stamps):
            return None
        self._next += 1
        return Decoded(self._stamps[self._next - 1], data)

    def picture(self, decoded: Decoded) -> bytes:
        """Return a frame as a bitmap."""
        width = self._facts.width
        return bitmap(width, self._facts.height, decoded.frame, width * 3, alpha=False)

    def close(self) -> None:
        """End FFmpeg."""
        if self._process:
            self._process.kill()
            if self._process.stdout:
                self._process.stdout.close()
            self._process.wait()
            self._process = None


def all_stamps(path: Path) -> list[int]:
    """Return the time stamps of all frames of a video, in order."""
    import av

    with av.open(str(path), options=INPUT_LIMITS) as container:
        stream = container.streams.video[0]
        return sorted(packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None)
