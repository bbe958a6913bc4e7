"""Renders two halves of a composition apart, as two machines would, and joins them without a seam."""

from __future__ import annotations

from pathlib import Path

import remotion_py as rp

SITE = rp.examples.metronome
HALVES = [(0, 40), (41, 89)]

out = Path("out")
parts = [
    rp.render_media(
        SITE,
        "metronome",
        output=out / f"half-{number}.mp4",
        frame_range=frames,
        composition_start=0,
        for_seamless_aac_concatenation=True,
        separate_audio_to=out / f"half-{number}.aac",
        enforce_audio_track=True,
    )
    for number, frames in enumerate(HALVES)
]
frames = rp.concat_chunks(
    [part.path for part in parts],
    out / "metronome.mp4",
    fps=30,
    audio=[part.audio_path for part in parts if part.audio_path],
)
print(f"{out / 'metronome.mp4'}: {frames} frames from {len(parts)} parts")
