"""`setattr` of what `getattr` gave: both are calls."""

import threading

TIMES = 2000


class Statistics:
    def __init__(self):
        self.requests = 0


def work(statistics):
    for _ in range(TIMES):
        setattr(statistics, "requests", getattr(statistics, "requests") + 1)  # noqa: B009, B010


def breaks():
    statistics = Statistics()
    threads = [threading.Thread(target=work, args=(statistics,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statistics.requests != 4 * TIMES
