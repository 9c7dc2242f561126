"""What each finding says, word for word: the message and its notes, each with its line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from expectations import FIXTURES, checked

from racelint import engine
from racelint.configuration.config import Config
from racelint.findings import Finding, Report
from racelint.rule import load_rules

SHOWN = {
    "RL101_unguarded_update/bad.py": (
        "11: `self.count` is updated without a lock by several threads running `worker`: an update can be "
        "lost. Hold one lock from the read to the store.",
        "27: several threads running `worker` start here: `worker` → `deposit` → `Counter.increment`",
    ),
    "RL101_unguarded_update/cleared_beside_the_thread.py": (
        "13: `self.cost` is updated without a lock by the thread running `Loader._load` and any caller of "
        "`Loader.forget`: an update can be lost. Hold one lock from the read to the store.",
        "17: `self.cost` is updated here by any caller of `Loader.forget`",
        "38: the thread running `Loader._load` starts here: `Loader._load` → `Cache.insert`",
        "45: any caller of `Loader.forget` begins here: `Loader.forget` → `Cache.clear`",
    ),
    "RL101_unguarded_update/one_method_forgot_the_lock.py": (
        "26: `self._total` is updated without `_lock`: an update can be lost. `_lock` is held at its 5 other "
        "accesses; hold it here too.",
        "13: `self._total` is updated here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL101_unguarded_update/positional_thread_arguments.py": (
        "13: `self.votes` is updated without a lock by two threads running `poll`: an update can be lost. "
        "Hold one lock from the read to the store.",
        "23: the thread running `poll` starts here: `poll` → `Tally.add`",
        "24: the thread running `poll` starts here: `poll` → `Tally.add`",
    ),
    "RL101_unguarded_update/timer_against_main.py": (
        "12: `self.ticks` is updated without a lock by the main thread and the thread running `Meter.tick`: "
        "an update can be lost. Hold one lock from the read to the store.",
        "17: the thread running `Meter.tick` starts here",
    ),
    "RL102_inconsistent_guard/bad.py": (
        "27: `self._jobs` is changed (`clear`) without `_lock`, which is held at its 5 other accesses. Hold "
        "it here too.",
        "13: `self._jobs` is changed (`append`) here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL102_inconsistent_guard/forgotten_len.py": (
        "27: `self._by_user` is read (`len`) without `_guard`, which is held at its 5 other accesses. Hold it"
        " here too.",
        "15: `self._by_user` is set here with `_guard` held",
        "8: `_guard` is created here",
    ),
    "RL102_inconsistent_guard/locked_helper_with_forgetful_caller.py": (
        "22: `Cache._reset_locked` is called without `_lock`, which its other callers hold: `self._entries` "
        "is set there. Hold it here too.",
        "29: `self._entries` is set here",
        "13: `self._entries` is changed here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL103_different_locks/bad.py": (
        "22: `self._stock` is updated under `_report_lock` here, but under `_stock_lock` in "
        "`Warehouse.receive`: the two do not exclude each other. Hold `_stock_lock` on both sides.",
        "14: `self._stock` is updated here by several threads running `trade` with `_stock_lock` held",
        "34: several threads running `trade` start here: `trade` → `Warehouse.correct`",
        "8: `_stock_lock` is created here",
        "9: `_report_lock` is created here",
    ),
    "RL103_different_locks/module_lock_and_class_lock.py": (
        "24: `_cache` is changed (`update`) under `_lock` here, but under `_cache_lock` in `remember`: the "
        "two do not exclude each other. Hold `_cache_lock` on both sides.",
        "11: `_cache` is changed here with `_cache_lock` held",
        "6: `_cache_lock` is created here",
        "20: `_lock` is created here",
    ),
    "RL104_unguarded_iteration/bad.py": (
        "14: `self.sizes` is iterated (`items`) by the main thread while several threads running `work` change it: "
        "RuntimeError when its size changes. Iterate over a copy (`list(...)`), or hold one lock on both sides.",
        "11: `self.sizes` is changed here by several threads running `work`",
        "26: several threads running `work` start here: `work` → `Downloads.fetch`",
    ),
    "RL104_unguarded_iteration/view_returned_out_of_lock.py": (
        "23: A live view of `self._pages` (`values`) leaves `_lock`: whoever iterates over it does so without the "
        "lock, while `Recently.visit` changes it with the lock held. Return a copy: `list(...)`.",
        "13: `self._pages` is changed here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL104_unguarded_iteration/view_of_what_a_thread_fills.py": (
        "23: A live view of `self.devices` (`values`) is given away: whoever iterates over it does so while the thread "
        "running `Browser._browse` changes it. Return a copy: `list(...)`.",
        "19: `self.devices` is changed here by the thread running `Browser._browse`",
        "13: the thread running `Browser._browse` starts here",
    ),
    "RL104_unguarded_iteration/helper_called_without_the_lock.py": (
        "22: `Queue._report` iterates over `self._jobs` and is called here without `_lock`, while `Queue.put` changes "
        "it with the lock held: RuntimeError when its size changes. Iterate over a copy (`list(...)`), or hold `_lock` "
        "here too.",
        "25: `self._jobs` is iterated here",
        "13: `self._jobs` is changed here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL104_unguarded_iteration/item_removed_from_list.py": (
        "17: `self._listeners` is iterated by the main thread while the thread running `guest` changes it: items can "
        "be skipped or repeated. Iterate over a copy (`list(...)`), or hold one lock on both sides.",
        "14: `self._listeners` is changed (`remove`) here by the thread running `guest`",
        "29: the thread running `guest` starts here: `guest` → `Bell.unsubscribe`",
    ),
    "RL104_unguarded_iteration/one_call_without_the_gil.py": (
        "20: `self._points` is iterated (`sum`) without `_lock`, while `Scores.add` changes it with the lock held: "
        "RuntimeError when its size changes (without the GIL). Iterate over a copy (`list(...)`), or hold `_lock` here "
        "too.",
        "13: `self._points` is changed here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL104_unguarded_iteration/tasks_come_and_go_while_one_waits.py": (
        "12: `self.listeners` is iterated with an `await` in its turns, at which several tasks running "
        "`Hub.handle` can change it: RuntimeError when its size changes. Iterate over a copy (`list(...)`), or "
        "hold an `asyncio.Lock` on both sides.",
        "13: here the task waits, and others run",
        "19: `self.listeners` is changed (`add`) here",
        "30: several tasks running `Hub.handle` start here: `Hub.handle` → `Hub.tell`",
    ),
    "RL105_lock_without_exclusion/bad.py": (
        "13: `self.total` is updated by several threads running `send` under `_slots`, a semaphore that lets "
        "several in at once: an update can be lost. Guard it with a `Lock`.",
        "23: several threads running `send` start here: `send` → `Uploads.upload`",
        "8: `_slots` is created here",
    ),
    "RL105_lock_without_exclusion/event_as_lock.py": (
        "15: `self.pages` is updated by several threads running `office_worker` under `_free`, an event, "
        "which keeps nobody out: an update can be lost. Guard it with a `Lock`.",
        "25: several threads running `office_worker` start here: `office_worker` → `Printer.print_pages`",
        "8: `_free` is created here",
    ),
    "RL105_lock_without_exclusion/instance_lock_for_class_state.py": (
        "17: `Download.finished` is updated by several pool tasks running `download` under `_lock`, of which "
        "each `Download` has its own: an update can be lost. Guard it with one lock for all of them.",
        "27: several pool tasks running `download` start here: `download` → `Download.run`",
        "12: `_lock` is created here",
    ),
    "RL105_lock_without_exclusion/write_under_reader_side.py": (
        "16: `self._hits` is updated by several threads running `browse` under `_lock`, of which the reader "
        "side lets several in at once: an update can be lost. Take the writer side.",
        "31: several threads running `browse` start here: `browse` → `Page.read`",
        "10: `_lock` is created here",
    ),
    "RL106_broken_claim/bad.py": (
        "14: `Orders._store` is called without `_lock`, which it is claimed to require. Hold it here.",
        "16: `requires: _lock` is claimed here",
        "6: `_lock` is created here",
    ),
    "RL106_broken_claim/confined_and_shared.py": (
        "8: `journal` is claimed to be confined to one context, and is read (`len`) here by several "
        "threads running `note`. Guard it with a lock, or hand the work over.",
        "4: `confined` is claimed here",
        "9: `journal` is changed (`append`) here by several threads running `note`",
        "13: several threads running `note` start here",
    ),
    "RL106_broken_claim/main_only.py": (
        "19: `Window.draw` is claimed to run on the main thread only, and is called here by the thread "
        "running `load`. Hand the call over.",
        "9: `runs-on: main` is claimed here",
        "23: the thread running `load` starts here",
    ),
    "RL106_broken_claim/started_with_a_lock_required.py": (
        "16: `Index._rebuild` is started here and claimed to require `_lock`, which a new thread does not "
        "hold. Take it there.",
        "10: `requires: _lock` is claimed here",
        "7: `_lock` is created here",
    ),
    "RL107_lost_swap/bad.py": (
        "19: `self._letters` is cleared here after line 18 has read it, and the main thread can add to it in between: "
        "what is added there is lost. Hold one lock over both.",
        "18: `self._letters` is read (`list`) here first",
        "13: `self._letters` is changed (`append`) here by the main thread",
        "25: the thread running `Outbox.flush` starts here",
    ),
    "RL107_lost_swap/read_and_cleared_in_two_sections.py": (
        "24: `self._pages` is cleared here after line 21 has read it, and other threads can add to it in between: what "
        "is added there is lost. Hold `_lock` over both.",
        "21: `self._pages` is read (`list`) here first",
        "13: `self._pages` is changed (`append`) here with `_lock` held",
        "8: `_lock` is created here",
    ),
    "RL107_lost_swap/swapped_while_making_what_to_add.py": (
        "19: `self._marks` is taken over and replaced here, but the main thread can add to it: who has fetched the old "
        "one by then adds to it too late, and it is lost. Hold one lock here and over the adding.",
        "18: `self._marks` is read here first",
        "13: `self._marks` is changed (`append`) here by the main thread",
        "26: the thread running `Log.save` starts here",
    ),
    "RL108_unguarded_write/bad.py": (
        "12: `self.record` is set here and read back at line 14, but several threads running `report` set it:"
        " a call can go on with the value of another. Keep it in a local variable, or in a `threading.local`.",
        "14: `self.record` is read back here",
        "28: several threads running `report` start here: `report` → `Formatter.format`",
    ),
    "RL109_shared_generator/bad.py": (
        "18: The generator in `pending` is run on here, and by several threads running `work` at once: who comes second"
        ' gets "ValueError: generator already executing". Hold one lock around each `next`, or hand the items out by a'
        " `queue.Queue`.",
        "22: several threads running `work` start here",
    ),
    "RL201_check_then_act/bad.py": (
        "11: `self.bookings` is tested here and changed at line 12 with no lock over both: several threads "
        "running `buy` can change it in between. Hold one lock from the test to the act.",
        "12: `self.bookings` is changed here",
        "26: several threads running `buy` start here: `buy` → `Theatre.book`",
    ),
    "RL201_check_then_act/filled_in_one_arm_and_added_to_in_the_other.py": (
        "11: `self.known` is tested here and changed at line 12 with no lock over both: several threads running "
        "`serve` can change it in between. Hold one lock from the test to the act.",
        "12: `self.known` is changed here",
        "34: several threads running `serve` start here: `serve` → `Folders.note`",
    ),
    "RL201_check_then_act/count_until_equal.py": (
        "16: `self.n` is tested here and updated in `Walker.step` with no lock over both: two threads running"
        " `Walker.walk` can update it in between. Hold one lock from the test to the act.",
        "13: `self.n` is updated here",
        "24: the thread running `Walker.walk` starts here",
        "25: the thread running `Walker.walk` starts here: `Walker.walk` → `Walker.step`",
    ),
    "RL202_unsafe_lazy_init/bad.py": (
        "21: `self._connection` is made on first use without a lock by several threads running `look_up`: two"
        " threads can make one each. Hold one lock over the test and the making, or make it before threads "
        "use it.",
        "22: `self._connection` is set here",
        "31: several threads running `look_up` start here: `look_up` → `Database.connection`",
    ),
    "RL202_unsafe_lazy_init/no_second_test.py": (
        "17: `_pool` is made on first use under `_pool_lock` by several threads running `borrow`, but not tested "
        "again under it: two threads can make one each. Test it once more after `_pool_lock` is taken.",
        "19: `_pool` is set here",
        "28: several threads running `borrow` start here: `borrow` → `get_pool`",
        "12: `_pool_lock` is created here",
    ),
    "RL203_split_critical_section/bad.py": (
        "18: `self._count` is updated because of what line 13 found, but `_lock` is released after that: "
        "several threads running `Stock.buy` can update it in between. Hold `_lock` over both, or test again "
        "here.",
        "13: `self._count` is read here first",
        "32: several threads running `Stock.buy` start here",
        "8: `_lock` is created here",
    ),
    "RL204_non_atomic_call_sequence/bad.py": (
        "10: `jobs` was not empty when it was asked, but several threads running `work` can take from it "
        "before line 11 does: `get` then waits for ever. Call `get_nowait` and catch `queue.Empty`.",
        "11: `get` is called here",
        "18: several threads running `work` start here",
    ),
    "RL204_non_atomic_call_sequence/two_ways_out.py": (
        "16: `self._mails` was not empty when it was asked, but the thread running `Mailer._run` can take "
        "from it before line 17 does: `get_nowait` then raises. Leave out the question and catch "
        "`queue.Empty`.",
        "17: `get_nowait` is called here",
        "21: `get` is called here, in `Mailer._run`",
        "10: the thread running `Mailer._run` starts here",
    ),
    "RL204_non_atomic_call_sequence/lock_asked_first.py": (
        "9: `busy` was free when it was asked, but several threads running `tick` can take it before line 10 "
        "does: `acquire` then waits. Call `acquire(blocking=False)` and look at its result.",
        "10: `acquire` is called here",
        "18: several threads running `tick` start here",
    ),
    "RL204_non_atomic_call_sequence/event_as_claim.py": (
        "9: `begun` was not set when it was asked, but several threads running `load` can set it before line "
        "10 does: both go on as if they were the first. Hold a lock over both.",
        "10: `set` is called here",
        "15: several threads running `load` start here",
    ),
    "RL205_double_read/bad.py": (
        "17: `self._connection` was tested and is read again here: `Client.close`, run by the main thread, "
        "can set it to None in between. Read it once into a local variable; test and use that.",
        "16: `self._connection` is read here first",
        "20: `self._connection` is set here by the main thread",
        "30: the thread running `talk` starts here: `talk` → `Client.send`",
    ),
    "RL205_double_read/deleted_attribute.py": (
        "17: `self.response` was tested and is read again here: `Page.forget`, run by the main thread, can "
        "delete it in between. Read it once into a local variable; test and use that.",
        "16: `self.response` is read here first",
        "21: `self.response` is deleted here by the main thread",
        "30: the thread running `measure` starts here: `measure` → `Page.length`",
    ),
    "RL301_lock_order_cycle/bad.py": (
        "21: `stock_lock` is taken while `till_lock` is held, and elsewhere the other way round: the threads "
        "can wait for each other for ever. Take these locks in the same order everywhere.",
        "19: `till_lock` is held from here on",
        "14: `till_lock` is taken here while `stock_lock` is held",
        "6: `till_lock` is created here",
        "5: `stock_lock` is created here",
    ),
    "RL301_lock_order_cycle/three_modules": (
        "18: `count` takes `orders.lock` while `shipping.lock` is held, and elsewhere `payments.lock` while "
        "`orders.lock` and `shipping.lock` while `payments.lock`: the threads can wait for each other for "
        "ever. Take these locks in the same order everywhere.",
        "17: `shipping.lock` is held from here on",
        "18: `orders.lock` is taken here, through `count`",
        "14: `payments.lock` is taken here while `orders.lock` is held, through `charge`",
        "19: `shipping.lock` is taken here while `payments.lock` is held, through `cancel`",
        "7: `lock` is created here",
        "7: `lock` is created here",
        "7: `lock` is created here",
    ),
    "RL301_lock_order_cycle/through_calls.py": (
        "21: `Editor._read_ahead` takes `_text_lock` while `_view_lock` is held, and elsewhere the other way "
        "round: the threads can wait for each other for ever. Take these locks in the same order everywhere.",
        "19: `_view_lock` is held from here on",
        "31: `_text_lock` is taken here, through `Editor._read_ahead` → `Editor._length`",
        "16: `_view_lock` is taken here while `_text_lock` is held, through `Editor._show`",
        "9: `_view_lock` is created here",
        "8: `_text_lock` is created here",
    ),
    "RL302_self_deadlock/bad.py": (
        "22: `Ledger.total` takes `self._lock`, which is held here already: the thread waits for itself for "
        "ever. Call a variant that expects it to be held, or make it an `RLock`.",
        "20: `self._lock` is held from here on",
        "16: `self._lock` is taken here, through `Ledger.total`",
        "8: `_lock` is created here",
    ),
    "RL302_self_deadlock/nested_with.py": (
        "15: `self._lock` is taken again while it is held: the thread waits for itself for ever. Take it "
        "once, or make it an `RLock`.",
        "8: `_lock` is created here",
    ),
    "RL303_unordered_instances/bad.py": (
        "15: `target.lock` is taken while `source.lock` is held: two threads that come to the same two "
        "`Account` objects in opposite order wait for each other for ever. Take the two locks in a fixed "
        "order, for example by `id`.",
        "13: `source.lock` is held from here on",
        "8: `lock` is created here",
    ),
    "RL304_blocking_under_lock/bad.py": (
        "26: `Thread.join` is called while `self._lock` is held, which the thread running `Meter._read` must "
        "take before it ends: the two wait for each other for ever. Release the lock before waiting.",
        "24: `self._lock` is held from here on",
        "11: the thread running `Meter._read` starts here",
        "18: `_lock` is taken here",
        "8: `_lock` is created here",
    ),
    "RL304_blocking_under_lock/end_of_an_executor.py": (
        "18: leaving `with ThreadPoolExecutor` waits while `lock` is held, which several pool tasks running "
        "`measure` must take before they end: the two wait for each other for ever. Release the lock before "
        "waiting.",
        "16: `lock` is held from here on",
        "20: several pool tasks running `measure` start here",
        "11: `lock` is taken here",
        "6: `lock` is created here",
    ),
    "RL304_blocking_under_lock/event_set_under_the_lock.py": (
        "19: `Event.wait` is called while `self._lock` is held, which a caller of `set` must take first: "
        "the two wait for each other for ever. Release the lock before waiting.",
        "18: `self._lock` is held from here on",
        "13: `_lock` is taken here by a caller of `set`",
        "8: `_lock` is created here",
    ),
    "RL304_blocking_under_lock/through_calls.py": (
        "33: `Depot._wait_for_all` calls `Thread.join` while `self._lock` is held, which several threads "
        "running `Depot._carry` must take before they end: the two wait for each other for ever. Release the "
        "lock before waiting.",
        "31: `self._lock` is held from here on",
        "28: it waits here, through `Depot._wait_for_all`",
        "14: several threads running `Depot._carry` start here: `Depot._carry` → `Depot._next`",
        "23: `_lock` is taken here, through `Depot._next`",
        "8: `_lock` is created here",
    ),
    "RL305_foreign_code_under_lock/bad.py": (
        "16: `self._on_change` is called while `self._lock` is held: it may wait for a thread that is in "
        "`Connection.open` and waits for `self._lock`. Copy what is needed under the lock, and call after its"
        " release.",
        "19: `self._lock` is taken by any caller of `Connection.open` here",
        "9: `_lock` is created here",
    ),
    "RL307_lock_in_finalizer/bad.py": (
        "16: `_lock` is taken by `Handle.__del__`, which may run in the middle of any code: where that code "
        "holds it already, the thread waits for itself for ever. Make it an `RLock`, or leave a note in a "
        "`queue.SimpleQueue`.",
        "12: `_lock` is held from here on by other code",
        "5: `_lock` is created here",
    ),
    "RL307_lock_in_finalizer/finalize_through_calls.py": (
        "25: `self._lock` is taken by `Pool._returned`, which is called when an object dies, in the middle of"
        " any code: where that code holds it already, the thread waits for itself for ever. Make it an "
        "`RLock`, or leave a note in a `queue.SimpleQueue`.",
        "18: `self._lock` is held from here on by other code",
        "28: it is taken here, through `Pool._put`",
        "14: `_lock` is created here",
    ),
    "RL307_lock_in_finalizer/signal_handler.py": (
        "11: `lock` is taken by the signal handler `show`, which interrupts the main thread anywhere: where "
        "that code holds it already, the thread waits for itself for ever. Make it an `RLock`, or leave a "
        "note in a `queue.SimpleQueue`.",
        "18: `lock` is held from here on by other code",
        "6: `lock` is created here",
    ),
    "RL308_slow_call_under_lock/bad.py": (
        "18: `time.sleep` is called while `self._lock` is held: all who need the lock wait as long. Release "
        "the lock before.",
        "15: `self._lock` is held from here on",
        "22: `_lock` is taken by `Scoreboard.score` here",
        "10: `_lock` is created here",
    ),
    "RL308_slow_call_under_lock/waits_in_vain.py": (
        "22: `Thread.join` is called while `self._lock` is held, which the thread running `Workers._work` "
        "must take before it ends: it waits in vain until its timeout. Release the lock before.",
        "21: `self._lock` is held from here on",
        "11: the thread running `Workers._work` starts here",
        "14: `_lock` is taken here",
        "9: `_lock` is created here",
    ),
    "RL309_listener_under_lock/bad.py": (
        "22: What is in `self._listeners` is called while `self._lock` is held, with which `Thermometer.listen` puts "
        "listeners in: if one calls it, the thread waits for itself for ever. Copy the listeners under the lock, and "
        "call them after its release.",
        "13: a listener is put in here",
        "12: `self._lock` is taken here",
        "8: `_lock` is created here",
    ),
    "RL401_acquire_without_release/bad.py": (
        "12: `self._lock` is still held when the function is left at line 14: the next thread to take it "
        "waits for ever. Use `with`, or release it on every path.",
        "14: the function is left here with `self._lock` held",
        "8: `_lock` is created here",
    ),
    "RL401_acquire_without_release/continue_in_loop.py": (
        "13: `self._lock` is still held on some path through `Sum.add_all`: the next thread to take it waits "
        "for ever. Use `with`, or release it on every path.",
        "8: `_lock` is created here",
    ),
    "RL401_acquire_without_release/never_released.py": (
        "11: `_events_lock` is acquired here and nothing in the program releases it: the next thread to take "
        "it waits for ever. Use `with`, or release it on every path.",
        "5: `_events_lock` is created here",
    ),
    "RL402_release_skipped_by_exception/bad.py": (
        "13: `self._lock` stays locked for ever if line 14 raises: its release is not in a `finally`. Use "
        "`with`, or release it in `finally`.",
        "14: an exception here skips the release",
        "9: `_lock` is created here",
    ),
    "RL403_ignored_acquire_result/bad.py": (
        "12: `self._lock` may not be held after this `acquire`: it can give up, and its result is ignored. Go"
        " on only if it returned True.",
        "8: `_lock` is created here",
    ),
    "RL404_release_without_acquire/bad.py": (
        "19: `self._lock` is released here on a path that does not hold it: `release` raises RuntimeError, or"
        " frees the lock of another thread. Release it once for each acquire that succeeded.",
        "8: `_lock` is created here",
    ),
    "RL405_useless_lock/bad.py": (
        "7: This lock is made anew at each call of `write_line`: no other thread can hold it, so it keeps "
        "nobody out. Make it once, in `__init__` or at module level.",
    ),
    "RL406_rebound_lock/bad.py": (
        "16: `self._lock` gets a new lock here while several threads running `vote` may hold the old one, "
        "taken in `Tally.add`: the two do not exclude each other. Make the lock once, and keep it.",
        "12: the lock is taken here",
        "31: several threads running `vote` start here: `vote` → `Tally.add`",
        "8: the old lock is created here",
    ),
    "RL406_rebound_lock/replaced_while_held.py": (
        "20: `self._guard` gets a new lock here while the thread running `Cache._refresh` may hold the old "
        "one, taken in `Cache._refresh`: the two do not exclude each other. Make the lock once, and keep it.",
        "14: the lock is taken here",
        "10: the thread running `Cache._refresh` starts here",
        "8: the old lock is created here",
    ),
    "RL501_wait_without_loop/bad.py": (
        "19: `self._orders` is tested before this wait and not after it: when `self._changed` is notified, "
        "another thread may be faster and change it again. Wait in a `while` loop in place of `if`, or use "
        "`wait_for`.",
        "18: `self._orders` is read here",
        "14: the notify is here",
        "8: `_changed` is created here",
    ),
    "RL501_wait_without_loop/no_test_at_all.py": (
        "18: The thread waits for `self._came` without testing anything while it is held: if `Answer.give` "
        "notifies first, it waits for ever. Wait in a `while` loop that tests the state, or use `wait_for`.",
        "14: the notify is here",
        "8: `_came` is created here",
    ),
    "RL501_wait_without_loop/helper_without_a_loop.py": (
        "20: The thread waits for `self._given_back` without testing anything while it is held: if "
        "`Pool.give_back` notifies first, it waits for ever. Wait in a `while` loop that tests the state, or "
        "use `wait_for`.",
        "30: the wait is here",
        "26: the notify is here",
        "9: `_given_back` is created here",
    ),
    "RL501_wait_without_loop/asyncio_looks_once.py": (
        "19: `self._parcels` is tested before this wait and not after it: when `self._came` is notified, "
        "another task may be faster and change it again. Wait in a `while` loop in place of `if`, or use "
        "`wait_for`.",
        "18: `self._parcels` is read here",
        "14: the notify is here",
        "8: `_came` is created here",
    ),
    "RL502_wait_or_notify_without_lock/bad.py": (
        "14: `self._came` is notified here while it is not held: RuntimeError. Do it inside `with` of the "
        "condition, or of the lock that it was made with.",
        "8: `_came` is created here",
    ),
    "RL502_wait_or_notify_without_lock/asyncio_notify.py": (
        "16: `self._news` is notified here while it is not held: RuntimeError. Do it inside `async with` of "
        "the condition, or of the lock that it was made with.",
        "10: `_news` is created here",
    ),
    "RL503_lost_wakeup/bad.py": (
        "19: `self._is_open` was tested before `self._moved` was taken: if `Door.open` notifies in between, "
        "this waits for ever. Test it in a loop with `self._moved` held.",
        "17: `self._is_open` is read here",
        "14: the notify is here",
        "8: `_moved` is created here",
    ),
    "RL503_lost_wakeup/changed_after_the_notify.py": (
        "13: `self._state` is notified before `self._ready` is set at line 14: `Server.wait_until_ready` can "
        "wake up, see the old state and wait for ever. Change the state first, or in the same `with`.",
        "19: `self._state` is waited for here",
        "8: `_state` is created here",
    ),
    "RL503_lost_wakeup/event_cleared_after_the_work.py": (
        "24: `self._more` is cleared after `self._pages` was looked at: what `Printer.add` adds in between is "
        "not announced any more. Clear it right after the wait, before the look.",
        "19: `self._more` is waited for here",
        "14: `self._pages` is changed (`append`) here",
        "15: `self._more` is set here",
        "8: `_more` is created here",
    ),
    "RL503_lost_wakeup/event_set_and_cleared.py": (
        "12: `self._shot` is cleared right after it was set: a thread that is not waiting at that moment "
        "never sees it. Let the one who waits clear it, or use a condition.",
        "16: `self._shot` is waited for here",
        "8: `_shot` is created here",
    ),
    "RL306_lock_across_await/bad.py": (
        "13: `self._lock` is held over the `await` at line 15: another task that runs this meanwhile stops "
        "the thread of the loop, and nobody can release the lock. Use an `asyncio.Lock`, or release it before"
        " the `await`.",
        "15: here the task waits, and others run",
        "9: `_lock` is created here",
    ),
    "RL306_lock_across_await/reentrant.py": (
        "12: `lock` is held over the `await` at line 14, but it belongs to the thread, which all tasks of the"
        " loop share: another task that runs this is let in. Use an `asyncio.Lock`, or release it before the "
        "`await`.",
        "14: here the task waits, and others run",
        "6: `lock` is created here",
    ),
    "RL504_signal_skipped_by_exception/bad.py": (
        "20: `self._ready.set` is skipped if line 19 raises: `Server.start` then waits for it for ever. Call it in a "
        "`finally`, or wait with a timeout.",
        "19: an exception here skips it",
        "15: it is waited for here, with no timeout",
    ),
    "RL601_update_across_await/bad.py": (
        "11: `self.received` is written back after the `await` at line 11, and several tasks running "
        "`Downloads.fetch` can update it meanwhile: that change is lost. Wait first, then read and store; or "
        "hold an `asyncio.Lock` over both.",
        "11: `self.received` is read here first",
        "11: here the task waits, and others run",
        "21: several tasks running `Downloads.fetch` start here",
    ),
    "RL602_check_across_await/bad.py": (
        "17: `self._connection` is tested here and set after the `await` at line 19, and several tasks "
        "running `Client.connect` can set it meanwhile. Hold an `asyncio.Lock` over both, or test again after "
        "the last `await`.",
        "17: `self._connection` is read here first",
        "19: here the task waits, and others run",
        "20: `self._connection` is set here",
        "26: several tasks running `Client.connect` start here",
    ),
    "RL603_loop_object_from_thread/bad.py": (
        "14: `self._lines.put_nowait` is called by the thread running `Reader.read`, outside the thread of "
        "the event loop: it is not safe there, and the loop may sleep on. Hand it to "
        "`loop.call_soon_threadsafe`.",
        "19: a coroutine uses it here",
        "17: the thread running `Reader.read` starts here",
    ),
    "RL603_loop_object_from_thread/loop_run_by_a_function.py": (
        "17: `loop.call_later` is called by any caller of `start`, outside the thread of the event loop: it "
        "is not safe there, and the loop may sleep on. Hand it to `loop.call_soon_threadsafe`.",
        "9: another thread runs the loop from here on",
    ),
    "RL604_lock_of_another_loop/bad.py": (
        "10: `_saving` belongs to one event loop, and is taken here in the loops of several pool tasks running "
        "`work`: whoever has to wait for it gets `RuntimeError`, or is never woken. Run all of it in one loop, or "
        "use a lock of `threading` for what threads share.",
        "15: the loops are run here",
        "21: several pool tasks running `work` start here",
        "6: `_saving` is created here",
    ),
    "RL605_limit_across_await/bad.py": (
        "12: `self.occupied` is tested here and changed (`add`) after the `await` at line 14, and several tasks "
        "running `Pool.connect` can change it meanwhile: the limit is exceeded. Take your part before you wait, or "
        "hold an `asyncio.Lock` over both.",
        "12: `self.occupied` is read (`len`) here first",
        "14: here the task waits, and others run",
        "15: `self.occupied` is changed (`add`) here",
        "21: several tasks running `Pool.connect` start here",
    ),
    "RL701_started_before_initialised/bad.py": (
        "10: `Mailbox._deliver` starts here and reads `self._letters`, set only at line 11: it can be first, "
        "and fail with an `AttributeError`. Set what it reads before it is started.",
        "11: `self._letters` is set here",
        "18: `self._letters` is read here by `Mailbox._deliver`",
    ),
    "RL701_started_before_initialised/base_class_starts.py": (
        "20: `Greeter.run` starts here and reads `self._greeting`, set only at line 21: it can be first, and "
        "fail with an `AttributeError`. Set what it reads before it is started.",
        "9: `Greeter.run` is started here",
        "21: `self._greeting` is set here",
        "24: `self._greeting` is read here by `Greeter.run`: `Service.run` → `Greeter.serve`",
    ),
    "RL701_started_before_initialised/none_until_opened.py": (
        "13: `Channel._read` starts here and reads `self._codec`, set only at line 14: it can be first, and "
        "find None. Set what it reads before it is started.",
        "14: `self._codec` is set here",
        "17: `self._codec` is read here by `Channel._read`",
    ),
    "RL702_read_before_join/bad.py": (
        "17: `self._words` is read while the thread running `Report._count` may still be at work: line 18 "
        "waits for the end, too late for this read. Read it after that.",
        "12: `self._words` is set here by `Report._count`",
        "15: the thread running `Report._count` starts here",
        "18: the starter waits here",
    ),
    "RL702_read_before_join/timeout_of_which_nobody_asks.py": (
        "15: `found` is read although the `join` at line 14 may have given up: when its timeout is over, the "
        "thread running `look_up` may still be at work. Ask `is_alive()` first.",
        "7: `found` is changed (`append`) here by `look_up`",
        "12: the thread running `look_up` starts here",
        "14: the starter waits here",
    ),
    "RL703_late_bound_argument/bad.py": (
        "10: The lambda reads `address` only when it runs, and the loop may have moved on by then: it can see "
        "the value of a later turn. Hand the value over as an argument, or bind it by a default: "
        "`address=address`.",
        "10: `address` is read here when it runs",
        "9: the loop gives `address` its next value here",
    ),
    "RL703_late_bound_argument/generator_handed_over.py": (
        "14: The generator `count_all.books` reads `shelf` only when it runs, and the loop may have moved on "
        "by then: it can see the value of a later turn. Hand the value over as an argument, or bind it by a "
        "default: `shelf=shelf`.",
        "11: `shelf` is read here when it runs",
        "8: the loop gives `shelf` its next value here",
    ),
    "RL903_unknown_claim/bad.py": (
        "7: `guarded-by: _lokc` claims nothing: there is no `_lokc` here; did you mean `_lock`?",
    ),
    "RL903_unknown_claim/nobody_starts_it.py": (
        "7: `owned-by: _red` claims nothing: there is no function `_red` here",
    ),
    "RL704_thread_local_set_once/bad.py": (
        "6: `_state.depth` is set here for the current thread only: in others, `descend` fails with an "
        "`AttributeError`. Set it in the `__init__` of a subclass of `threading.local`, or read it by "
        '`getattr(_state, "depth", default)`.',
        "10: `_state.depth` is read here",
        "17: several threads running `descend` start here",
    ),
    "RL705_process_global_state/bad.py": (
        "9: Several pool tasks running `build` change the working directory here for a while at once: that "
        "belongs to the whole process, and they get in each other's way. Use absolute paths, and `cwd=` for "
        "commands that are run.",
        "15: several pool tasks running `build` start here",
    ),
    "RL705_process_global_state/output_replaced_by_hand.py": (
        "10: Any caller of `start` changes the standard streams here for a while, and the thread running "
        "`silently` can do so meanwhile: that belongs to the whole process, and they get in each other's way. "
        "Write to a stream that is handed over.",
        "12: it is set back here",
        "15: any caller of `start` begins here: `start` → `silently`",
        "16: the thread running `silently` starts here",
    ),
    "RL706_process_wide_setting/directory_of_a_daemon.py": (
        "9: The thread running `guard` changes the working directory here: that belongs to the whole process, "
        "and all threads get it. Use absolute paths, and `cwd=` for commands that are run.",
        "13: the thread running `guard` starts here",
    ),
}


def told(report: Report, code: str) -> tuple[str, ...]:
    """The first finding of a rule: its message, then its notes."""
    finding: Finding = next(finding for finding in report.findings if finding.code == code)
    return (
        f"{finding.span.line}: {finding.message}",
        *(f"{related.span.line}: {related.message}" for related in finding.related),
    )


@pytest.mark.parametrize("program", SHOWN)
def test_a_finding_says_what_is_wrong_who_does_it_and_what_to_do(program: str) -> None:
    code = program.partition("_")[0]

    assert told(checked(FIXTURES / "rules" / program), code) == SHOWN[program]


def test_every_rule_is_shown() -> None:
    assert {program.partition("_")[0] for program in SHOWN} == {rule.code for rule in load_rules() if rule.check}


def checked_text(folder: Path, source: str, *assume_shared: str) -> Report:
    module = folder / "m.py"
    module.write_text(dedent(source), encoding="utf-8")
    return engine.check([module], Config(folder, assume_shared=assume_shared))


def test_a_public_method_is_run_by_whoever_calls_it(tmp_path: Path) -> None:
    report = checked_text(
        tmp_path,
        """\
        import threading

        class Meter:
            def __init__(self):
                self.ticks = 0
                threading.Thread(target=self._run).start()

            def _run(self):
                self.ticks += 1

            def reset(self):
                self.ticks = 0

            def is_late(self):
                return self.ticks > 9
        """,
    )

    assert told(report, "RL101") == (
        "9: `self.ticks` is updated without a lock by the thread running `Meter._run` while any caller of "
        "`Meter.reset` sets it: an update can be lost. Hold one lock from the read to the store.",
        "12: `self.ticks` is set here by any caller of `Meter.reset`",
        "6: the thread running `Meter._run` starts here",
    )


def test_what_is_only_assumed_says_so(tmp_path: Path) -> None:
    source = """\
        class Registry:
            def __init__(self):
                self.size = 0
                self.handle = None

            def add(self):
                self.size += 1

            def close(self):
                if self.handle:
                    self.handle.close()
                    self.handle = None

            def flush(self):
                if self.handle:
                    self.handle.flush()
        """

    report = checked_text(tmp_path, source, "m.Registry")

    assert told(report, "RL101") == (
        "7: `self.size` is updated without a lock by any threads (--assume-shared): an update can be lost. "
        "Hold one lock from the read to the store.",
    )
    assert told(report, "RL201") == (
        "10: `self.handle` is tested here and set at line 12 with no lock over both: other threads can change it in "
        "between (--assume-shared). Hold one lock from the test to the act.",
        "12: `self.handle` is set here",
    )
    assert told(report, "RL205") == (
        "16: `self.handle` was tested and is read again here: another thread can reset it in between "
        "(--assume-shared). Read it once into a local variable; test and use that.",
        "15: `self.handle` is read here first",
    )


def test_the_middle_of_a_long_way_is_left_out(tmp_path: Path) -> None:
    report = checked_text(
        tmp_path,
        """\
        import threading

        total = 0

        def a(): b()
        def b(): c()
        def c(): d()
        def d(): e()
        def e(): f()
        def f():
            global total
            total += 1

        for _ in range(2):
            threading.Thread(target=a).start()
        """,
    )

    assert told(report, "RL101")[1:] == ("15: several threads running `a` start here: `a` → `b` → … → `e` → `f`",)
