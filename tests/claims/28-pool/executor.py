"""The executor of asyncio: its size, and what can be cancelled."""
import concurrent.futures
import os
import threading

go, begun = threading.Event(), threading.Event()


def photo():
    begun.set()
    go.wait()


cores = len(os.sched_getaffinity(0)) if hasattr(os, "process_cpu_count") else os.cpu_count()
size = concurrent.futures.ThreadPoolExecutor()._max_workers
print("[  -  ] default size is min(32, processors + 4):", size == min(32, cores + 4))
with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
    running, waiting = pool.submit(photo), pool.submit(photo)
    begun.wait()
    print("[  -  ] cancel() of the one that runs:", running.cancel())
    print("[  -  ] cancel() of the one that waits:", waiting.cancel())
    go.set()
