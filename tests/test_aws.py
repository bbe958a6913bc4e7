"""A whole render on AWS's pipeline: deployed, invoked, streamed and stored on a test account on this machine."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import pytest

import remotion_py as rp
from remotion_py._runtime import background
from remotion_py.errors import (
    BucketError,
    CredentialsError,
    FunctionNotFoundError,
    OptionError,
    OutputError,
    PermissionDeniedError,
    RenderNotFoundError,
    SiteNotFoundError,
)
from remotion_py.providers.aws import package
from remotion_py.providers.aws.policies import IMPLICIT, ROLE_STATEMENTS, USER_STATEMENTS
from remotion_py.testing import TestAccount

from . import oracle
from .compare import decode, mismatches, read_counter
from .conftest import LAB, REGION, ROOT

CONCURRENCY = 2
pytestmark = pytest.mark.usefixtures("fresh_functions")


def test_a_video_is_rendered_and_downloaded(remote: rp.Client, client: rp.Client, tmp_path: Path) -> None:
    options = {"frame_range": (0, 11), "concurrency": 2}
    seen: list[rp.RenderProgress] = []
    video = remote.render_media(LAB, "counter", output=tmp_path / "a.mp4", on_progress=seen.append, **options)
    here = client.render_media(LAB, "counter", output=tmp_path / "b.mp4", **options)
    frames = list(decode(video.path))
    assert mismatches(frames, list(decode(here.path))) == []
    assert [read_counter(frame) for frame in frames] == list(range(12))
    assert seen[-1].done
    assert video.cost == pytest.approx(seen[-1].cost)
    assert 0 < video.cost < 0.01
    assert here.cost is None
    assert video.url
    assert remote.download_media(video.render_id, tmp_path / "c.mp4").path.read_bytes() == video.path.read_bytes()
    assert video.render_id in {entry.render_id for entry in remote.list_renders()}
    assert remote.delete_render(video.render_id) > video.size
    with pytest.raises(RenderNotFoundError, match="renders ls"):
        remote.delete_render(video.render_id)


def test_renders_with_unreadable_documents_are_deleted_too(remote: rp.Client) -> None:
    background.run(remote._engine.provider.open())
    store = remote._engine.provider.store
    damaged = {"cut": b'{"timeout', "odd": b'{"postRenderData": 7}', "lost": None}
    for render_id, document in damaged.items():
        background.run(store.put(f"renders/{render_id}/out.mp4", b"video"))
        if document:
            background.run(store.put(f"renders/{render_id}/progress.json", document))
    for render_id, document in damaged.items():
        assert remote.delete_render(render_id) == 5 + len(document or b"")


def test_a_render_continues_without_its_client_and_another_client_attaches(remote: rp.Client, tmp_path: Path) -> None:
    output = tmp_path / "a.mp4"
    started = remote.start_render_media(LAB, "counter", output=output, frame_range=(0, 11), detach=True)
    later = rp.Client("aws", region=REGION)
    video = later.attach(started.render_id).wait()
    assert (video.path, video.frames) == (output, 12)
    (listed,) = [item for item in later.renders() if item.render_id == started.render_id]
    assert (listed.state, listed.composition, listed.output) == ("done", "counter", output)
    assert listed.progress.cost
    assert later.attach(started.render_id).wait().path == output
    assert started.wait() == video


def test_a_still_may_stay_in_the_bucket(remote: rp.Client) -> None:
    still = remote.render_still(LAB, "counter", frame=3)
    assert still.file is None
    assert still.url
    assert still.url in str(still)
    with pytest.raises(OutputError, match="is only in its bucket"):
        _ = still.path


def test_large_props_go_through_the_bucket_once(remote: rp.Client, account: TestAccount) -> None:
    before = len(account.calls)
    props = {"text": "x" * 400_000}
    for _ in range(2):
        remote.render_still(LAB, "counter", props=props)
    written = [call.action for call in account.calls[before:] if "/input-props/" in call.resource]
    assert written.count("s3:PutObject") == 1


def test_only_changed_files_of_a_site_are_uploaded(remote: rp.Client, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for path in (LAB.parent / "one").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "old.txt").write_text("old")
    first = remote.deploy_site(folder, site_name="mine")
    again = remote.deploy_site(folder, site_name="mine")
    assert (again.uploaded, again.deleted, again.unchanged) == (0, 0, first.uploaded)
    (folder / "old.txt").unlink()
    (folder / "new.txt").write_text("new")
    third = remote.deploy_site(folder, site_name="mine")
    assert (third.uploaded, third.deleted) == (1, 1)
    assert {item.id for item in remote.get_compositions("mine")} == {
        item.id for item in remote.get_compositions(third.serve_url)
    }
    assert "mine" in {site.site_name for site in remote.get_sites()}
    assert remote.delete_site("mine") > 0
    with pytest.raises(SiteNotFoundError, match="sites ls"):
        remote.delete_site("mine")
    with pytest.raises(SiteNotFoundError, match="sites create"):
        remote.get_compositions("mine")


def test_a_project_is_bundled_with_its_own_bundler(remote: rp.Client) -> None:
    project = oracle.workspace(ROOT / "examples" / "remotion-hello", "deployed")
    site = remote.deploy_site(project, site_name="bundled")
    assert "hello" in {found.id for found in remote.get_compositions(site.serve_url)}
    (project / "src" / "index.ts").write_text("import './nothing';")
    with pytest.raises(SiteNotFoundError, match=r"npx remotion bundle.*failed"):
        remote.deploy_site(project, site_name="bundled")


def test_a_second_deployment_reuses_the_first(remote: rp.Client) -> None:
    again = remote.deploy_function()
    assert again.already_existed
    (found,) = remote.get_functions(compatible_only=True)
    assert found.function_name == again.function_name
    info = remote.get_function_info(found.function_name)
    assert info.version == rp.__version__
    assert info.bucket_name == again.bucket_name


def test_throttled_calls_are_retried(remote: rp.Client, account: TestAccount) -> None:
    account.throttled = 3
    assert remote.render_still(LAB, "counter").frame == 0
    assert account.throttled == 0


def test_a_denied_action_is_named_with_its_policy_statement(remote: rp.Client, account: TestAccount) -> None:
    account.denied.add("s3:ListBucket")
    with pytest.raises(PermissionDeniedError, match="s3:ListBucket") as caught:
        remote.get_sites(bucket_name=remote.get_functions()[0].bucket_name)
    assert "'Bucket' of the user policy" in str(caught.value)
    account.denied.clear()
    account.denied.add("lambda:ListFunctions")
    with pytest.raises(PermissionDeniedError, match="'ListFunctions' of the user policy"):
        remote.get_functions()
    simulated = {item.action: item.allowed for item in remote.simulate_permissions()}
    assert not simulated["lambda:ListFunctions"]
    assert simulated["lambda:CreateFunction"]


def test_quotas_can_be_read_and_increased(remote: rp.Client) -> None:
    assert remote.get_quotas().concurrency == 4
    assert remote.increase_quota() == 5000
    assert remote.get_quotas().requested == 5000


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"function_name": "remotion-py-nothing"}, FunctionNotFoundError, "functions deploy"),
        ({"region": "eu-west-1"}, FunctionNotFoundError, "no function of remotion_py in eu-west-1"),
        ({"bucket_name": "remotion-py-nowhere"}, BucketError, "no bucket remotion-py-nowhere"),
        ({"capacity": 3}, OptionError, "capacity belongs to the provider 'local'"),
    ],
)
def test_invalid_settings_are_refused_before_any_work(
    remote: rp.Client, settings: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        rp.Client("aws", **({"region": REGION} | settings)).render_still(LAB, "counter")


def test_missing_credentials_name_the_next_step(remote: rp.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CredentialsError, match="aws configure"):
        rp.Client("aws", region=REGION).get_functions()


def test_the_docs_explain_every_statement() -> None:
    text = (ROOT / "docs" / "aws.md").read_text()
    for statement in (*USER_STATEMENTS, *ROLE_STATEMENTS):
        actions = ", ".join(f"`{action}`" for action in statement.actions)
        assert f"| `{statement.sid}` | {actions} | {statement.why} |" in text


def test_policies_are_json_that_names_the_partition() -> None:
    for text in (rp.get_user_policy("aws-cn"), rp.get_role_policy("aws-cn")):
        resources = [one for statement in json.loads(text)["Statement"] for one in statement["Resource"]]
        assert all(one == "*" or one.startswith("arn:aws-cn:") for one in resources)


def test_calls_and_policies_are_the_same(remote: rp.Client, account: TestAccount, tmp_path: Path) -> None:
    """Every call is granted, and nothing is granted that no call needs; layers are seen in test_lambda_tree."""
    video = remote.render_media(LAB, "counter", output=tmp_path / "a.mp4", frame_range=(0, 11), concurrency=2)
    remote.delete_render(video.render_id)
    remote.deploy_site(LAB, site_name="open", privacy="public")
    remote.delete_site("open")
    remote.get_or_create_bucket(bucket_name="remotion-py-another")
    remote.simulate_permissions()
    remote.get_quotas()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "WRAPPER", package.WRAPPER + "# changed\n")
        name = remote.deploy_function(timeout_in_seconds=60).function_name
    remote.deploy_function(timeout_in_seconds=60)
    remote.delete_function(name)
    used = {(call.by_function, call.action) for call in account.calls}
    used |= {(True, "s3:DeleteObject")}  # of test_large_chunks_go_through_the_bucket
    for by_function, statements in ((True, ROLE_STATEMENTS), (False, USER_STATEMENTS)):
        granted = {action for statement in statements for action in statement.actions}
        layers = {"lambda:ListLayerVersions", "lambda:PublishLayerVersion"}
        asked = {"servicequotas:RequestServiceQuotaIncrease"}  # of test_quotas_can_be_read_and_increased
        unused = granted - IMPLICIT - layers - asked - {action for whose, action in used if whose is by_function}
        assert unused == set()
    for call in account.calls:
        if call.action == "sts:GetCallerIdentity":  # needs no permission
            continue
        granted = [
            statement
            for statement in (ROLE_STATEMENTS if call.by_function else USER_STATEMENTS)
            if call.action in statement.actions
            and any(
                fnmatch.fnmatchcase(call.resource, resource.replace("{partition}", "aws"))
                for resource in statement.resources
            )
        ]
        assert granted or call.resource.endswith("remotion-py-nowhere"), call
