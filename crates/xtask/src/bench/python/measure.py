"""Times obelisc.extract on pages in memory: prints JSON with seconds of one thread and of two."""

import json
import sys
import threading
import time
from pathlib import Path

import obelisc

folder, runs = Path(sys.argv[1]), int(sys.argv[2])
urls = json.loads((folder / "urls.json").read_text(encoding="utf-8"))
pages = [((folder / f"{number}.html").read_bytes(), url) for number, url in enumerate(urls)]


def once():
    """Makes documents of all pages, and says how many."""
    documents = 0
    for body, url in pages:
        try:
            obelisc.extract(body, url)
            documents += 1
        except obelisc.NoDocument:
            pass
    return documents


def on_threads(count):
    """Seconds in which so many threads each make all documents."""
    threads = [threading.Thread(target=once) for _ in range(count)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begin


documents = once()
cpu, one, two = [], [], []
for _ in range(runs):
    begin = time.thread_time()
    once()
    cpu.append(time.thread_time() - begin)
    one.append(on_threads(1))
    two.append(on_threads(2))
print(json.dumps({"documents": documents, "cpu": cpu, "one": one, "two": two}))
