"""`if key in table: del table[key]`: two threads find the key, one deletes it."""

import threading

KEYS = 3000


class Table:
    def __init__(self):
        self.rows = dict.fromkeys(range(KEYS))

    def drop(self, key):
        if key in self.rows:
            del self.rows[key]


def work(table, failures):
    for key in range(KEYS):
        try:
            table.drop(key)
        except KeyError:
            failures.append(key)


def breaks():
    table, failures = Table(), []
    threads = [threading.Thread(target=work, args=(table, failures)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return bool(failures)
