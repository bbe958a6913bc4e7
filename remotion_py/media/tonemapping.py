"""Maps frames of high dynamic range for display in a page, with the FFmpeg binary, because PyAV has no zscale.

Frames are decoded and selected like all others, and FFmpeg gets their raw pixels. So it opens no file, and it gets the
colours of the file as we read them, with BT.2020 for missing values.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

from .._runtime.stall import StallDetector, stall_s
from ..errors import DiskFullError, FFmpegInterruptedError, MediaError
from .ffmpeg import BUSY_LIMIT_S, LOOK_S, cpu_s, failure, ffmpeg_path, stood_still_error
from .looking import VideoFacts
from .pictures import bitmap

_PIECE = 1024 * 1024
_UNKNOWN = (0, 2, 3)
"""FFmpeg's numbers for a matrix or primaries that a file does not name; 0 means RGB where pixels are RGB."""
_BT2020 = 9
_FULL_RANGE = 2


@dataclass(frozen=True)
class _Pixels:
    """The pixels that FFmpeg gets."""

    width: int
    height: int
    format: str
    matrix: int
    primaries: int
    full_range: bool

    @classmethod
    def of(cls, frame: Any) -> _Pixels:
        """Describe a frame with planes of its own for each colour."""
        rgb = frame.format.name.startswith("gbr")
        matrix = 0 if rgb else _known(int(frame.colorspace))
        full = rgb or int(frame.color_range) == _FULL_RANGE
        return cls(frame.width, frame.height, frame.format.name, matrix, _known(int(frame.color_primaries)), full)


def _known(number: int) -> int:
    return _BT2020 if number in _UNKNOWN else number


class ToneMapper:
    """Converts by an FFmpeg that runs as long as frames keep their form.

    Args:
        facts: What is known of the video.
        name: The file, in error messages.
    """

    def __init__(self, facts: VideoFacts, name: str) -> None:
        self._facts = facts
        self._name = name
        self._pixels: _Pixels | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._said: Any = None

    def picture(self, frame: Any) -> bytes:
        """Return a frame of PyAV as a bitmap file; tries once more when FFmpeg was killed or stood still.

        Raises:
            MediaError: FFmpeg failed; the message holds what it said.
            FFmpegInterruptedError: FFmpeg was killed, or stood still, twice.
        """
        planar = _planar(frame)
        pixels, bare = _Pixels.of(planar), _bare(planar)
        try:
            mapped = self._mapped(pixels, bare)
        except FFmpegInterruptedError:
            mapped = self._mapped(pixels, bare)
        width, height = self._facts.width, self._facts.height
        return bitmap(width, height, mapped, width * 3, alpha=False)

    def close(self) -> None:
        """End FFmpeg."""
        if self._process:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
            self._process.wait()
            self._said.close()
        self._process = self._pixels = None

    def _mapped(self, pixels: _Pixels, bare: bytes) -> bytes:
        if pixels != self._pixels:
            self.close()
            self._start(pixels)
        try:
            return self._exchange(bare, self._facts.width * self._facts.height * 3)
        except BaseException:
            self.close()  # what comes out of it next belongs to no frame
            raise

    def _start(self, pixels: _Pixels) -> None:
        width, height = self._facts.decoded_size
        filters = [
            f"setparams=colorspace={pixels.matrix}:color_primaries={pixels.primaries}:"
            f"range={'full' if pixels.full_range else 'limited'}",
            f"zscale=transferin={self._facts.hdr}:transfer=linear:npl=100",
            "format=gbrpf32le",
            "zscale=primaries=709",
            "tonemap=tonemap=hable:desat=0",
            "zscale=transfer=709:matrix=709:range=full",
            f"scale={width}:{height}",
            *(f"{name}={arguments}" if arguments else name for name, arguments in self._facts.orientation.filters),
            "format=bgr24",
        ]
        command = [ffmpeg_path(), "-nostdin", "-loglevel", "error", "-probesize", "32", "-analyzeduration", "0"]
        command += [
            "-f",
            "rawvideo",
            "-pix_fmt",
            pixels.format,
            "-s",
            f"{pixels.width}x{pixels.height}",
            "-i",
            "pipe:0",
        ]
        command += ["-vf", ",".join(filters), "-fps_mode", "passthrough"]
        # With more threads the encoder of bare pixels keeps frames back.
        command += ["-threads", "1", "-flush_packets", "1", "-f", "rawvideo", "pipe:1"]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, bufsize=0
        )
        assert self._process.stdin
        os.set_blocking(self._process.stdin.fileno(), False)
        self._pixels = pixels

    def _exchange(self, sent: bytes, size: int) -> bytes:
        """Send a frame and return the one that comes back.

        Args:
            sent: Its pixels.
            size: Bytes of the answer.
        """
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        into, out = self._process.stdin.fileno(), self._process.stdout.fileno()
        left, answer = memoryview(sent), bytearray()
        still, idle, limit = StallDetector(), StallDetector(), stall_s()
        while len(answer) < size:
            readable, writable, _ = select.select([out], [into] if left else [], [], LOOK_S)
            done = len(left), len(answer)
            busy_s, idle_s = still.look(done), idle.look((done, cpu_s(self._process.pid)))
            if not (readable or writable) and (idle_s > limit or busy_s > BUSY_LIMIT_S):
                raise stood_still_error(self._doing, max(idle_s, busy_s))
            if writable:
                try:
                    left = left[os.write(into, left[:_PIECE]) :]
                except BrokenPipeError:
                    left = left[:0]
            if readable:
                piece = os.read(out, min(_PIECE, size - len(answer)))
                if not piece:
                    raise self._ended()
                answer += piece
        return bytes(answer)

    @property
    def _doing(self) -> str:
        return f"map the colours of the video {self._name}"

    def _ended(self) -> MediaError | DiskFullError:
        """Return the error for an FFmpeg that has closed its output too early."""
        assert self._process
        try:
            code = self._process.wait(stall_s())
        except subprocess.TimeoutExpired:
            return stood_still_error(self._doing, stall_s())
        self._said.seek(0)
        error = failure(self._doing, code, self._said.read().decode(errors="replace").strip())
        if type(error) is not MediaError:
            return error
        return MediaError(
            f"{error}. Set toneMapped={{false}} on its tag, or convert the video to standard dynamic range."
        )


def _planar(frame: Any) -> Any:
    """Return a frame in a format whose planes hold one colour each, which is how they are counted here."""
    name = frame.format.name
    if name.startswith(("yuv4", "yuvj4", "gbrp")):
        return frame
    return frame.reformat(format="gbrp16le" if "rgb" in name or "bgr" in name else "yuv444p10le")


def _bare(frame: Any) -> bytes:
    """Return the pixels of a frame without what pads its lines."""
    sample = (frame.format.components[0].bits + 7) // 8
    pieces: list[bytes | memoryview] = []
    for plane in frame.planes:
        used, line = plane.width * sample, plane.line_size
        view = memoryview(plane)
        if used == line:
            pieces.append(view[: line * plane.height])
        else:
            pieces += [view[at : at + used] for at in range(0, line * plane.height, line)]
    return b"".join(pieces)
