"""Control of the browser: finding it, the page contract, frames."""

from pathlib import Path

RUNTIME_JS = Path(__file__).parent / "runtime.js"
"""The script by which a plain HTML page answers the page contract."""
