"""A callback that another thread gives to a loop, while the loop sleeps for a second."""
import asyncio
import threading
import time


async def main(how):
    loop = asyncio.get_running_loop()
    came = []
    start = time.monotonic()

    def send():
        time.sleep(0.2)
        getattr(loop, how)(lambda: came.append(time.monotonic() - start))

    thread = threading.Thread(target=send)
    thread.start()
    await asyncio.sleep(1)
    await asyncio.sleep(0)
    thread.join()
    print(f"[  -  ] {how}: called", "when it was sent" if came[0] < 0.9 else "when the loop woke up by itself")


for how in "call_soon_threadsafe", "call_soon":
    asyncio.run(main(how))
