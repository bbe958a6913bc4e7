"""Four charts of one thing: how many steps a number takes to reach 1."""

import statistics
from pathlib import Path

import remotion_py as rp

SITE = Path(__file__).parent
COUNT, BIN, SMOOTHING = 1000, 5, 4


def steps(number: int) -> int:
    """Halve even numbers, triple odd ones and add 1: how often until 1?"""
    count = 0
    while number != 1:
        number = 3 * number + 1 if number % 2 else number // 2
        count += 1
    return count


def props() -> dict:
    """Return the steps of each number, their density and their quartiles."""
    found = [steps(number) for number in range(1, COUNT + 1)]
    normal = statistics.NormalDist(0, SMOOTHING)
    density = [
        BIN * sum(normal.pdf(at - value) for value in found)
        for at in range(max(found) + 1)
    ]
    quartiles = statistics.quantiles(found, method="inclusive")
    return {
        "steps": found,
        "bin": BIN,
        "density": density,
        "box": [min(found), *quartiles, max(found)],
    }


if __name__ == "__main__":
    output = "out/collatz.mp4"
    print(rp.render_media(SITE, "collatz", props=props(), output=output))
