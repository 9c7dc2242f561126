"""A list that is not empty is popped from: the last element may be gone by then."""
# options: --assume-shared '*.Queue'

import threading

QUEUES = 800


class Queue:
    def __init__(self):
        self.jobs = [1, 2]

    def take(self):
        if self.jobs:
            return self.jobs.pop()
        return None


def work(queues, failures):
    for queue in queues:
        try:
            while queue.take():
                pass
        except IndexError:
            failures.append(queue)


def breaks():
    queues, failures = [Queue() for _ in range(QUEUES)], []
    threads = [threading.Thread(target=work, args=(queues, failures)) for _ in range(3)]
    for thread in threads:
        thread.start()
    work(queues, failures)
    for thread in threads:
        thread.join()
    return bool(failures)
