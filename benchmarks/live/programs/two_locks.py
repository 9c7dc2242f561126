"""Both sides hold a lock, but not the same one; each only adds."""

import threading

TIMES = 2000


class Stock:
    def __init__(self):
        self.lock = threading.Lock()
        self.other = threading.Lock()
        self.pieces = 0

    def receive(self):
        with self.lock:
            self.pieces += 1

    def count_again(self):
        with self.other:
            self.pieces += 1


def receive(stock):
    for _ in range(TIMES):
        stock.receive()


def count_again(stock):
    for _ in range(TIMES):
        stock.count_again()


def breaks():
    stock = Stock()
    threads = [threading.Thread(target=receive, args=(stock,)) for _ in range(2)]
    threads += [threading.Thread(target=count_again, args=(stock,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stock.pieces != 4 * TIMES
