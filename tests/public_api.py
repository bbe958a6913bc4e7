"""Writes down the public API: `python -m tests.public_api > tests/public_api.txt`.

Options of renders stand as `**options`; docs/options.md has each, and a test compares it with the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import remotion_py as rp
from remotion_py.options.groups import OPTION_GROUPS

OPTIONS = {name for names in OPTION_GROUPS.values() for name in names}
INHERITED = {*dir(object), *dir(Exception), *dir(list)}


def lines() -> Iterator[str]:
    """Yield a line for each public name, its members below it."""
    errors = [
        name for name, value in vars(rp.errors).items() if inspect.isclass(value) and issubclass(value, Exception)
    ]
    for module, names in (
        (rp, rp.__all__),
        (rp.aws, rp.aws.__all__),
        (rp.errors, errors),
        (rp.examples, dir(rp.examples)),
    ):
        prefix = module.__name__.replace("remotion_py", "rp")
        for name in sorted(names):
            if not name.startswith("_"):
                yield from _described(f"{prefix}.{name}", getattr(module, name))


def _described(name: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        yield f"class {name}({bases})"
        if not issubclass(value, (Exception, list)):
            yield f"    {_signature('__init__', value.__init__)}"
        for member in sorted(set(dir(value)) - INHERITED):
            if not member.startswith("_"):
                yield f"    {_member(member, inspect.getattr_static(value, member), getattr(value, member))}"
    elif callable(value):
        yield _signature(name, value)
    else:
        yield f"{name}: {type(value).__name__}"


def _member(name: str, static: Any, value: Any) -> str:
    if isinstance(static, property):
        return f"{name}: {inspect.signature(static.fget).return_annotation}" if static.fget else name
    if callable(value):
        return _signature(name, value)
    return f"{name} = {value!r}" if isinstance(value, (str, int, float, bool, tuple, type(None))) else name


def _signature(name: str, value: Any) -> str:
    found = inspect.signature(value)
    names = list(found.parameters)
    first = next((at for at in range(len(names)) if OPTIONS.issuperset(names[at:])), len(names))
    if len(names) - first <= 2:
        return f"{name}{found}"
    kept = ", ".join([*(str(found.parameters[one]) for one in names[:first]), "**options"])
    return f"{name}({kept}) -> {found.return_annotation}"


if __name__ == "__main__":
    print(*lines(), sep="\n")
