"""Every option of a render, once: its name, type, default, check, wire name and CLI flag."""

from .renders import PageOptions as PageOptions
from .renders import RenderFramesOptions as RenderFramesOptions
from .renders import RenderMediaOptions as RenderMediaOptions
from .renders import RenderStillOptions as RenderStillOptions
