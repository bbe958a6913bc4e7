"""The errors of remotion_py.

The class hierarchy::

    RemotionPyError
    ├── InputError                  an argument of the call is invalid
    │   ├── OptionError             an invalid value, or two options that exclude each other
    │   ├── PropsError              the input props are not JSON, or contain NaN or infinity
    │   └── OutputError             the output cannot be written, or exists already
    ├── SiteError                   the serve URL
    │   ├── SiteNotFoundError       no such folder, no page in it, HTTP error, unreachable
    │   ├── NotACompositionPageError  a page without the composition contract
    │   └── CompositionNotFoundError  the site has no composition with this id
    ├── PageError                   the page failed during the render
    │   ├── PageScriptError         the page threw an exception or cancelled its render
    │   └── PageTimeoutError        a delayRender handle stayed open, or the page hangs
    ├── BrowserError                the browser itself
    │   ├── BrowserNotFoundError    no Chromium is installed
    │   └── BrowserCrashedError     it died or does not respond; retried first
    │       └── PageNotRespondingError  the scripts of the page are busy, for example in an endless loop
    ├── MediaError                  FFmpeg or a media file
    │   ├── FFmpegInterruptedError  FFmpeg was killed or stalled; retried first
    │   └── ConcatError             the chunks cannot be joined
    ├── RenderError                 a render as a whole
    │   ├── RenderNotFoundError     there is no render with this id
    │   ├── RenderCancelledError    cancelled by its caller
    │   ├── RenderInterruptedError  its main function or its endpoint died
    │   └── DocumentError           a stored document of a render is damaged
    ├── FunctionError               an invocation failed without a reason
    │   ├── ThrottledError          no capacity is left; retried first
    │   └── ServiceError            Lambda itself failed (5xx); retried first
    ├── AwsError                    AWS refused a request
    │   ├── CredentialsError        the credentials are missing, wrong or expired
    │   ├── PermissionDeniedError   the credentials do not permit an action
    │   ├── FunctionNotFoundError   no such function, or an incompatible one
    │   ├── BucketError             the bucket is missing, in use, or in another region
    │   └── PackageError            the function package cannot be built, or is too large
    └── DiskFullError               not enough disk space

Processes exchange errors as ``{"name", "message", "data"}`` (`to_wire`, `from_wire`), which keeps their class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class RemotionPyError(Exception):
    """Base of all errors of this package.

    Args:
        message: One paragraph: the input, what is wrong, and the next step.
        data: Facts about the error that JSON can carry (a frame number, the known ids, ...).
    """

    retryable = False
    """Whether the same work may succeed when it is tried again."""

    def __init__(self, message: str, /, **data: Any) -> None:
        # A lone surrogate, which JavaScript strings and some file names contain, would make the error unprintable.
        message = message.encode("utf-8", "replace").decode() if not message.isascii() else message
        super().__init__(message)
        self.message = message
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self).__name__, self.message, self.data)


class InputError(RemotionPyError, ValueError):
    """An argument of the call is invalid."""


class OptionError(InputError):
    """An option has an invalid value, or two options exclude each other."""


class PropsError(InputError):
    """JSON cannot represent the input props."""


class OutputError(InputError):
    """The output cannot be written, or exists and may not be replaced."""


class SiteError(RemotionPyError):
    """The serve URL is not a site that can be rendered."""


class SiteNotFoundError(SiteError):
    """The serve URL has no page: no such folder, no index.html, an HTTP error, or no response."""


class NotACompositionPageError(SiteError):
    """The page is neither a Remotion bundle nor a page that uses remotion-py.js."""


class CompositionNotFoundError(SiteError):
    """The site has no composition with this id; `data["available"]` lists the existing ids."""


class PageError(RemotionPyError):
    """The page failed during the render; `data["frame"]` is the frame, if known."""


class PageScriptError(PageError):
    """The page threw an exception or cancelled its render."""


class PageTimeoutError(PageError):
    """The page did not become ready in time; `data["handles"]` contains the labels of open handles."""


class BrowserError(RemotionPyError):
    """The browser itself failed."""


class BrowserNotFoundError(BrowserError):
    """No usable browser is installed."""


class BrowserCrashedError(BrowserError):
    """The browser or its page died, or does not respond."""

    retryable = True


class PageNotRespondingError(BrowserCrashedError):
    """The page does not answer: its scripts are busy, for example in an endless loop, or its browser hangs."""


class MediaError(RemotionPyError):
    """FFmpeg failed, or a media file cannot be used."""


class FFmpegInterruptedError(MediaError):
    """FFmpeg was killed by a signal, or stalled and was killed."""

    retryable = True


class ConcatError(MediaError):
    """The chunks cannot be joined into one file."""


class RenderError(RemotionPyError):
    """A render as a whole failed."""


class RenderNotFoundError(RenderError):
    """No render has this id."""


class RenderCancelledError(RenderError):
    """The render was cancelled by its caller."""


class RenderInterruptedError(RenderError):
    """The main function or the endpoint died before the render was done."""


class DocumentError(RenderError):
    """A stored document of a render, such as its `progress.json`, is damaged or not valid."""


class FunctionError(RemotionPyError):
    """An invocation of a function failed; `data["type"]` is the error type that Lambda reported."""

    retryable = True


class ThrottledError(FunctionError):
    """The provider had no capacity for an invocation (HTTP 429)."""


class ServiceError(FunctionError):
    """The provider itself failed (HTTP 5xx)."""


class AwsError(RemotionPyError):
    """AWS refused a request; `data["code"]` is its error code, if it sent one."""


class CredentialsError(AwsError):
    """There are no AWS credentials, or they are wrong or expired."""


class PermissionDeniedError(AwsError):
    """The credentials do not permit an action; `data["action"]` names it."""


class FunctionNotFoundError(AwsError):
    """There is no such function, or it has another protocol version."""


class BucketError(AwsError):
    """The bucket does not exist, belongs to another account, or is in another region."""


class PackageError(AwsError):
    """The function package cannot be built, or exceeds Lambda's limits."""


class DiskFullError(RemotionPyError):
    """There is not enough disk space for the render."""


def _subclasses(cls: type[RemotionPyError]) -> dict[str, type[RemotionPyError]]:
    found = {cls.__name__: cls}
    for sub in cls.__subclasses__():
        found.update(_subclasses(sub))
    return found


class ErrorWire(TypedDict):
    """An error as JSON, for other processes."""

    name: str
    message: str
    data: dict[str, Any]


def to_wire(error: BaseException) -> ErrorWire:
    """Convert any exception to a JSON object for other processes."""
    if isinstance(error, RemotionPyError):
        return {"name": type(error).__name__, "message": error.message, "data": error.data}
    if isinstance(error, OSError) and error.errno == 28:
        return to_wire(DiskFullError(f"The disk is full: {error}. Free some space and render again."))
    return {"name": type(error).__name__, "message": f"{type(error).__name__}: {error}", "data": {}}


def from_wire(wire: Mapping[str, Any]) -> RemotionPyError:
    """Rebuild an error from its JSON object; unknown names become a `RenderError`."""
    data = wire.get("data")
    message = str(wire.get("message", "unknown error"))
    return _rebuild(str(wire.get("name", "")), message, data if isinstance(data, dict) else {})


def _rebuild(name: str, message: str, data: dict[str, Any]) -> RemotionPyError:
    return _subclasses(RemotionPyError).get(name, RenderError)(message, **data)
