"""An object is made at the first use: its class is called between the test and the store."""
# options: --assume-shared '*.Box'

import threading

BOXES = 400


class Letters:
    def __init__(self):
        self.all = []


class Box:
    def __init__(self):
        self.letters = None

    def post(self, letter):
        if self.letters is None:
            self.letters = Letters()
        self.letters.all.append(letter)


def work(boxes):
    for box in boxes:
        box.post("letter")


def breaks():
    boxes = [Box() for _ in range(BOXES)]
    threads = [threading.Thread(target=work, args=(boxes,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    work(boxes)
    for thread in threads:
        thread.join()
    return any(len(box.letters.all) != 4 for box in boxes)
