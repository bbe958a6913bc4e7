"""Public helpers for tests: an AWS account on this machine whose functions really run.

`aws()` needs the extra `testing` (`pip install 'remotion-py[testing]'`).
"""

from __future__ import annotations

from .account import TestAccount, aws

__all__ = ["TestAccount", "aws"]
