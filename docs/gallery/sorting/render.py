"""Numbers that neighbours sort, with a tone for each exchange."""

import base64
import io
import math
import random
import wave
from array import array
from pathlib import Path

import remotion_py as rp

SITE = Path(__file__).parent
COUNT = 20
RATE = 16000
SCALE = (0, 2, 4, 7, 9)  # semitones: a pentatonic scale


def orders() -> list[list[int]]:
    """Sort numbers, and return their order after each step."""
    order = random.Random(11).sample(range(COUNT), COUNT)
    found = [order]
    while order != sorted(order):
        order = order.copy()
        for left in range((len(found) - 1) % 2, COUNT - 1, 2):
            order[left : left + 2] = sorted(order[left : left + 2])
        found.append(order)
    return found


def tone(pitch: float, seconds: float = 0.5) -> str:
    """Return a sound like that of a plucked string, as an address."""
    samples = array("h")
    for index in range(int(RATE * seconds)):
        time = index / RATE
        value = sum(
            math.sin(2 * math.pi * pitch * part * time)
            * math.exp(-8 * part * time)
            / part**2
            for part in (1, 2, 3)
        )
        fade = min(1, 300 * time, 20 * (seconds - time))
        samples.append(int(20000 * value * fade))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())
    return "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode()


def props() -> dict:
    """Return what the page draws and plays."""
    return {
        "orders": orders(),
        "tones": [tone(262), tone(1047)],
        "pitches": [
            2 ** (at // 5 - 1 + SCALE[at % 5] / 12) for at in range(10)
        ],
    }


if __name__ == "__main__":
    output = "out/sorting.mp4"
    print(rp.render_media(SITE, "sorting", props=props(), output=output))
