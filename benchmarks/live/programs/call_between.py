"""What is added comes from a function in Python, called after the old value was read."""

import threading

TIMES = 2000


class Basket:
    def __init__(self):
        self.total = 0

    def add(self):
        self.total += self.price()

    def price(self):
        return 1


def work(basket):
    for _ in range(TIMES):
        basket.add()


def breaks():
    basket = Basket()
    threads = [threading.Thread(target=work, args=(basket,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return basket.total != 4 * TIMES
