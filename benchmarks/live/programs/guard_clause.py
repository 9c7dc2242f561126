"""The refusal comes first and leaves: behind it nothing is called before the act."""

import threading

TICKETS = 6000


class Office:
    def __init__(self):
        self.left = TICKETS

    def sell(self):
        if not self.left:
            return False
        self.left -= 1
        return True


def work(office, sold):
    for _ in range(2 * TICKETS):
        if not office.sell():
            break
        sold.append(1)


def breaks():
    office, sold = Office(), []
    threads = [threading.Thread(target=work, args=(office, sold)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(sold) != TICKETS
