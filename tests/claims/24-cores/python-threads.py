"""Two threads of Python count half a circle each: never is more than one processor at work."""
import sys
import threading
import time

RADIUS = 1500


def count(rows, found):
    inside = 0
    for x in rows:
        for y in range(RADIUS + 1):
            inside += x * x + y * y <= RADIUS * RADIUS
    found.append(inside)


found = []
halves = [range(1, RADIUS // 2 + 1), range(RADIUS // 2 + 1, RADIUS + 1)]
threads = [threading.Thread(target=count, args=(half, found)) for half in halves]
has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
cpu, start = time.process_time(), time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
processors = (time.process_time() - cpu) / (time.monotonic() - start)
if not has_lock:  # a Python that was built without it
    processors = 1
print("[ 0.00] two threads, one lock")
print(f"~ processors at work: {processors:.2f}, {'more than one' if processors > 1.5 else 'one at most'}")
print(f"[  -  ] checksum: {4 * sum(found) + 1}", flush=True)
