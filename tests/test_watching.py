"""What blocks an event loop of the package is found: here, and in the processes of functions."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from blockbuster import BlockingError

import remotion_py

from . import watching
from .conftest import records

PACKAGE = Path(remotion_py.__file__).parent


def of_the_package(source: str) -> CodeType:
    """Compile code as if it were in a module of the package."""
    return compile(source, str(PACKAGE / "example.py"), "exec")


def blocking(file: Path) -> dict[str, str]:
    return {
        "time.sleep": "import time; time.sleep(0.001)",
        "os.waitpid": "import os; os.waitpid(os.posix_spawnp('true', ['true'], os.environ), 0)",
        "lock.acquire": "import threading; it = threading.Lock(); it.acquire(); it.acquire(timeout=0.001)",
        "socket.getaddrinfo": "import socket; socket.getaddrinfo('127.0.0.1', 80)",
        "io.BufferedReader.read": f"with open({str(file)!r}, 'rb') as it: it.read()",
        "os.sendfile": f"import shutil; shutil.copy({str(file)!r}, {str(file) + '2'!r})",
    }


async def execute(code: CodeType) -> None:
    exec(code, {})


@pytest.mark.parametrize("name", blocking(Path()))
def test_a_call_that_blocks_the_loop_is_recorded(name: str, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(watching.MOST_BYTES + 1)
    code = of_the_package(blocking(tmp_path / "large")[name])
    with pytest.raises(BlockingError, match=name):
        asyncio.run(execute(code))
    found = records()  # more than one where `subprocess` waits again on its way out
    assert found
    assert all(name in one and "example.py" in one for one in found)


def test_calls_that_do_not_block_are_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    code = of_the_package(
        f"import threading; threading.Lock().acquire()\nwith open({str(tmp_path / 'small')!r}) as it: it.read()"
    )
    asyncio.run(execute(code))
    asyncio.run(asyncio.to_thread(exec, of_the_package("import time; time.sleep(0.001)"), {}))
    exec(of_the_package("import time; time.sleep(0.001)"), {})
    assert records() == []


def test_functions_record_too(tmp_path: Path) -> None:
    watching.watch_functions(tmp_path)
    code = (
        "import asyncio, sys, warnings\nasync def work(): exec(compile('import time; time.sleep(0)', "
        f"{str(PACKAGE / 'example.py')!r}, 'exec'))\n"
        "warnings.warn('of a function')\ntry: asyncio.run(work())\nexcept Exception: pass"
    )
    environment: dict[str, Any] = os.environ | {"PYTHONPATH": f"{tmp_path}:{PACKAGE.parent}"}
    for argument in ("remotion_py.worker", "something.else"):
        subprocess.run([sys.executable, "-c", code, argument], check=True, env=environment, stderr=subprocess.DEVNULL)
    (found,) = watching.recorded(tmp_path)
    assert "of a function" in found
    assert "Blocking call to time.sleep" in found
    assert "remotion_py.worker" in found
    assert watching.recorded(tmp_path) == []
