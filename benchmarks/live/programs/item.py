"""`+=` on an item of a list: the item is read and stored in two steps."""

import threading

TIMES = 3000


class Histogram:
    def __init__(self):
        self.buckets = [0] * 4

    def record(self, value):
        self.buckets[value % 4] += 1


def work(histogram):
    for value in range(TIMES):
        histogram.record(value)


def breaks():
    histogram = Histogram()
    threads = [threading.Thread(target=work, args=(histogram,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(histogram.buckets) != 4 * TIMES
