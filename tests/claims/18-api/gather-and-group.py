"""One of two calls fails after 0.2 s: in gather() the other goes on, in a TaskGroup it is cancelled."""
import asyncio
import time

start = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - start:5.2f}] {text}", flush=True)


async def weather():
    await asyncio.sleep(0.2)
    raise ValueError("no weather")


async def sun(where):
    try:
        await asyncio.sleep(0.6)
        say(f"{where}: the sun is known")
    except asyncio.CancelledError:
        say(f"{where}: the sun is cancelled")
        raise


async def main():
    say("gather: both are asked")
    try:
        await asyncio.gather(weather(), sun("gather"))
    except ValueError as error:
        say(f"gather: {error}")
    await asyncio.sleep(0.8)
    say("group: both are asked")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(weather())
            group.create_task(sun("group"))
    except* ValueError as errors:
        say(f"group: {errors.exceptions[0]}")


asyncio.run(main())
