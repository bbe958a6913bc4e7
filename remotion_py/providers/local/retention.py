"""Removes old files from the local store automatically, and renders on request.

A render leaves a few small files, and one object for large props; they are removed after a month. Results without an
output stay in the store until their owner removes them.
"""

from __future__ import annotations

import datetime
from collections import defaultdict

from ..base import RENDERS, ObjectInfo, ObjectStore

KEPT_DAYS = 30
_NOTES = {"record.json", "launched.json", "progress.json", "cancel.json"}
"""Objects of a render that are not results."""
_WORK = ("assets/", "chunks/")
"""Folders of a render with what its functions share while they work. A killed render leaves them behind."""
_PROPS = ("input-props/", "resolved-props/")


def outdated(objects: list[ObjectInfo], now: datetime.datetime) -> list[str]:
    """Choose the objects of a store that can go (no I/O).

    Args:
        objects: All of the store.
        now: The time, with time zone.

    Returns:
        Keys: old props, and all of each old render that holds no result.
    """
    oldest = now - datetime.timedelta(days=KEPT_DAYS)
    renders: dict[str, list[ObjectInfo]] = defaultdict(list)
    found: list[str] = []
    for item in objects:
        if item.key.startswith(RENDERS):
            renders[item.key.removeprefix(RENDERS).partition("/")[0]].append(item)
        elif item.key.startswith(_PROPS) and item.modified < oldest:
            found.append(item.key)
    for render_id, items in renders.items():
        names = [item.key.removeprefix(f"{RENDERS}{render_id}/") for item in items]
        keeps_result = any(name not in _NOTES and not name.startswith(_WORK) for name in names)
        if not keeps_result and all(item.modified < oldest for item in items):
            found += [item.key for item in items]
    return found


async def clean(store: ObjectStore) -> int:
    """Remove what can go; returns how many objects that were."""
    keys = outdated(await store.list(""), datetime.datetime.now(datetime.UTC))
    for key in keys:
        await store.delete(key)
    return len(keys)


async def remove(store: ObjectStore, render_id: str) -> int:
    """Remove a render with its results; returns the bytes that this freed."""
    items = await store.list(f"{RENDERS}{render_id}/")
    for item in items:
        await store.delete(item.key)
    return sum(item.size for item in items)
