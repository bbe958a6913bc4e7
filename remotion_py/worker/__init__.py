"""The process of a function: `python -m remotion_py.worker`, the same on this machine and on AWS."""
