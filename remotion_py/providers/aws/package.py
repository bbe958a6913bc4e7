"""The function package: our code in a zip, and layers with the packs and libraries, built with plain Python.

Archives with equal content are equal byte for byte, so they can be named by their hash and reused.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import platformdirs

from ...errors import PackageError
from .packs import SUFFIX
from .registries import Part, download, read_lock

RECIPE = 1
"""Raised when what is made of the same parts changes."""
LEVEL = 12
UNZIPPED_LIMIT = 262_144_000
"""Of the function and its layers together; source: AWS, Lambda quotas."""
ZIP_LIMIT = 52_428_800
"""Of a zip that is uploaded directly; larger ones go through S3."""
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
_FONT_STYLES = ("400Regular", "400Regular_Italic", "700Bold", "700Bold_Italic")
_UNNEEDED = ("tests", "test", "__pycache__")
_BOTO_SERVICES = ("s3", "lambda", "sts")
"""The function talks to these; botocore carries the models of 400 others, 20 MB."""

LAYERS = {
    "browser": ("chromium", "fonts"),
    "driver": ("playwright",),
    "media": ("ffmpeg", "av"),
    "libraries": ("libraries",),
}
"""What lies together in a layer; a function takes five, so one is left for the user's own."""
CJK_LAYER = {"cjk": ("fonts-cjk",)}

OnStep = Callable[[str], Any]


def no_step(step: str) -> None:
    """Report nothing."""
    del step


@dataclass(frozen=True)
class Archive:
    """A zip of the package.

    Attributes:
        name: "function", or the name of a layer.
        path: The zip.
        sha256: Of its bytes, hexadecimal.
        zipped: Its size in bytes.
        unzipped: The size of its content in bytes.
    """

    name: str
    path: Path
    sha256: str
    zipped: int
    unzipped: int


@dataclass(frozen=True)
class Package:
    """All zips of a function.

    Attributes:
        function: The zip with our code.
        layers: The layers.
    """

    function: Archive
    layers: tuple[Archive, ...]

    @property
    def unzipped(self) -> int:
        """Bytes of all together, which Lambda limits."""
        return sum(archive.unzipped for archive in (self.function, *self.layers))

    def table(self) -> str:
        """Return the sizes against Lambda's limit, as lines of text."""
        rows = [f"{item.name:<12}{item.zipped / 1e6:>10.1f}{item.unzipped / 1e6:>12.1f}" for item in self.archives]
        head = f"{'':<12}{'zipped MB':>10}{'unzipped MB':>12}"
        total = f"{'together':<12}{sum(item.zipped for item in self.archives) / 1e6:>10.1f}{self.unzipped / 1e6:>12.1f}"
        return "\n".join([head, *rows, total, f"{'limit':<22}{UNZIPPED_LIMIT / 1e6:>12.1f}"])

    @property
    def archives(self) -> tuple[Archive, ...]:
        """The function and its layers."""
        return self.function, *self.layers


def package_cache() -> Path:
    """Return the folder that keeps downloads, packs and zips: below `REMOTION_PY_CACHE`, or in the user's cache."""
    return Path(os.environ.get("REMOTION_PY_CACHE") or platformdirs.user_cache_dir("remotion-py")) / "package"


def build_package(
    *, architecture: str = "x86_64", cjk_fonts: bool = False, cache: Path | None = None, on_step: OnStep | None = None
) -> Package:
    """Build what is not built yet.

    Args:
        architecture: "x86_64".
        cjk_fonts: Add a layer with Noto Sans for Chinese, Japanese and Korean, regular and bold.
        cache: Where downloads and zips are kept; None for `package_cache()`.
        on_step: Called with what is being done.

    Raises:
        PackageError: A part is not available, or the package is larger than Lambda takes.
    """
    cache = cache or package_cache()
    step = on_step or no_step
    parts = read_lock(architecture)
    layers = LAYERS | (CJK_LAYER if cjk_fonts else {})
    if os.environ.get("REMOTION_PY_LAYERS") == "none":  # a test account runs the installed package
        layers = {}
    built = [_layer(name, packs, parts, cache, architecture, step) for name, packs in layers.items()]
    package = Package(_function(cache), tuple(built))
    check_size(package)
    return package


def check_size(package: Package) -> None:
    """Refuse a package that Lambda would refuse, before it is uploaded.

    Raises:
        PackageError: With the size of each part.
    """
    if package.unzipped > UNZIPPED_LIMIT:
        raise PackageError(
            f"The function with its layers has {package.unzipped / 1e6:.1f} MB, but Lambda takes "
            f"{UNZIPPED_LIMIT / 1e6:.1f} MB. Remove the layers that you added.\n{package.table()}"
        )


def _layer(
    name: str, packs: tuple[str, ...], parts: list[Part], cache: Path, architecture: str, step: OnStep
) -> Archive:
    wanted = [part for part in parts if part.pack in packs]
    key = hashlib.sha256(repr((RECIPE, LEVEL, architecture, packs, wanted)).encode()).hexdigest()[:16]
    target = cache / "layers" / f"{name}-{key}.zip"
    if not target.exists():
        step(f"downloading the parts of the layer {name}")
        found = download(wanted, cache / "downloads", architecture)
        step(f"packing the layer {name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="remotion-py-layer-", dir=target.parent) as temp:
            root = Path(temp)
            for pack in packs:
                _make_pack(pack, {part: path for part, path in found.items() if part.pack == pack}, root)
            partial = root.with_suffix(".partial")
            _zip(_tree(root), partial, compress=name == "libraries")
        partial.replace(target)
    return _archive(name, target)


def _make_pack(pack: str, found: dict[Part, Path], root: Path) -> None:
    if pack == "libraries":
        for path in found.values():
            _unzip(path, root / "python", keep=_library_file)
        return
    with tempfile.TemporaryDirectory(prefix="remotion-py-pack-", dir=root.parent) as temp:
        folder = Path(temp)
        for part, path in found.items():
            _MAKERS[pack.partition("-")[0]](part, path, folder)
        content = folder.with_suffix(".tar.zst")
        _compress(folder, content)
        with content.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        (root / "packs").mkdir(exist_ok=True)
        shutil.move(content, root / "packs" / f"{pack}-{digest}{SUFFIX}")


def _chromium(part: Part, path: Path, folder: Path) -> None:
    """Chromium, SwiftShader beside it as it looks for it there, and the system libraries that Lambda lacks."""
    import brotli

    del part
    with tarfile.open(path) as tar:
        packed = {Path(member.name).name: member for member in tar.getmembers() if "/bin/" in member.name}

        def unpacked(name: str) -> bytes:
            file = tar.extractfile(packed[name])
            assert file
            return brotli.decompress(file.read())

        binary = folder / "headless_shell"
        binary.write_bytes(unpacked("chromium.br"))
        binary.chmod(0o755)
        _untar(unpacked("swiftshader.tar.br"), folder)
        _untar(unpacked("al2023.tar.br"), folder / "system")
    libraries = folder / "lib"
    libraries.mkdir()
    for library in (folder / "system").rglob("*.so*"):
        shutil.move(library, libraries / library.name)
    shutil.rmtree(folder / "system")


def _fonts(part: Part, path: Path, folder: Path) -> None:
    """The styles that CSS asks for most; of CJK fonts, which are large, regular and bold."""
    with tarfile.open(path) as tar:
        for member in tar.getmembers():
            name = PurePosixPath(member.name)
            if name.suffix == ".ttf" and name.parts[1] in _FONT_STYLES:
                _copy(tar, member, folder / name.name)
            elif name.name == "LICENSE_FONT":
                _copy(tar, member, folder / f"{part.name.rpartition('/')[2]}.license.txt")


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    assert source
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)


def _playwright(part: Part, path: Path, folder: Path) -> None:
    """Playwright with another Node: its own needs libatomic, which Lambda lacks (seen with Node 24 in version 1.65)."""
    node = "playwright/driver/node"
    if part.source == "pypi":
        _unzip(path, folder, keep=lambda name: name != node)
        return
    with tarfile.open(path) as tar:
        (folder / node).parent.mkdir(parents=True, exist_ok=True)
        _copy(tar, tar.getmember("package/bin/node"), folder / node)
    (folder / node).chmod(0o755)


def _wheel(part: Part, path: Path, folder: Path) -> None:
    del part
    _unzip(path, folder)


def _ffmpeg(part: Part, path: Path, folder: Path) -> None:
    del part
    with zipfile.ZipFile(path) as wheel:
        name = next(name for name in wheel.namelist() if "/binaries/ffmpeg" in name)
        (folder / "ffmpeg").write_bytes(wheel.read(name))
    (folder / "ffmpeg").chmod(0o755)


_MAKERS: dict[str, Callable[[Part, Path, Path], None]] = {
    "chromium": _chromium,
    "fonts": _fonts,
    "playwright": _playwright,
    "av": _wheel,
    "ffmpeg": _ffmpeg,
}


def _untar(data: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(folder, filter="data")


def _unzip(path: Path, folder: Path, keep: Callable[[str], bool] = lambda _: True) -> None:
    """Unpack a wheel with the run bits of its files."""
    with zipfile.ZipFile(path) as wheel:
        for item in wheel.infolist():
            if not item.is_dir() and keep(item.filename):
                target = Path(wheel.extract(item, folder))
                target.chmod(0o755 if item.external_attr >> 16 & 0o111 else 0o644)


def _library_file(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if parts[:2] == ("botocore", "data") and len(parts) > 3:
        return parts[2] in _BOTO_SERVICES
    return not any(part in _UNNEEDED for part in parts) and not name.endswith((".pyi", ".pyx", ".c", ".h"))


def _compress(folder: Path, target: Path) -> None:
    import zstandard

    compressor = zstandard.ZstdCompressor(level=LEVEL, threads=os.cpu_count() or 1)
    with (
        target.open("wb") as file,
        compressor.stream_writer(file) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, path in _tree(folder):
            info = tarfile.TarInfo(name)
            info.size = path.stat().st_size
            info.mode = 0o755 if os.access(path, os.X_OK) else 0o644
            with path.open("rb") as content:
                tar.addfile(info, content)


def _tree(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _function(cache: Path) -> Archive:
    """Zip our own code, and the wrapper by which Lambda starts it in place of its own runtime client."""
    code = Path(__file__).parents[2]
    files = [
        (f"{code.name}/{name}", path)
        for name, path in _tree(code)
        if "__pycache__" not in path.parts and not name.startswith(("cli/", "notebook/"))
    ]
    with tempfile.TemporaryDirectory(prefix="remotion-py-function-") as temp:
        wrapper = Path(temp) / "bootstrap"
        wrapper.write_text(WRAPPER)
        wrapper.chmod(0o755)
        partial = Path(temp) / "function.zip"
        _zip([("bootstrap", wrapper), *files], partial, compress=True)
        with partial.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        target = cache / "functions" / f"function-{digest}.zip"
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            making = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            shutil.copyfile(partial, making)
            making.replace(target)
    return _archive("function", target)


WRAPPER = """\
#!/bin/sh
# Lambda calls this with its interpreter and its own runtime client; that client cannot stream, so ours replaces it.
export PYTHONPATH=/var/task:/opt/python PYTHONDONTWRITEBYTECODE=1
exec "$1" -m remotion_py.worker
"""


def _zip(files: Iterable[tuple[str, Path]], target: Path, *, compress: bool) -> None:
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, path in files:
            info = zipfile.ZipInfo(name, _TIMESTAMP)
            info.compress_type = method
            info.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
            with path.open("rb") as source, archive.open(info, "w") as file:
                shutil.copyfileobj(source, file, 1 << 20)


def _archive(name: str, path: Path) -> Archive:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with zipfile.ZipFile(path) as archive:
        unzipped = sum(item.file_size for item in archive.infolist())
    return Archive(name, path, digest, path.stat().st_size, unzipped)
