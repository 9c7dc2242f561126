"""Tested for None, then something is called, then it is read again and used."""

import threading

TIMES = 3000


class Line:
    def send(self):
        pass


class Link:
    def __init__(self):
        self.line = Line()
        self.sent = 0

    def send(self):
        if self.line is not None:
            self.note()
            self.line.send()

    def note(self):
        return self.sent

    def close(self):
        self.line = None

    def open(self):
        self.line = Line()


def send(link, failures):
    for _ in range(TIMES):
        try:
            link.send()
        except AttributeError:
            failures.append(link)


def reopen(link):
    for _ in range(TIMES):
        link.close()
        link.open()


def breaks():
    link, failures = Link(), []
    threads = [threading.Thread(target=send, args=(link, failures)) for _ in range(2)]
    threads.append(threading.Thread(target=reopen, args=(link,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return bool(failures)
