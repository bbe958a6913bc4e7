"""The command line as `python -m remotion_py`."""

from .cli import main

if __name__ == "__main__":
    main()
