"""`+=` on a property: its getter and its setter are functions in Python."""

import threading

TIMES = 2000


class Volume:
    def __init__(self):
        self._level = 0

    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        self._level = value


def work(volume):
    for _ in range(TIMES):
        volume.level += 1


def breaks():
    volume = Volume()
    threads = [threading.Thread(target=work, args=(volume,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return volume.level != 4 * TIMES
