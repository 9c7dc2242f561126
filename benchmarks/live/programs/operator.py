"""The old value is added to an object whose `+` is written in Python."""

import threading

TIMES = 2000


class Money:
    def __init__(self, cents):
        self.cents = cents

    def __add__(self, other):
        return Money(self.cents + other.cents)


class Account:
    def __init__(self):
        self.balance = Money(0)

    def pay(self, amount):
        self.balance = self.balance + amount


def work(account):
    for _ in range(TIMES):
        account.pay(Money(1))


def breaks():
    account = Account()
    threads = [threading.Thread(target=work, args=(account,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return account.balance.cents != 4 * TIMES
