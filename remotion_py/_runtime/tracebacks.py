"""Short tracebacks that end at the public function, because readers need the message and not our stack frames.

`REMOTION_PY_DEBUG=1` keeps all frames.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from types import FunctionType, TracebackType
from typing import Any, TypeVar, cast

from ..errors import RemotionPyError

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)

_OWN = {__name__.partition(".")[0], "asyncio", "concurrent", "contextlib", "threading"}
"""This package, and what its sync functions wait in."""


def debugging() -> bool:
    """Return whether tracebacks keep all frames."""
    return bool(os.environ.get("REMOTION_PY_DEBUG"))


def short_traceback(function: F) -> F:
    """Let errors and interrupts leave a function, plain or asynchronous, without the package's own frames.

    Frames of a caller's callback stay, and so do all frames of errors that are not the package's own. The frame of the
    function itself is left out by IPython and hidden by pytest.
    """
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = not debugging()
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                if not _says_all(error):
                    raise
                raise _shortened(error) from error.__cause__

        return _named(call_async, function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = not debugging()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if not _says_all(error):
                raise
            raise _shortened(error) from error.__cause__

    return _named(call, function)


def short_tracebacks(of: C) -> C:
    """Let errors leave the public methods of a class without the package's own frames."""
    methods = {name: method for name, method in vars(of).items() if inspect.isfunction(method) and name[0] != "_"}
    made = {method: short_traceback(method) for method in methods.values()}  # one for each, whatever its names
    for name, method in methods.items():
        setattr(of, name, made[method])
    return of


def _named(call: Any, function: F) -> F:
    """Show a wrapper by the name of its function in tracebacks."""
    made = cast(FunctionType, call)
    made.__code__ = made.__code__.replace(co_name=function.__name__, co_qualname=function.__qualname__)
    return cast(F, call)


def _says_all(error: BaseException) -> bool:
    """Return whether an error needs no frames of the package: one of its own, Stop, or a call with wrong arguments."""
    trace = error.__traceback__
    wrong_call = isinstance(error, TypeError) and trace is not None and trace.tb_next is None
    return wrong_call or isinstance(error, (RemotionPyError, KeyboardInterrupt))


def _shortened(error: BaseException) -> BaseException:
    if debugging():
        return error
    # IPython hides no frame that raises, whatever its `__tracebackhide__`, but lets errors show themselves.
    setattr(error, "_render_traceback_", functools.partial(_rendered, error))  # noqa: B010
    trace = error.__traceback__
    while trace and _is_own(trace):
        trace = trace.tb_next
    return error.with_traceback(trace)


def _rendered(error: BaseException) -> list[str]:
    shell: Any = sys.modules["IPython"].get_ipython()
    return shell.InteractiveTB.structured_traceback(type(error), error, _without_own(error.__traceback__))


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    if trace is None:
        return None
    rest = _without_own(trace.tb_next)
    return rest if _is_own(trace) else TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


def _is_own(trace: TracebackType) -> bool:
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] in _OWN
