"""The same savings at five rates of interest."""

from pathlib import Path

import remotion_py as rp

SITE = Path(__file__).parent
MONTHLY, YEARS = 200, 40
COLORS = {7: "#d9480f", 5: "#bd8b3c", 3: "#64958a", 1: "#8795a5", 0: "#adb5bd"}


def balances(rate: float) -> list[float]:
    """Return what is saved at the end of each month."""
    saved = [0.0]
    for _ in range(YEARS * 12):
        saved.append((saved[-1] + MONTHLY) * (1 + rate / 100 / 12))
    return saved


def props() -> dict:
    """Return what the page draws."""
    lines = [
        {"rate": rate, "color": color, "values": balances(rate)}
        for rate, color in COLORS.items()
    ]
    return {"monthly": MONTHLY, "years": YEARS, "lines": lines}


if __name__ == "__main__":
    output = "out/savings.mp4"
    print(rp.render_media(SITE, "savings", props=props(), output=output))
