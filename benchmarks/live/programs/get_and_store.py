"""`d[k] = d.get(k, 0) + 1`: a call of C code, after which threads may switch."""

import threading

TIMES = 2000


class Words:
    def __init__(self):
        self.counts = {}

    def note(self, word):
        self.counts[word] = self.counts.get(word, 0) + 1


def work(words):
    for _ in range(TIMES):
        words.note("the")


def breaks():
    words = Words()
    threads = [threading.Thread(target=work, args=(words,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return words.counts["the"] != 4 * TIMES
