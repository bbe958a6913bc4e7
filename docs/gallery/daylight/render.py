"""The hours of daylight of five cities, and the globe that explains them."""

from datetime import date, timedelta
from math import acos, asin, cos, degrees, pi, radians, sin
from pathlib import Path

import remotion_py as rp

SITE = Path(__file__).parent
CITIES = {  # latitude, longitude
    "Tromsø": (69.6, 19.0),
    "London": (51.5, -0.1),
    "Cairo": (30.0, 31.2),
    "Nairobi": (-1.3, 36.8),
    "Cape Town": (-33.9, 18.4),
}
# Land in steps of 2.5 degrees, eight dots to a character: from Natural Earth.
LAND = """
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⡀⠀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠤⢴⣀⣂⠀⢆⡜⣳⣿⣉⡀⠛⠛⠛⣿⣿⣿⣿⣿⣿⡿⠀⠀⠀⠀⠀⠀⠈⠁⠁⠀⠀⠀⠀⠀⢀⠄⠀⢀⡀⣀⣀⣤⣤⣦⣶⣶⣆⣀⣀⣀⢀⣀⣀⣀⡀⠀⠀⠀⠀⠀
⠒⠂⠀⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣾⣾⣷⣾⠿⠲⠣⢈⡹⠷⠂⠀⠸⢿⡿⠛⠉⠉⠀⠄⠀⠀⠀⠀⣀⣴⡾⢻⣿⣿⣵⣶⣶⣾⣾⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡿⣿⣿⡿⠟
⠀⠀⠀⠀⠈⠁⠀⠀⠈⠙⢿⣿⣿⣿⣿⣿⣿⣷⣦⣄⣼⣿⣿⣷⡄⠀⠀⠀⠀⠀⠀⠀⠀⠀⠤⣦⣀⣹⣽⣥⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣯⡁⠀⠀⠶⠃⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡿⠛⠂⠈⠀⠀⠀⠀⠀⠀⠀⠀⠀⣀⣨⡿⠟⢟⠿⣿⣟⢛⡙⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⠿⠋⠤⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠘⢻⢿⣿⣿⣿⣿⣿⡿⠛⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⣩⣭⣶⣶⣀⡀⣁⡘⡙⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣷⡀⠑⠠⠒⠁⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠻⣿⡏⠀⡀⠘⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⡹⣿⣷⣭⣝⠛⠻⣿⣿⣿⡿⢿⣿⣿⡿⠿⠟⠅⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠉⠙⠚⠧⡄⠀⣈⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠰⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣷⣽⢟⠋⠁⠀⠀⠘⣿⠉⠀⠀⠹⢿⡦⠀⠀⢂⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⣸⣿⣿⣿⣦⣤⠀⠀⠀⠀⠀⠀⠀⠈⠛⠛⠋⠛⣿⣿⣿⣿⣿⣿⣿⠟⠀⠀⠀⠀⠀⠀⠀⠀⠀⠠⡆⠀⣠⡄⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⣿⣿⣿⣿⣿⣿⣿⣶⣦⠀⠀⠀⠀⠀⠀⠀⠀⠀⢻⣿⣿⣿⣿⣿⠁⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠙⠀⠉⠁⠃⠀⠐⠲⡶⠄⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠻⣿⣿⣿⣿⣿⣿⠁⠀⠀⠀⠀⠀⠀⠀⠀⠀⢸⣿⣿⣿⣿⠿⠀⣴⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⣤⣶⣆⣰⡀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⣿⣿⣿⣿⠟⠉⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⢿⣿⣿⡟⠀⠘⠃⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠐⣿⣿⣿⣿⣿⣿⣿⡆⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢸⣿⣿⠟⠃⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠘⠛⠉⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠛⠋⠉⠉⠛⠿⠿⠃⠀⠀⠀⠀⡀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⣽⡟⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⠀⠠⠂⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠉⠂⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⡄⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⣀⣀⣠⣀⣀⣀⠀⢀⣀⣀⣀⣀⣤⣀⣤⣀⣀⣀⣤⣀⣀⣀⣀⠀⠀⠀⠀⠀
⠀⠀⠀⠀⠀⣀⣀⣤⣤⣤⣤⣤⣤⣤⣤⣤⣶⣶⣶⣶⣶⠾⠟⠓⠀⠀⣀⠀⠀⣀⣠⣤⣤⣶⣾⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣷⣾⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡟⠁⠀⠀
⣤⣦⣤⣴⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣷⣶⣶⣾⣷⣾⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣶⣶⣦⣤
"""


def land() -> list[tuple[float, float]]:
    """Return dots on land, equally far from each other on the globe."""
    lines, found = LAND.split(), []
    for row in range(72):
        latitude = 88.75 - 2.5 * row
        count = round(144 * cos(radians(latitude)))
        for dot in range(count):
            column = int(144 * (dot + 0.5) / count)
            bit = (0, 3, 1, 4, 2, 5, 6, 7)[row % 4 * 2 + column % 2]
            if ord(lines[row // 4][column // 2]) >> bit & 1:
                found.append((latitude, 360 * (dot + 0.5) / count - 180))
    return found


def declination(day: int) -> float:
    """Return the latitude above which the sun is, days after 1 January 2000."""
    anomaly = radians(357.528 + 0.9856003 * day)
    around = 280.460 + 0.9856474 * day
    around += 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)
    return degrees(asin(sin(radians(23.439)) * sin(radians(around))))


def daylight(latitude: float, sun: float) -> float:
    """Return hours from sunrise to sunset, refraction included."""
    up, sun = radians(latitude), radians(sun)
    cosine = (sin(radians(-0.833)) - sin(up) * sin(sun)) / cos(up) / cos(sun)
    return 24 / pi * acos(max(-1, min(1, cosine)))


def props() -> dict:
    """Return the land, the cities, and what is in the sky on each day."""
    days = []
    for number in range(365):
        day = date(2025, 1, 1) + timedelta(number)
        sun = declination((day - date(2000, 1, 1)).days)
        hours = [daylight(latitude, sun) for latitude, _ in CITIES.values()]
        days.append({"date": f"{day.day} {day:%B}", "sun": sun, "hours": hours})
    cities = [{"name": name, "place": place} for name, place in CITIES.items()]
    return {"land": land(), "cities": cities, "days": days}


if __name__ == "__main__":
    output = "out/daylight.mp4"
    print(rp.render_media(SITE, "daylight", props=props(), output=output))
