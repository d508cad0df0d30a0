"""In a round of asyncio first what was ready is called, then files, then timers that are due."""
import asyncio
import os
import time

ends = os.pipe()


def say(text):
    print(f"[{time.monotonic() - start:5.2f}] {text}", flush=True)


def on_file():
    say("file")
    loop.remove_reader(ends[0])
    loop.stop()


def begin():
    loop.add_reader(ends[0], on_file)
    loop.call_later(0, say, "timer")
    loop.call_soon(say, "what was ready")
    os.write(ends[1], b"!")
    time.sleep(0.01)  # so that the timer is due in the next round


loop = asyncio.new_event_loop()
start = time.monotonic()
say("start")
loop.call_soon(begin)
loop.run_forever()  # a round is ended before the loop stops
loop.close()
