"""What a call works with is kept on a shared object, and read back behind another call."""

import threading

TIMES = 2000


class Formatter:
    def __init__(self):
        self.record = None

    def format(self, record):
        self.record = record
        return self.head()

    def head(self):
        return self.record


def work(formatter, number, failures):
    for _ in range(TIMES):
        if formatter.format(number) != number:
            failures.append(number)


def breaks():
    formatter, failures = Formatter(), []
    threads = [threading.Thread(target=work, args=(formatter, number, failures)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return bool(failures)
