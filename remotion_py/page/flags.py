"""The launch flags of Chromium (no I/O). Facts: design/page-contract.md 10, and design/capture.md."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

FLAGS = (
    "--headless",
    # Playwright opens the pages
    "--no-startup-window",
    # runs in containers
    "--disable-setuid-sandbox",
    "--disable-dev-shm-usage",
    # the same pixels everywhere
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
    # nothing is throttled
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-media-suspend",
    "--disable-ipc-flooding-protection",
    "--disable-hang-monitor",
    "--disable-back-forward-cache",
    "--allow-pre-commit-input",
    # quiet, and no way around the gate
    "--mute-audio",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-bypass-list=<-loopback>",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,"
    "PrivateNetworkAccessSendPreflights,Translate,BackForwardCache,WebRtcHideLocalIpsWithMdns,"
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,PaintHolding,DestroyProfileOnBrowserClose",
    "--allow-running-insecure-content",
    # neither questions, reports, keys, extensions nor first runs
    "--disable-breakpad",
    "--disable-component-extensions-with-background-pages",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-infobars",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-search-engine-choice-screen",
    "--disable-stack-profiler",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--password-store=basic",
    "--unsafely-disable-devtools-self-xss-warnings",
    "--use-mock-keychain",
    # <HtmlInCanvas>
    "--enable-features=CanvasDrawElement",
    # WebGL by software where there is no GPU
    "--ignore-gpu-blocklist",
    "--enable-unsafe-swiftshader",
    "--enable-automation",
)
NO_SANDBOX = ("--no-sandbox",)
FRAME_CONTROL_FLAGS = (
    "--enable-begin-frame-control",
    "--run-all-compositor-stages-before-draw",
    "--disable-new-content-rendering-timeout",
    "--disable-threaded-animation",
    "--disable-threaded-scrolling",
    "--disable-checker-imaging",
    "--enable-surface-synchronization",
)

SMALLEST_SCALE = 0.5
"""Chromium raises a smaller one to this (measured)."""
_GL_FLAGS = {
    # Composited by software too: on SwiftShader the compositor was reported to keep what earlier frames had drawn.
    "swangle": ("--use-gl=angle", "--use-angle=swiftshader", "--disable-gpu-compositing"),
    "angle": ("--use-gl=angle",),
    "egl": ("--use-gl=egl",),
    "swiftshader": ("--use-gl=swiftshader",),
    "vulkan": ("--use-angle=vulkan", "--use-vulkan=native", "--disable-vulkan-surface"),
    "angle-egl": ("--use-gl=angle", "--use-angle=gl-egl"),
}


@dataclass(frozen=True)
class BrowserSettings:
    """What makes one launched browser differ from another.

    Attributes:
        scale: Device pixels per CSS pixel, `SMALLEST_SCALE` or more.
            Frames on demand obey it only as a flag (measured), so it belongs here.
        gl: Renderer of graphics; None composites in software.
        disable_web_security: Let pages read from other origins without CORS.
        ignore_certificate_errors: Accept wrong TLS certificates.
        user_agent: The user agent string of the browser; None keeps its own.
        timezone: Name of the time zone of its pages; a variable of its process carries it.
    """

    scale: float = 1
    gl: str | None = None
    disable_web_security: bool = False
    ignore_certificate_errors: bool = False
    user_agent: str | None = None
    timezone: str = "UTC"

    def flags(self) -> tuple[str, ...]:
        """Return the flags that carry these settings."""
        flags = (f"--force-device-scale-factor={self.scale:g}", *_GL_FLAGS.get(self.gl or "", ()))
        if self.disable_web_security:
            flags += ("--disable-web-security",)
        if self.ignore_certificate_errors:
            flags += ("--ignore-certificate-errors",)
        if self.user_agent:
            flags += (f"--user-agent={self.user_agent}",)
        return flags


def drawn(side: int, scale: float) -> int:
    """Return how many pixels Chromium draws of a side.

    It multiplies in single precision and rounds up (50 random scales of two sizes agree, 2026-11-27): 720 pixels at a
    scale of 0.6 become 433, where the npm renderer's pictures have 432.

    Args:
        side: In CSS pixels.
        scale: `SMALLEST_SCALE` or more.
    """
    (single,) = struct.unpack("f", struct.pack("f", scale))
    (product,) = struct.unpack("f", struct.pack("f", side * single))
    return math.ceil(product)
