"""Balls that fall past pegs, left or right by chance, as Galton built it."""

import math
import random
from pathlib import Path

import remotion_py as rp

SITE = Path(__file__).parent
ROWS, BALLS = 10, 320


def props() -> dict:
    """Return each ball's turns, and how many balls to expect in each bin."""
    chance = random.Random(1822)
    turns = [[chance.randrange(2) for _ in range(ROWS)] for _ in range(BALLS)]
    expected = [
        BALLS * math.comb(ROWS, right) / 2**ROWS for right in range(ROWS + 1)
    ]
    return {"turns": turns, "expected": expected}


if __name__ == "__main__":
    output = "out/galton.mp4"
    print(rp.render_media(SITE, "galton", props=props(), output=output))
