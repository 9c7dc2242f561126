"""Tested, then counted down, with nothing called in between."""

import threading

TICKETS = 6000


class Office:
    def __init__(self):
        self.left = TICKETS

    def sell(self):
        if self.left > 0:
            self.left -= 1
            return True
        return False


def work(office, sold):
    while office.sell():
        sold.append(1)


def breaks():
    office, sold = Office(), []
    threads = [threading.Thread(target=work, args=(office, sold)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(sold) != TICKETS
