"""In its debug mode asyncio names the callbacks that were too long."""
import asyncio
import logging
import re
import time


start = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - start:5.2f}] {text}", flush=True)


class Measured(logging.Handler):
    def emit(self, record):
        found = re.search(r"(on_\w+)\(\).* took (\d+\.\d+) seconds", record.getMessage())
        if found:
            print(f"~ {found[1]} took {found[2]} s", flush=True)


def on_complaint():
    time.sleep(0.3)


def on_cocktail():
    time.sleep(0.3)


def on_guest_alone():
    time.sleep(0.9)


def on_souffle_ready():
    say("souffle: out of the oven")


async def main():
    loop = asyncio.get_running_loop()
    say("Friday")
    loop.slow_callback_duration = 0.25
    loop.call_later(0.2, on_complaint)
    loop.call_later(0.8, on_cocktail)
    loop.call_later(1.4, on_guest_alone)
    loop.call_later(1.7, on_souffle_ready)
    await asyncio.sleep(2.6)


logging.getLogger("asyncio").addHandler(Measured())
logging.getLogger("asyncio").propagate = False
asyncio.run(main(), debug=True)
