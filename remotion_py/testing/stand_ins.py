"""Responses for the few calls that moto does not support: account settings, service quotas, policy simulation."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aiohttp import web

from ..providers.aws.concurrency import RESERVE

_QUOTA = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384", "QuotaName": "Concurrent executions"}


class Quota:
    """The concurrency of the account, and the requests for more.

    Args:
        concurrency: Renderer functions that may run at the same time.
    """

    def __init__(self, concurrency: int) -> None:
        self._value = concurrency + RESERVE
        self._requested: list[dict[str, Any]] = []

    def account_settings(self) -> dict[str, Any]:
        """Answer `lambda:GetAccountSettings`."""
        limit = {
            "ConcurrentExecutions": self._value,
            "UnreservedConcurrentExecutions": self._value,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "TotalCodeSize": 80_530_636_800,
        }
        return {"AccountLimit": limit, "AccountUsage": {"FunctionCount": 0, "TotalCodeSize": 0}}

    def answer(self, action: str, body: dict[str, Any]) -> web.Response:
        """Answer an action of Service Quotas."""
        if action == "GetServiceQuota":
            return web.json_response({"Quota": _QUOTA | {"Value": float(self._value)}})
        if action == "GetAWSDefaultServiceQuota":
            return web.json_response({"Quota": _QUOTA | {"Value": 1000.0}})
        if action == "RequestServiceQuotaIncrease":
            self._requested.append(_QUOTA | {"DesiredValue": body["DesiredValue"], "Status": "PENDING"})
            return web.json_response({"RequestedQuota": self._requested[-1]})
        return web.json_response({"RequestedQuotas": self._requested})


def simulated(form: str, denied: set[str]) -> str:
    """Answer `iam:SimulatePrincipalPolicy`: all is allowed but what the account denies."""
    asked = parse_qs(form)
    actions = [values[0] for name, values in asked.items() if name.startswith("ActionNames.member.")]
    members = "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalDecision>"
        f"{'implicitDeny' if action in denied else 'allowed'}</EvalDecision></member>"
        for action in actions
    )
    return (
        '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{members}"
        "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )
