"""The test of a loop is met again at the end of each turn, where threads may switch."""

import threading

TICKETS = 6000


class Office:
    def __init__(self):
        self.left = TICKETS

    def sell_all(self, sold):
        while self.left > 0:
            self.left -= 1
            sold.append(1)


def breaks():
    office, sold = Office(), []
    threads = [threading.Thread(target=office.sell_all, args=(sold,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(sold) != TICKETS or office.left != 0
