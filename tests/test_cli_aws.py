"""The commands that need an AWS account, on a test account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from remotion_py.testing import TestAccount, aws

from .conftest import LAB, run_cli

ONE = str(LAB.parent / "one")


@pytest.fixture
def account() -> Iterator[TestAccount]:
    with aws(concurrency=2) as found:
        yield found


def test_from_deploy_to_download(account: TestAccount, tmp_path: Path) -> None:
    name = run_cli("functions", "deploy", "--memory", "3008", "--quiet").stdout.strip()
    assert name.endswith("mem3008mb-disk2048mb-900sec")
    assert name in run_cli("functions", "ls").stdout
    assert "Serve URL" in run_cli("sites", "create", ONE, "--site-name", "one").stdout
    assert run_cli("sites", "ls", "--quiet").stdout.strip() == "one"
    aws_flags = ("--provider", "aws", "--function-name", name)
    assert run_cli("compositions", "one", *aws_flags, "--quiet").stdout.strip() == "one"
    done = run_cli("render", "one", "one", str(tmp_path / "a.mp4"), *aws_flags, "--frames", "0-9")
    render_id = done.stderr.split()[1]
    assert "a.mp4" in done.stdout
    assert run_cli("progress", render_id, *aws_flags).stdout.startswith("100% done")
    assert render_id in run_cli("renders", "ls", "--provider", "aws").stdout
    run_cli("download", render_id, str(tmp_path / "b.mp4"))
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "a.mp4").read_bytes()
    run_cli("renders", "rm", render_id, "--yes", "--provider", "aws")
    assert run_cli("renders", "ls", "--quiet", "--provider", "aws").stdout.strip() == "()"
    missing = run_cli("cancel", render_id, *aws_flags, check=False)
    assert missing.returncode == 1
    assert "There is no render" in missing.stderr
    run_cli("sites", "rmall", "--yes")
    run_cli("functions", "rmall", "--yes")
    assert run_cli("functions", "ls", "--quiet").stdout.strip() == "()"


def test_policies_quotas_and_regions(account: TestAccount) -> None:
    assert json.loads(run_cli("policies", "user").stdout)["Statement"]
    assert "lambda:InvokeFunction" in run_cli("policies", "role").stdout
    assert "NO" not in run_cli("policies", "validate").stdout
    account.denied.add("iam:PassRole")
    refused = run_cli("policies", "validate", check=False)
    assert refused.returncode == 1
    assert "NO   iam:PassRole  (Role)" in refused.stdout
    assert "Concurrent executions in us-east-1: 4" in run_cli("quotas").stdout
    assert "5000" in run_cli("quotas", "increase").stdout
    assert "Requested: 5000" in run_cli("quotas").stdout
    again = run_cli("quotas", "increase", check=False)
    assert "is already open" in again.stderr
    assert "eu-central-1" in run_cli("regions").stdout
    assert "af-south-1" not in run_cli("regions", "--default-only").stdout


def test_the_doctor_runs_its_checks_on_the_account(account: TestAccount) -> None:
    missing = run_cli("doctor", "--aws", check=False)
    assert missing.returncode == 1
    assert "functions deploy" in missing.stdout
    run_cli("functions", "deploy", "--quiet")
    report = run_cli("doctor", "--aws", check=False).stdout
    lines = {line[4:].split(":")[0]: line for line in report.splitlines() if line[:2] in ("ok", "!!")}
    assert lines["concurrency"].startswith("!!"), "a quota of 4 is told"
    assert [name for name, line in lines.items() if line.startswith("!!")] == ["concurrency"], report
    assert "5 pieces" in lines["streaming"]
    assert "Runtime.ExitError" in report
    assert "an error after the first piece" in report
    assert "frames on demand" in lines["Chromium"]
    assert "40 frames by 4 functions" in lines["second render"]
