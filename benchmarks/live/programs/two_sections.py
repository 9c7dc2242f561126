"""Read in one critical section, stored in the next: threads switch at the latest where they wait for the lock."""

import threading

TIMES = 1000


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.balance = 0

    def pay(self):
        with self.lock:
            balance = self.balance
        with self.lock:
            self.balance = balance + 1


def work(account):
    for _ in range(TIMES):
        account.pay()


def breaks():
    account = Account()
    threads = [threading.Thread(target=work, args=(account,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return account.balance != 4 * TIMES
