"""Part of the locks stage: which variables hold locks, though nobody is seen to store one, and only their use tells.

What is entered by `with` in several places can be entered again: it is no file, and nothing that is made for one block.
Where nobody asks what entering it gives, it is there for the time in between.
"""

from __future__ import annotations

from collections import defaultdict

from racelint import facts
from racelint.program.locking.aliases import place_key
from racelint.program.locking.locks import LockKey
from racelint.program.memory.places import Place, Places


def presumed_locks(places: Places) -> set[LockKey]:
    """The attributes and captured variables of unknown value that are entered in two places, for nothing but that."""
    entered: dict[Place, set[tuple[int, int]]] = defaultdict(set)
    asked: set[Place] = set()
    for code in places.types.names.sources.codes:
        bound = {each.manager for each in code.operations if type(each) is facts.Entered}
        for node in code.controls:
            if type(node) is not facts.With or node.is_async or places.types.of(code, node.manager):
                continue
            operation = places.dataflow(code).operation(node.manager)
            for place, _, _ in places.located(code, operation) if operation is not None else ():
                entered[place].add((code.key, node.manager))
                if node.manager in bound:
                    asked.add(place)
    return {place_key(place) for place, sites in entered.items() if len(sites) > 1 and place not in asked}
