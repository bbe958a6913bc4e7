"""Checks with IAM whether the caller has the permissions of remotion_py."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..boto_errors import translated
from .policies import USER_STATEMENTS, Statement
from .session import Aws


@dataclass(frozen=True)
class Permission:
    """The answer of IAM for one action.

    Attributes:
        action: The action.
        allowed: Whether the caller may do it.
        statement: The statement of the user policy that grants it.
        decision: IAM's own word.
    """

    action: str
    allowed: bool
    statement: str
    decision: str


def simulate_permissions(aws: Aws, *, on_permission: Callable[[Permission], Any] | None = None) -> list[Permission]:
    """Ask IAM for each action of the user policy whether the caller may do it; nothing is done.

    Args:
        aws: The account and region.
        on_permission: Called with each answer as it comes.

    Raises:
        PermissionDeniedError: The caller may not even ask.
    """
    with translated("identify the caller"):
        caller = aws.client("sts").get_caller_identity()["Arn"]
    found: list[Permission] = []
    for statement in USER_STATEMENTS:
        for permission in _simulate(aws, principal_of(caller), statement):
            found.append(permission)
            if on_permission:
                on_permission(permission)
    return found


def principal_of(arn: str) -> str:
    """Return the ARN whose policies count: of a session of a role, that of the role."""
    role = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*", arn)
    return f"arn:{role[1]}:iam::{role[2]}:role/{role[3]}" if role else arn


def _simulate(aws: Aws, principal: str, statement: Statement) -> list[Permission]:
    resources = [_example(resource, aws) for resource in statement.resources]
    with translated("simulate the policy"):
        answers = aws.client("iam").simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=list(statement.actions), ResourceArns=resources
        )["EvaluationResults"]
    return [
        Permission(item["EvalActionName"], item["EvalDecision"] == "allowed", statement.sid, item["EvalDecision"])
        for item in answers
    ]


def _example(resource: str, aws: Aws) -> str:
    """Return a resource that a pattern of the policy matches."""
    if resource == "*":
        return "*"
    arn = resource.replace("{partition}", aws.partition)
    fields = arn.split(":", 5)
    fields[3] = aws.region if fields[3] == "*" else fields[3]
    fields[4] = aws.account if fields[4] == "*" else fields[4]
    return ":".join(fields).replace("*", "example")
