"""`len` is called in between: no switch point once its line has run some times, but each copy here runs only once."""
# options: --assume-shared '*.Queue'

import threading
import types

QUEUES = 600


class Queue:
    def __init__(self):
        self.jobs = [1]

    def take(self):
        if len(self.jobs) > 0:
            return self.jobs.pop()
        return None


def fresh(function):
    code = function.__code__
    return types.FunctionType(code.replace() if hasattr(code, "replace") else code, function.__globals__)


def work(queues, takes, failures):
    for number, queue in enumerate(queues):
        try:
            takes[number](queue)
        except IndexError:
            failures.append(queue)


def breaks():
    queues, failures = [Queue() for _ in range(QUEUES)], []
    takes = [fresh(Queue.take) for _ in range(QUEUES)]
    threads = [threading.Thread(target=work, args=(queues, takes, failures)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return bool(failures)
