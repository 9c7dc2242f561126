"""A plain `+=` comes into the critical section in which the other side calls something between read and store."""

import threading

TIMES = 2000


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.balance = 0

    def interest(self):
        with self.lock:
            self.balance = self.balance + self.rate()

    def pay(self):
        self.balance += 1

    def rate(self):
        return 1


def interest(account):
    for _ in range(TIMES):
        account.interest()


def pay(account):
    for _ in range(TIMES):
        account.pay()


def breaks():
    account = Account()
    threads = [threading.Thread(target=interest, args=(account,)) for _ in range(2)]
    threads += [threading.Thread(target=pay, args=(account,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return account.balance != 4 * TIMES
