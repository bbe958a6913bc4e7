"""Render the race from your own data: python examples/bar_chart_race.py [out.mp4]."""

import sys

import remotion_py as rp

PROPS = {
    "title": "Programming languages in our repositories",
    "subtitle": "Lines of code, in thousands",
    "source": "Made-up numbers.",
    "unit": " k",
    "seconds": 4,
    "labels": ["2021", "2022", "2023", "2024", "2025"],
    "rows": [
        {"name": "Python", "color": "#4f8fea", "values": [80, 130, 210, 330, 480]},
        {"name": "TypeScript", "color": "#3fae7a", "values": [120, 170, 240, 300, 350]},
        {"name": "Rust", "color": "#e4572e", "values": [10, 40, 90, 170, 290]},
        {"name": "Go", "color": "#2ec4b6", "values": [60, 90, 120, 140, 150]},
        {"name": "Java", "color": "#f2a541", "values": [300, 280, 250, 210, 180]},
    ],
}

if __name__ == "__main__":
    output = sys.argv[1] if len(sys.argv) > 1 else "race.mp4"
    print(rp.render_media(rp.examples.bar_chart_race, "race", props=PROPS, output=output, scale=0.5))
