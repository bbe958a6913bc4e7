"""Secrets are neither displayed nor stored: not in the call that repeats a render, nor in errors, nor by `ps`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import remotion_py as rp
from remotion_py._client.reproduce import called_as, command_of, command_writer, is_secret
from remotion_py.cli.environment import parse_env, process_variables, read_env_file
from remotion_py.cli.options import given, render_options
from remotion_py.errors import FunctionError, OptionError
from remotion_py.lambda_.destination import destination
from remotion_py.lambda_.payload import StartPayload
from remotion_py.options.option import check_options
from remotion_py.options.renders import RenderFramesOptions, RenderMediaOptions
from remotion_py.providers.functions import BotoFunctions, without_addresses

from .conftest import LAB

SECRETS: dict[str, Any] = {
    "webhook_secret": "canary-secret",
    "env_variables": {"API_KEY": "canary-key"},
    "out_name": {"bucketName": "b", "key": "k", "s3OutputProvider": {"secretAccessKey": "canary-access"}},
}


def test_the_call_that_repeats_a_render_names_secrets_only() -> None:
    call = command_of("client.render_media", "site", "a", SECRETS | {"crf": 20}, longest=100_000)
    assert call.splitlines()[3:] == [
        "    webhook_secret=webhook_secret,",
        "    env_variables=env_variables,",
        "    out_name=out_name,",
        "    crf=20,",
        ")",
    ]
    assert "canary" not in command_writer("client.render_media", "site", "a", SECRETS)("{}")
    token = called_as.set("%%render --webhook-secret canary-secret")
    try:
        assert "canary" not in command_of("client.render_media", "site", "a", SECRETS)
        assert command_of("client.render_media", "site", "a", {"crf": 20}).startswith("%%render")
    finally:
        called_as.reset(token)


def test_values_that_are_not_secret_are_written() -> None:
    assert not is_secret("out_name", "a.mp4")
    assert not is_secret("env_variables", {})
    assert not is_secret("props", {"a": 1})
    assert command_of("r", "s", "a", {"out_name": "a.mp4", "env_variables": {}}).endswith(
        "out_name='a.mp4', env_variables={})"
    )


@pytest.mark.parametrize(
    "options",
    [{"webhook_secret": {"canary": ", but not"}}, {"env_variables": {"A": ["canary"]}}, {"env_variables": "canary"}],
)
def test_errors_about_secrets_do_not_display_them(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="is not displayed, as it may hold a secret, but must be") as failure:
        check_options(RenderMediaOptions, options)
    assert "canary" not in str(failure.value)


def test_an_incomplete_out_name_is_refused_without_its_keys() -> None:
    place = {"key": "k", "s3OutputProvider": {"x": "canary"}}
    payload = StartPayload(serve_url="u", composition="c", render_id="r", bucket_name="b", out_name=place)
    with pytest.raises(OptionError, match="contains key, s3OutputProvider, but must be") as failure:
        destination(payload, "mp4")
    assert "canary" not in str(failure.value)


def test_no_secret_is_stored_with_a_render(client: rp.Client, tmp_path: Path) -> None:
    secrets = {name: SECRETS[name] for name in ("webhook_secret", "env_variables")}
    video = client.render_media(LAB, "counter", props={"frames": 2}, output=tmp_path / "a.mp4", **secrets)
    store = Path(os.environ["REMOTION_PY_STORE"])
    files = [path for path in store.rglob("*") if path.is_file() and video.render_id in str(path)]
    assert {"record.json", "progress.json"} <= {path.name for path in files}
    assert [path for path in files if b"canary" in path.read_bytes()] == []
    assert "canary" not in str([render.command for render in client.renders()])


def test_addresses_of_endpoints_are_not_in_errors() -> None:
    import botocore.exceptions as boto

    class Unreachable:
        def invoke(self, **_: Any) -> Any:
            raise boto.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/canary-token/x")

    assert without_addresses('at "https://a.b/c?d": no') == "at its address: no"
    functions = BotoFunctions(Unreachable)
    with pytest.raises(FunctionError, match="cannot be reached: Could not connect to the endpoint URL") as failure:
        functions._call("invoke", "f", {})
    assert "canary" not in str(failure.value)
    assert failure.value.__cause__ is None


ENV_FILE = """
# a comment
PLAIN=value
export SPACED = some words  # and a comment
EMPTY=
SINGLE='a # b\\n $X'
DOUBLE="a # b\\n\\"c\\""
SEVERAL="one
two"
DASHED-name.x=1
PLAIN=again
HASH=a#b
"""


def test_files_of_variables_are_read() -> None:
    assert parse_env(ENV_FILE) == {
        "PLAIN": "again",
        "SPACED": "some words",
        "EMPTY": "",
        "SINGLE": "a # b\\n $X",
        "DOUBLE": 'a # b\n"c"',
        "SEVERAL": "one\ntwo",
        "DASHED-name.x": "1",
        "HASH": "a",
    }
    assert parse_env("") == {}
    assert parse_env("A=1\r\nB='x'\r\n") == {"A": "1", "B": "x"}


@pytest.mark.parametrize("text", ["canary", "A=1\n= canary", 'A="canary', "1A=canary"])
def test_lines_without_an_assignment_are_named_by_number(text: str) -> None:
    with pytest.raises(OptionError, match=r"Line \d of --env-file x is not an assignment") as failure:
        parse_env(text, "x")
    assert "canary" not in str(failure.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"A=\xff")
    (tmp_path / "marked").write_bytes("A=1".encode("utf-16-le"))
    for path, words in {
        tmp_path / "bad": "bad is not UTF-8: byte 0xff at offset 2",
        tmp_path / "marked": "marked contains a zero byte at offset 1, so it is UTF-16 without a byte order mark",
        tmp_path / "none": "none cannot be read",
        tmp_path: "cannot be read",
        "~nobody-at-all/x": "begins with a user who has no home folder on this machine",
    }.items():
        for name, option in (("env_file", read_env_file), ("webhook_secret_file", None)):
            with pytest.raises(OptionError, match=words):
                option(str(path)) if option else given(RenderMediaOptions, {name: str(path)})


def test_files_of_powershell_are_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=ü\r\nB='x'\r\n", encoding="utf-16", newline="")
    assert read_env_file(str(tmp_path / ".env")) == {"A": "ü", "B": "x"}
    (tmp_path / "secret").write_text("geheim\r\n", encoding="utf-16", newline="")
    values = {"webhook_secret_file": str(tmp_path / "secret")}
    assert given(RenderMediaOptions, values)["webhook_secret"] == "geheim"


def test_variables_of_remotion_are_passed_on_and_credentials_are_not() -> None:
    environment = {
        "REMOTION_TITLE": "a",
        "REMOTION_PY_STORE": "no",
        "REMOTION_AWS_SECRET_ACCESS_KEY": "no",
        "REMOTION_GCP_PRIVATE_KEY": "no",
        "AWS_SECRET_ACCESS_KEY": "no",
        "HOME": "no",
    }
    assert process_variables(environment) == {"REMOTION_TITLE": "a"}


def test_the_command_line_takes_secrets_from_files_and_the_environment(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    @click.command()
    @render_options(RenderMediaOptions)
    def command(**values: Any) -> None:
        seen.append(given(RenderMediaOptions, values))

    (tmp_path / ".env").write_text("A=file\nB=file\nREMOTION_C=file\n")
    (tmp_path / "secret").write_text("from a file\n")
    arguments = ["--env-file", str(tmp_path / ".env"), "--env", "B=flag", "--webhook-secret-file", f"{tmp_path}/secret"]
    environment = {"REMOTION_C": "process", "REMOTION_D": "process", "REMOTION_PY_WEBHOOK_SECRET": None}
    done = CliRunner(env=environment).invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    variables = seen[0]["env_variables"]
    wanted = {"A": "file", "B": "flag", "REMOTION_C": "file", "REMOTION_D": "process"}
    assert wanted.items() <= variables.items()
    assert not [name for name in variables if name.startswith("REMOTION_PY_")]
    assert seen[0]["webhook_secret"] == "from a file"

    environment = {"REMOTION_PY_WEBHOOK_SECRET": "by environment", "REMOTION_PY_WEBHOOK": "https://example.com/"}
    CliRunner(env=environment).invoke(command, [], catch_exceptions=False)
    assert seen[1]["webhook_secret"] == "by environment"
    assert "webhook" not in seen[1], "an exported address would be called by every render"


def test_commands_without_webhooks_take_no_file_for_one() -> None:
    @click.command()
    @render_options(RenderFramesOptions)
    def command(**_: Any) -> None: ...

    assert "--env-file" in CliRunner().invoke(command, ["--help"]).output
    assert "--webhook-secret-file" not in CliRunner().invoke(command, ["--help"]).output
