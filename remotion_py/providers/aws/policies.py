"""The two IAM policies (no I/O): what the function needs, and what a user needs who deploys and renders.

A test records every call of the suite and holds these statements against them, both ways.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .names import PREFIX, ROLE, log_group

_BUCKETS = f"arn:{{partition}}:s3:::{PREFIX}*"
_OBJECTS = f"arn:{{partition}}:s3:::{PREFIX}*/*"
_FUNCTIONS = f"arn:{{partition}}:lambda:*:*:function:{PREFIX}*"
_LAYERS = f"arn:{{partition}}:lambda:*:*:layer:{PREFIX}*"
_LAYER_VERSIONS = f"arn:{{partition}}:lambda:*:*:layer:{PREFIX}*:*"
_ROLES = f"arn:{{partition}}:iam::*:role/{ROLE}"
_LOGS = f"arn:{{partition}}:logs:*:*:log-group:{log_group(PREFIX)}*"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Attributes:
        sid: Its name.
        why: What it is for, in one sentence.
        actions: IAM actions.
        resources: ARNs, with `{partition}` to be filled in.
    """

    sid: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def to_json(self, partition: str) -> dict[str, Any]:
        """Return it as IAM takes it."""
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": [resource.replace("{partition}", partition) for resource in self.resources],
        }


IMPLICIT = frozenset(
    {
        "iam:PassRole",
        "iam:CreateServiceLinkedRole",
        "lambda:GetLayerVersion",
        "lambda:TagResource",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
)
"""Actions that no call is named after: AWS asks for them on the way of others."""

ROLE_STATEMENTS = (
    Statement(
        "Objects",
        "Reads sites and props; writes progress, videos and artifacts; deletes temporary objects.",
        ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        (_OBJECTS,),
    ),
    Statement(
        "ListBucket",
        "Lists the files of a site, and distinguishes a missing object from a forbidden one.",
        ("s3:ListBucket",),
        (_BUCKETS,),
    ),
    Statement(
        "InvokeItself",
        "The start function starts the main function, which invokes the renderer functions.",
        ("lambda:InvokeFunction",),
        (_FUNCTIONS,),
    ),
    Statement(
        "ReadConcurrency",
        "Limits the number of chunks to the concurrency of the account. This action has no resource-level permissions.",
        ("lambda:GetAccountSettings",),
        ("*",),
    ),
    Statement("WriteLogs", "Writes to its log group.", ("logs:CreateLogStream", "logs:PutLogEvents"), (_LOGS,)),
)

USER_STATEMENTS = (
    Statement(
        "Bucket",
        "Creates the bucket for sites and renders, blocks public access, encrypts it, and lets old renders expire.",
        (
            "s3:CreateBucket",
            "s3:ListBucket",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketOwnershipControls",
            "s3:GetLifecycleConfiguration",
            "s3:PutLifecycleConfiguration",
        ),
        (_BUCKETS,),
    ),
    Statement(
        "PublicSites",
        "Makes one site public in the bucket policy; only for deploy_site(privacy='public').",
        ("s3:GetBucketPolicy", "s3:PutBucketPolicy"),
        (_BUCKETS,),
    ),
    Statement(
        "FindBucket",
        "Finds the bucket of a region by its name. This action has no resource-level permissions.",
        ("s3:ListAllMyBuckets",),
        ("*",),
    ),
    Statement(
        "Objects",
        "Uploads sites, packages and large props; reads progress and videos; cancels and deletes renders.",
        ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        (_OBJECTS,),
    ),
    Statement(
        "Functions",
        "Deploys, configures, invokes and deletes the function.",
        (
            "lambda:CreateFunction",
            "lambda:GetFunction",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
            "lambda:DeleteFunction",
            "lambda:InvokeFunction",
            "lambda:PutFunctionEventInvokeConfig",
            "lambda:TagResource",
        ),
        (_FUNCTIONS,),
    ),
    Statement(
        "ListFunctions",
        "Finds functions and reads the concurrency limit. These actions have no resource-level permissions.",
        ("lambda:ListFunctions", "lambda:GetAccountSettings"),
        ("*",),
    ),
    Statement(
        "Layers",
        "Uploads the large parts of the package as layers, and finds existing layers.",
        ("lambda:ListLayerVersions", "lambda:PublishLayerVersion"),
        (_LAYERS,),
    ),
    Statement("UseLayers", "Attaches the layers to the function.", ("lambda:GetLayerVersion",), (_LAYER_VERSIONS,)),
    Statement(
        "Role",
        "Creates the role of the function and assigns it to the function.",
        ("iam:GetRole", "iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole"),
        (_ROLES,),
    ),
    Statement(
        "Simulate",
        "'remotion-py policies validate' checks your permissions. Everything else works without it.",
        ("iam:SimulatePrincipalPolicy",),
        ("*",),
    ),
    Statement(
        "Logs",
        "Creates the log group and sets how long it keeps logs.",
        ("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
        (_LOGS,),
    ),
    Statement(
        "Quotas",
        "Reads the concurrency quota and requests a higher one. These actions have no resource-level permissions.",
        (
            "servicequotas:GetServiceQuota",
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
            "servicequotas:RequestServiceQuotaIncrease",
        ),
        ("*",),
    ),
    Statement(
        "ServiceRole",
        "Service Quotas creates its own role on the first request.",
        ("iam:CreateServiceLinkedRole",),
        ("arn:{partition}:iam::*:role/aws-service-role/servicequotas.amazonaws.com/*",),
    ),
)


def policy(statements: tuple[Statement, ...], partition: str = "aws") -> str:
    """Return statements as a policy document, JSON text.

    Args:
        statements: What it grants.
        partition: "aws", or "aws-cn" in China.
    """
    document = {"Version": "2012-10-17", "Statement": [item.to_json(partition) for item in statements]}
    return json.dumps(document, indent=2)


def get_user_policy(partition: str = "aws") -> str:
    """Return the policy of a user who deploys and renders, JSON text for IAM.

    Args:
        partition: "aws", or "aws-cn" in China.
    """
    return policy(USER_STATEMENTS, partition)


def get_role_policy(partition: str = "aws") -> str:
    """Return the policy of the function's role, JSON text for IAM. `deploy_function()` makes this role by itself.

    Args:
        partition: "aws", or "aws-cn" in China.
    """
    return policy(ROLE_STATEMENTS, partition)


def where_granted(action: str) -> str:
    """Return a sentence that names the statements of our policies that grant an action."""
    places = [
        f"the statement {item.sid!r} of the {whose} policy ('remotion-py policies {whose}')"
        for whose, statements in (("user", USER_STATEMENTS), ("role", ROLE_STATEMENTS))
        for item in statements
        if action in item.actions
    ]
    if not places:
        return "No policy of remotion_py grants it; ask who looks after the account."
    return f"It is granted by {' and by '.join(places)}; attach what is missing."
