"""A blocking call in a coroutine, and the same by asyncio.to_thread(): when does another one go on?"""
import asyncio
import time


async def clock(strokes):
    start = time.monotonic()
    for _ in range(3):
        await asyncio.sleep(0.1)
        strokes.append(time.monotonic() - start)


async def blocking():
    time.sleep(0.6)


async def main(how):
    strokes = []
    await asyncio.gather(clock(strokes), blocking() if how == "in a coroutine" else asyncio.to_thread(time.sleep, 0.6))
    print(f"[  -  ] {how}: the first stroke is", "late" if strokes[0] > 0.5 else "in time")


for how in "in a coroutine", "by to_thread()":
    asyncio.run(main(how))
