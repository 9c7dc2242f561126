"""An item that a `Counter` does not have yet comes from its `__missing__`, which is written in Python."""

import collections
import threading

WORDS = 2000


class Words:
    def __init__(self):
        self.counts = collections.Counter()

    def note(self, word):
        self.counts[word] += 1


def work(words):
    for word in range(WORDS):
        words.note(word)


def breaks():
    words = Words()
    threads = [threading.Thread(target=work, args=(words,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(words.counts.values()) != 4 * WORDS
