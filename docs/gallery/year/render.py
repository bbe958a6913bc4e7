"""A card of the year for each rider; the rides are made up."""

import math
import random
from calendar import month_name
from datetime import date, timedelta
from pathlib import Path

import remotion_py as rp

SITE = Path(__file__).parent
YEAR = 2025
RIDERS = [  # name, rides a week, kilometres of a ride, colours
    ("Ada", 3.4, 42, "#ff8360", "#1d2145"),
    ("Grace", 2.2, 61, "#f4c95d", "#123c3a"),
    ("Mary", 4.6, 24, "#86dfc3", "#3d1d3f"),
]


def rides(name: str, often: float, far: float) -> dict[date, int]:
    """Return the kilometres of each day with a ride, more of them in summer."""
    chance = random.Random(name)
    found = {}
    for number in range(365):
        day = date(YEAR, 1, 1) + timedelta(number)
        season = 1 - 0.7 * math.cos(2 * math.pi * (number - 15) / 365)
        weekend = 1.6 if day.weekday() > 4 else 0.8
        if chance.random() < often / 7 * season * weekend:
            distance = far * season**0.5 * chance.lognormvariate(0, 0.4)
            found[day] = round(distance)
    return found


def rows() -> list[dict]:
    """Return the props of each rider's card."""
    cards = []
    for name, often, far, color, background in RIDERS:
        found = rides(name, often, far)
        weeks, months = [0] * 52, [0] * 12
        for day, distance in found.items():
            weeks[min(51, (day - date(YEAR, 1, 1)).days // 7)] += distance
            months[day.month - 1] += distance
        longest = max(found, key=found.get)
        best = months.index(max(months))
        facts = [
            ("Rides", f"{len(found)}"),
            (f"Longest, on {longest.day} {longest:%B}", f"{found[longest]} km"),
            (f"Best month: {month_name[best + 1]}", f"{months[best]:,} km"),
        ]
        card = {"name": name, "color": color, "background": background}
        cards.append(card | {"year": YEAR, "weeks": weeks, "facts": facts})
    return cards


if __name__ == "__main__":
    print(rp.render_batch(rows(), SITE, "year", "out/year/{name}.mp4"))
