"""The ecosystem's wire: Remotion's own Python client drives our function; and webhooks as Remotion signs them."""

from __future__ import annotations

import asyncio
import http.server
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import remotion_lambda as official
import remotion_lambda.webhook as official_webhook
from remotion_lambda.exception import RemotionRenderingOutputError

import remotion_py as rp
from remotion_py.errors import FunctionError, OptionError, RenderError, RenderNotFoundError
from remotion_py.lambda_ import webhook
from remotion_py.lambda_.roles.dispatch import check_protocol
from remotion_py.providers.functions import BotoFunctions
from remotion_py.testing import aws

from .compare import decode, mismatches, read_counter
from .conftest import LAB
from .patience import PATIENCE_S


def test_the_official_client_can_invoke_our_function(tmp_path: Path) -> None:
    with aws(concurrency=2):
        ours = rp.Client("aws")
        function, site = ours.deploy_function(), ours.deploy_site(LAB, site_name="lab")
        client = official.RemotionClient("us-east-1", site.serve_url, function.function_name)
        wanted = {"composition": "counter", "input_props": {}, "privacy": official.Privacy.PRIVATE}
        started = client.render_media_on_lambda(
            official.RenderMediaParams(**wanted, codec="h264", frame_range=[0, 9], concurrency=2)
        )
        assert started
        deadline = time.monotonic() + PATIENCE_S
        while not (progress := client.get_render_progress(started.render_id, started.bucket_name)).done:
            assert not progress.fatalErrorEncountered, progress.errors
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert progress.overallProgress == 1
        ours.download_media(started.render_id, tmp_path / "a.mp4")
        assert [read_counter(frame) for frame in decode(tmp_path / "a.mp4")] == list(range(10))

        still = client.render_still_on_lambda(official.RenderStillParams(**wanted, image_format="png", frame=3))
        assert still
        assert still.size_in_bytes > 100
        assert still.bucket_name == function.bucket_name
        with pytest.raises(RemotionRenderingOutputError, match="has no composition 'nothing'"):
            client.render_still_on_lambda(
                official.RenderStillParams(**(wanted | {"composition": "nothing"}), image_format="png")
            )


def test_outputs_can_go_to_other_buckets_and_stores(tmp_path: Path) -> None:
    with aws(concurrency=2) as account:
        client = rp.Client("aws")
        client.deploy_function()
        other = client.get_or_create_bucket(bucket_name="remotion-py-other").bucket_name
        s3 = client.get_aws_client("s3")
        place = {"bucketName": other, "key": "videos/a.mp4"}
        options: dict[str, Any] = {"frame_range": (0, 4), "delete_after": "1-day"}
        video = client.render_media(LAB, "counter", out_name=place, download_behavior="download", **options)
        assert video.file is None
        assert video.render_id.startswith("1-day-")
        written = s3.head_object(Bucket=other, Key="videos/a.mp4")
        assert written["ContentLength"] == video.size
        assert written["ContentDisposition"] == "attachment"
        assert written["ContentType"] == "video/mp4"
        with pytest.raises(rp.RemotionPyError, match="exists already"):
            client.render_media(LAB, "counter", out_name=place, overwrite=False, **options)
        keys = {"accessKeyId": "testing", "secretAccessKey": "testing", "endpoint": account.url}
        elsewhere = place | {"key": "b.png", "s3OutputProvider": keys | {"forcePathStyle": True}}
        client.render_still(LAB, "counter", out_name=elsewhere)
        assert s3.head_object(Bucket=other, Key="b.png")["ContentLength"] > 100
        with pytest.raises(OptionError, match="exclude each other"):
            client.render_still(LAB, "counter", out_name=place, output=tmp_path / "a.png")


def test_large_chunks_go_through_the_bucket(client: rp.Client, tmp_path: Path) -> None:
    options: dict[str, Any] = {"frame_range": (0, 11), "concurrency": 2}
    here = client.render_media(LAB, "counter", output=tmp_path / "a.mp4", **options)
    with aws(concurrency=2, environment={"REMOTION_PY_STREAM_BYTES": "100"}) as account:
        remote = rp.Client("aws")
        remote.deploy_function()
        large = remote.render_media(LAB, "counter", output=tmp_path / "b.mp4", **options)
        chunks = Counter(call.action for call in account.calls if "/chunks/" in call.resource)
        with pytest.raises(OptionError, match="already open"), aws():
            pass
    assert chunks["s3:PutObject"] == chunks["s3:DeleteObject"] == 2
    assert mismatches(list(decode(large.path)), list(decode(here.path))) == []


class _Listener(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[dict[str, str], bytes]]
    refusals: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = type(self)
        kind.seen.append((dict(self.headers.items()), body))
        refused, kind.refusals = kind.refusals > 0, kind.refusals - 1
        self.send_response(503 if refused else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[tuple[str, type[_Listener]]]:
    handler = type("Handler", (_Listener,), {"seen": [], "refusals": 0})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_is_signed_over_the_bytes_that_arrive(
    client: rp.Client, listener: tuple[str, type[_Listener]]
) -> None:
    url, handler = listener
    handler.refusals = 2
    told = {"webhook": url, "webhook_secret": "geheim", "webhook_custom_data": {"für": "Zoë"}}
    video = client.render_media(LAB, "counter", frame_range=(0, 4), **told)
    deadline = time.monotonic() + PATIENCE_S
    while len(handler.seen) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    headers, body = handler.seen[-1]
    content = json.loads(body)
    assert (content["type"], content["renderId"]) == ("success", video.render_id)
    assert content["customData"] == {"für": "Zoë"}
    assert headers["X-Remotion-Status"] == "success"
    signature = headers["X-Remotion-Signature"]
    rp.validate_webhook_signature("geheim", body, signature)
    official_webhook.validate_webhook_signature("geheim", body.decode(), signature)
    for wrong in (None, "NO_SECRET_PROVIDED", signature[:-1] + "x"):
        with pytest.raises(OptionError, match=r"not signed|does not match"):
            rp.validate_webhook_signature("geheim", body, wrong)
    with pytest.raises(OptionError, match="does not match"):
        rp.validate_webhook_signature("geheim", body + b" ", signature)


def test_the_webhook_of_a_failed_render_has_the_reason(
    client: rp.Client, listener: tuple[str, type[_Listener]]
) -> None:
    url, handler = listener
    with pytest.raises(rp.RemotionPyError):
        client.render_media(LAB, "throws", webhook=url)
    deadline = time.monotonic() + PATIENCE_S
    while not handler.seen:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    headers, body = handler.seen[0]
    assert headers["X-Remotion-Signature"] == "NO_SECRET_PROVIDED"
    content = json.loads(body)
    assert content["type"] == "error"
    assert content["errors"][0]["message"]


def test_a_failed_webhook_does_not_fail_the_render(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSES_S", (0.0, 0.0))
    with pytest.raises(rp.RemotionPyError, match="render itself is not affected"):
        asyncio.run(webhook.send_webhook({"url": "http://127.0.0.1:9/"}, "success", {}))


def test_versions_may_differ_but_not_protocols() -> None:
    check_protocol({"version": "99.0.0"})
    with pytest.raises(FunctionError, match="functions deploy"):
        check_protocol({"version": "99.0.0", "protocol": 99})


def test_an_official_function_gets_the_fields_that_its_own_client_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields and defaults are compared with what the official client serializes."""
    sent: list[dict[str, Any]] = []

    async def invoke(self: BotoFunctions, name: str, payload: dict[str, Any]) -> Any:
        assert name == "remotion-render-4-0-527-mem2048mb-disk2048mb-240sec"
        sent.append(payload)
        return {"type": "success", "renderId": "abc", "bucketName": payload["bucketName"]}

    monkeypatch.setattr(BotoFunctions, "invoke", invoke)
    with aws():
        bucket = rp.Client("aws").get_or_create_bucket().bucket_name
        name = "remotion-render-4-0-527-mem2048mb-disk2048mb-240sec"
        client = rp.Client("aws", function_name=name, bucket_name=bucket)
        with pytest.raises(RenderNotFoundError):
            client.start_render_media("https://example.com/site", "hello", codec="h264").wait()
    theirs = official.RenderMediaParams(composition="hello", codec="h264", force_path_style=False).serialize_params()
    (ours,) = sent
    assert ours["version"] == "4.0.527"
    assert set(theirs) - set(ours) == set()
    different = {key for key in theirs if json.dumps(theirs[key], default=vars) != json.dumps(ours[key])}
    own = {"serveUrl", "inputProps", "bucketName", "version", "privacy", "overwrite"}  # ours, or private by default
    assert different - own == {"scale", "chromiumOptions", "colorSpace"}
    same = {"imageFormat": "jpeg", "scale": 1, "colorSpace": "default"}
    assert {key: ours[key] for key in same} == same
    assert not any(ours["chromiumOptions"].values())


def test_an_error_object_of_an_official_function_is_an_error() -> None:
    class Refusing:
        def invoke(self, **_: Any) -> dict[str, Any]:
            return {"Payload": io.BytesIO(b'{"type": "error", "message": "Incompatible site", "stack": ""}')}

    with pytest.raises(RenderError, match="Incompatible site"):
        asyncio.run(BotoFunctions(Refusing).invoke("remotion-render", {}))
