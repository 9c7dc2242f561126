"""A tuple is replaced by a longer one: who replaces it meanwhile is forgotten."""

import threading

TIMES = 200


class Listeners:
    def __init__(self):
        self.all = ()

    def add(self, listener):
        self.all = (*self.all, listener)


def work(listeners):
    for number in range(TIMES):
        listeners.add(number)


def breaks():
    listeners = Listeners()
    threads = [threading.Thread(target=work, args=(listeners,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(listeners.all) != 4 * TIMES
