"""Two renders at once from asynchronous code: python examples/async_progress.py."""

import asyncio

import remotion_py as rp

SITE = rp.examples.bar_chart_race


async def render(client: rp.AsyncClient, title: str) -> rp.Video:
    running = await client.start_render_media(SITE, "race", props={"title": title}, frame_range=(0, 11), scale=0.25)
    async for progress in running:
        print(f"{title}: {progress}")
    return await running.wait()


async def main() -> None:
    async with rp.AsyncClient() as client:
        for video in await asyncio.gather(*(render(client, title) for title in ("One", "Two"))):
            print(video)


if __name__ == "__main__":
    asyncio.run(main())
