"""Errors of AWS: each has its own clear error, and leaves nothing behind."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import boto3
import pytest

import remotion_py as rp
from remotion_py.errors import (
    AwsError,
    BucketError,
    CredentialsError,
    FunctionNotFoundError,
    PermissionDeniedError,
    RenderInterruptedError,
    ServiceError,
)
from remotion_py.lambda_.keys import progress_key
from remotion_py.providers.aws.provider import AwsProvider
from remotion_py.testing import TestAccount

from .compare import decode, read_counter
from .conftest import LAB, REGION, wait_for

ONE = LAB.parent / "one"
TWO_CHUNKS: dict[str, Any] = {"frame_range": (0, 11), "concurrency": 2}
CONCURRENCY = 8
pytestmark = pytest.mark.usefixtures("fresh_functions")


@pytest.mark.parametrize("code", ["ExpiredTokenException", "ExpiredToken"])
def test_expired_credentials_differ_from_wrong_ones(remote: rp.Client, account: TestAccount, code: str) -> None:
    account.refuse("lambda:ListFunctions", code, "The security token included in the request is expired", status=403)
    with pytest.raises(CredentialsError, match="have expired"):
        remote.get_functions()
    account.refuse("lambda:ListFunctions", "UnrecognizedClientException", "The security token is invalid", status=403)
    with pytest.raises(CredentialsError, match="does not accept the credentials"):
        remote.get_functions()


def test_a_call_may_be_denied_or_time_out(remote: rp.Client, account: TestAccount) -> None:
    account.denied.add("lambda:InvokeFunction")
    with pytest.raises(PermissionDeniedError, match="lambda:InvokeFunction"):
        remote.render_still(LAB, "counter")
    account.denied.clear()
    account.refuse("lambda:InvokeFunction", "ExpiredTokenException", "expired", status=403)
    with pytest.raises(CredentialsError, match="have expired"):
        remote.start_render_media(LAB, "counter", frame_range=(0, 3))


def test_an_unknown_region_is_an_error(remote: rp.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(AwsError, match="Check the name of the region"):
            rp.Client("aws", region="eu-nowhere-1").get_functions()


def test_a_render_works_with_a_quota_of_ten(remote: rp.Client, account: TestAccount, tmp_path: Path) -> None:
    assert account.calls
    assert remote.get_quotas().concurrency == 10
    video = remote.render_media(LAB, "counter", output=tmp_path / "a.mp4", frame_range=(0, 29), concurrency=30)
    assert video.frames == 30


def test_a_function_of_another_protocol_is_refused(remote: rp.Client) -> None:
    name = remote.deploy_function(memory_size_in_mb=1024).function_name
    client = boto3.client("lambda")
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | {"REMOTION_PY_PROTOCOL": "99"}}
    )
    with pytest.raises(FunctionNotFoundError, match=r"speaks protocol 99.*Deploy it again"):
        rp.Client("aws", region=REGION, function_name=name).render_still(LAB, "counter")
    remote.delete_function(name)


def test_a_deleted_function_is_named(remote: rp.Client) -> None:
    name = remote.deploy_function(memory_size_in_mb=1024).function_name
    client = rp.Client("aws", region=REGION, function_name=name)
    client.get_compositions(ONE)
    remote.delete_function(name)
    with pytest.raises(FunctionNotFoundError, match="functions deploy"):
        client.get_compositions(ONE)


def test_buckets_of_other_accounts_and_regions_are_refused(remote: rp.Client, account: TestAccount) -> None:
    account.refuse("s3:CreateBucket", "BucketAlreadyExists", "The requested bucket name is not available.", status=409)
    with pytest.raises(BucketError, match="is in use"):
        remote.get_or_create_bucket(bucket_name="videos")
    boto3.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    with pytest.raises(BucketError, match=r"far-away is in eu-west-1"):
        remote.get_or_create_bucket(bucket_name="far-away")
    with pytest.raises(BucketError, match=r"far-away is in eu-west-1"):
        rp.Client("aws", region=REGION, bucket_name="far-away").render_still(LAB, "counter")


def test_a_new_role_is_awaited(remote: rp.Client, account: TestAccount) -> None:
    account.refuse(
        "lambda:CreateFunction",
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
        times=2,
    )
    deployed = remote.deploy_function(memory_size_in_mb=1536)
    assert not deployed.already_existed
    assert sum(call.action == "lambda:CreateFunction" for call in account.calls[-20:]) == 3
    remote.delete_function(deployed.function_name)


def test_a_failed_deployment_resumes(remote: rp.Client, account: TestAccount) -> None:
    account.refuse("lambda:CreateFunction", "AccessDeniedException", "not yet", status=403)
    with pytest.raises(PermissionDeniedError, match="CreateFunction"):
        remote.deploy_function(memory_size_in_mb=1792)
    again = remote.deploy_function(memory_size_in_mb=1792)
    assert not again.already_existed
    assert again.function_name in {found.function_name for found in remote.get_functions()}
    remote.delete_function(again.function_name)


def test_errors_of_lambda_are_retried_or_raised(remote: rp.Client, account: TestAccount) -> None:
    account.refuse("lambda:InvokeFunction", "ServiceException", "Internal error", status=500, times=2)
    assert remote.get_compositions(ONE)
    account.refuse("lambda:InvokeFunction", "ServiceException", "Internal error", status=500, times=4)
    with pytest.raises(ServiceError, match="try again later"):
        remote.get_compositions(ONE)
    account.refuse("s3:PutObject", "InternalError", "We encountered an internal error.", status=500, times=2)
    assert remote.render_still(LAB, "counter", frame=1)


def test_a_chunk_is_retried_if_its_stream_breaks(remote: rp.Client, account: TestAccount, tmp_path: Path) -> None:
    account.cut_streams = 1
    last: list[rp.RenderProgress] = []
    video = remote.render_media(LAB, "counter", output=tmp_path / "a.mp4", on_progress=last.append, **TWO_CHUNKS)
    assert account.cut_streams == 0
    assert [read_counter(frame) for frame in decode(video.path)] == list(range(12))
    assert len(last[-1].retries_info) == 1
    account.cut_streams = 1
    assert remote.render_still(LAB, "counter", frame=2).frame == 2


def test_a_dead_main_function_is_detected_by_its_missing_reports(
    remote: rp.Client, account: TestAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = rp.Client("aws", region=REGION)
    render = client.start_render_media(LAB, "slow", concurrency=2)
    wait_for(lambda: render.progress().lambdas_invoked)
    account.restart()
    monkeypatch.setattr(AwsProvider, "silent_s", 2.0)
    with pytest.raises(RenderInterruptedError, match="Start it again") as caught:
        render.wait()
    assert render.links
    assert caught.value.__notes__ == [f"Logs: {render.links.logs}"]
    assert client.get_render_progress(render.render_id).fatal_error_encountered


def test_an_event_that_is_delivered_twice_renders_once(remote: rp.Client, tmp_path: Path) -> None:
    video = remote.render_media(LAB, "counter", output=tmp_path / "a.mp4", frame_range=(0, 3))
    name = remote.get_functions()[0]
    s3, key = boto3.client("s3"), {"Bucket": name.bucket_name, "Key": progress_key(video.render_id)}
    before = s3.get_object(**key)["Body"].read()
    event = {"type": "launch", "renderId": video.render_id, "bucketName": name.bucket_name}
    event |= {"serveUrl": str(LAB), "composition": "counter"}
    answer = boto3.client("lambda").invoke(FunctionName=name.function_name, Payload=json.dumps(event))
    assert json.loads(answer["Payload"].read()) == {}
    assert s3.get_object(**key)["Body"].read() == before


def test_results_have_links_to_their_logs(remote: rp.Client) -> None:
    still = remote.render_still(LAB, "counter")
    name = remote.get_functions()[0]
    assert still.links
    assert still.links.logs == (
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/"
        f"$252Faws$252Flambda$252F{name.function_name}/log-events$3FfilterPattern$3D$2522{still.render_id}$2522"
    )
    assert f"/s3/buckets/{name.bucket_name}?region=us-east-1&prefix=renders/{still.render_id}/" in still.links.folder


def test_the_renderer_function_and_the_storage_class_are_options(
    remote: rp.Client, account: TestAccount, tmp_path: Path
) -> None:
    smaller = remote.deploy_function(memory_size_in_mb=1024)
    main = next(one for one in remote.get_functions() if one.function_name != smaller.function_name)
    client = rp.Client("aws", region=REGION, function_name=main.function_name)
    before = len(account.calls)
    video = client.render_media(
        LAB,
        "counter",
        output=tmp_path / "a.mp4",
        renderer_function_name=smaller.function_name,
        storage_class="STANDARD_IA",
        **TWO_CHUNKS,
    )
    invoked = [call.resource.rpartition(":")[2] for call in account.calls[before:] if "Invoke" in call.action]
    assert invoked.count(smaller.function_name) == 2
    (kept,) = boto3.client("s3").list_objects_v2(Bucket=main.bucket_name, Prefix=f"renders/{video.render_id}/out")[
        "Contents"
    ]
    assert kept["StorageClass"] == "STANDARD_IA"
    remote.delete_function(smaller.function_name)


def test_a_function_may_run_in_a_vpc(remote: rp.Client) -> None:
    name = remote.deploy_function(
        memory_size_in_mb=1280, vpc_subnet_ids=["subnet-1"], vpc_security_group_ids=["sg-1"]
    ).function_name
    vpc = boto3.client("lambda").get_function_configuration(FunctionName=name)["VpcConfig"]
    assert (vpc["SubnetIds"], vpc["SecurityGroupIds"]) == (["subnet-1"], ["sg-1"])
    remote.delete_function(name)
