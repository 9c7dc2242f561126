"""Part of the threads stage: which context runs which function, spread from where each starts over the call graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint.program.callgraph.calls import Calls, constructs, finalizes, is_public
from racelint.program.contexts.callbacks import handed_over
from racelint.program.contexts.commands import runs_alone
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.processes import only_at_exit, only_in_processes
from racelint.program.contexts.started import Finder
from racelint.program.contexts.threads import Threads
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import END, Code


def link_threads(calls: Calls) -> Threads:
    """Find the contexts, what each runs, and when."""
    contexts = [Context(0, "the main context", None, (), False)]
    contexts.extend(Finder(calls).find())
    return spread(Threads(calls, contexts))


def _around(code: Code | None) -> Iterator[Code]:
    """A function and those in which it is written."""
    while code is not None:
        yield code
        code = code.parent


def spread(threads: Threads, mains: Sequence[Code] = ()) -> Threads:
    """Tell what each context runs, and when. `mains` are functions that the main context surely runs just once."""
    calls = threads.calls
    apart = only_in_processes(calls)
    exits = only_at_exit(calls)
    _find_running(threads, mains, apart, exits)
    roots = [code for code in calls.types.names.sources.codes if calls.is_open(code) and not constructs(code)]
    roots = [code for code in roots if code not in mains and code not in exits and code.key not in apart]
    threads.outside.update(calls.reachable([code for code in roots if not runs_alone(calls.types, code)]))
    for context in threads.contexts[1:]:
        if any(runs_alone(calls.types, code) for code in _around(context.code)):
            threads.apart.add(context.index)
        threads.windows[context.index] = _windows(threads, context)
    return threads


def _find_running(threads: Threads, mains: Sequence[Code], apart: set[int], exits: list[Code]) -> None:
    """Which functions each context runs. Main: module bodies, what is open to callers outside, and what they call.

    What runs in processes of its own, `apart`, runs in the main context of these: no caller outside comes beside it.
    `exits` are run when the process ends.
    """
    calls = threads.calls
    sources = calls.types.names.sources
    started = {code.key for context in threads.contexts for code, _ in context.entries}
    started -= {code.key for code in mains}
    roots = [
        code
        for code in sources.codes
        if code.function.kind in ("module", "class") or (calls.is_open(code) and code.key not in started)
        if code not in exits
    ]
    roots += [code for code in mains if code not in roots]
    # what is found first is told of: rather a caller than the beginning or end of an object, or a command
    roots.sort(key=lambda code: finalizes(code) or runs_alone(calls.types, code))
    for context in threads.contexts[1:]:
        _reach(threads, context, [code for code, _ in context.entries])
    _reach(threads, threads.contexts[0], [code for code in roots if not constructs(code)], alone=False)
    _reach(threads, threads.contexts[0], roots)
    _reach_by_tables(threads)
    # public functions and callbacks that only unreached code uses: who else should run them but callers outside?
    unseen = [
        code
        for code in sources.codes
        if code.key not in threads.running
        and code not in exits
        and (is_public(code) or code.key in calls.escaping or code.key in calls.handed_out)
    ]
    _reach_lent(threads, unseen)
    unseen = [code for code in unseen if code.key not in threads.running]
    by_exit = calls.reachable(exits)
    unseen = [code for code in unseen if code.key not in by_exit or _is_offered(code)]
    threads.outside.update(calls.reachable([code for code in unseen if code.key not in apart]))
    _reach(threads, threads.contexts[0], unseen)
    main = threads.contexts[0]
    threads.at_exit.update(key for key in by_exit if main not in threads.running.get(key, ()))
    _reach(threads, main, exits)


def _reach_lent(threads: Threads, codes: list[Code]) -> None:
    """Where only started contexts give functions to others, they are the ones that one knows of who run them."""
    givers = handed_over(threads.calls, codes)
    givers.update((code.key, [code.parent]) for code in codes if _is_made_by_started(threads, code) and code.parent)
    while lent := [code for code in codes if _is_lent(threads, code, givers.get(code.key, ()))]:
        for code in lent:
            for context in dict.fromkeys(context for giver in givers[code.key] for context in threads.of(giver)):
                _reach(threads, context, [code])


def _is_lent(threads: Threads, code: Code, givers: Sequence[Code]) -> bool:
    """Whether nobody is known to run a function, and only started contexts give it away."""
    return code.key not in threads.running and bool(givers) and all(_is_started(threads, each) for each in givers)


def _is_started(threads: Threads, code: Code) -> bool:
    """Whether a function is run by started contexts only."""
    running = threads.of(code)
    return bool(running) and not any(each.is_main for each in running)


def _is_made_by_started(threads: Threads, code: Code) -> bool:
    """Whether only started contexts make an inner function: where they give it, they are the ones that one knows of."""
    return code.parent is not None and _is_started(threads, code.parent)


def _is_offered(code: Code) -> bool:
    """Whether a function is public, and its class too: who has the object may call it, whoever else does."""
    return is_public(code) and (code.home is None or not code.home.facts.name.startswith("_"))


def _reach_by_tables(threads: Threads) -> None:
    """What nothing is known to run, but a started context may by a call with many possible callees, is run there."""
    calls = threads.calls
    reached = set(threads.running)
    for context in threads.contexts[1:]:
        for key, edge in calls.reachable([code for code, _ in context.entries]).items():
            if key not in reached and edge is not None:
                threads.running.setdefault(key, []).append(context)
                threads.found_by[context.index, key] = (edge.caller, edge.site)


def _reach(threads: Threads, context: Context, entries: list[Code], *, alone: bool = True) -> None:
    for key, edge in threads.calls.reachable(entries, surely=not context.is_main, alone=alone).items():
        running = threads.running.setdefault(key, [])
        if context not in running:
            # the main context comes first where a function is told of
            running.insert(0 if context.is_main else len(running), context)
            threads.found_by[context.index, key] = None if edge is None else (edge.caller, edge.site)


def _windows(threads: Threads, context: Context) -> dict[int, tuple[int, int]]:
    """What the main context may be doing while `context` lives: by function, a range of ids.

    Where nobody waits for its end, what callers outside may run comes on top (`Threads.outside`).
    """
    calls = threads.calls
    windows: dict[int, tuple[int, int]] = {}
    pending: list[tuple[Code, int, int]] = []
    if context.ends is not None and context.code is not None:
        pending.append((context.code, *context.ends))
    else:
        for code, id in context.starts:
            loop = loop_around(code, id)
            pending.append((code, loop[0] if loop else id + 1, END))
    while pending:
        code, low, high = pending.pop()
        if threads.is_beside_callers(context, code):
            continue
        known = windows.get(code.key)
        if known is not None and known[0] <= low and known[1] >= high:
            continue
        low, high = (min(low, known[0]), max(high, known[1])) if known is not None else (low, high)
        windows[code.key] = (low, high)
        for edge in calls.calls(code):
            if low <= edge.site <= high:
                pending.append((edge.callee, 0, END))
        if high == END and low > 0:
            for edge in calls.callers(code):
                loop = loop_around(edge.caller, edge.site)
                pending.append((edge.caller, loop[0] if loop else edge.site + 1, END))
    return windows
