"""`+=` on an attribute: nothing is called between the read and the store."""

import threading

TIMES = 3000


class Counter:
    def __init__(self):
        self.count = 0

    def add(self, n):
        self.count += n


def work(counter):
    for _ in range(TIMES):
        counter.add(1)


def breaks():
    counter = Counter()
    threads = [threading.Thread(target=work, args=(counter,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.count != 4 * TIMES
