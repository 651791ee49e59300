"""Work shared out between threads: order, errors, work that shares out work of its own."""

from __future__ import annotations

import threading
import time

import cv2
import pytest

from keyart.cores import NUM_THREADS, all_done, begun, give_back_memory, opencv_on_one_thread, shared_out


def test_results_come_in_the_order_of_the_items() -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0.0)
        return number * number

    assert shared_out(slow_first, range(20)) == [number * number for number in range(20)]
    assert shared_out(slow_first, []) == []


@pytest.mark.skipif(NUM_THREADS < 2, reason="one core")
def test_more_than_one_thread_works() -> None:
    both = threading.Barrier(2, timeout=5)

    def meet(_: int) -> str:
        both.wait()  # one thread alone would wait here for ever
        return threading.current_thread().name

    assert len(set(shared_out(meet, range(2)))) == 2


@pytest.mark.parametrize("bad", [0, 7, 15])
def test_an_error_is_raised_where_the_work_was_shared_out(bad: int) -> None:
    def work(number: int) -> int:
        time.sleep(0.001)
        if number == bad:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=str(bad)):
        shared_out(work, range(16))


def test_work_may_share_out_work() -> None:
    def inner(number: int) -> int:
        return sum(shared_out(lambda n: n + number, range(5)))

    assert shared_out(inner, range(8)) == [10 + 5 * number for number in range(8)]


def test_opencv_gets_its_threads_back() -> None:
    before = cv2.getNumThreads()
    with opencv_on_one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_memory_is_given_back_or_nothing_happens() -> None:
    give_back_memory()


def test_jobs_are_all_done() -> None:
    assert all_done([lambda: "a", lambda: "b", lambda: "c"]) == ["a", "b", "c"]
    with pytest.raises(ZeroDivisionError):
        all_done([lambda: 1 // 0])


def test_work_that_nobody_has_begun_is_done_by_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyart.cores

    gate, here = threading.Event(), threading.get_ident()
    busy = [begun(lambda: gate.wait(5.0)) for _ in range(NUM_THREADS)]  # no helper is left
    assert begun(threading.get_ident)() == here
    gate.set()
    assert all(outcome() for outcome in busy)
    monkeypatch.setattr(keyart.cores, "NUM_THREADS", 1)
    assert begun(threading.get_ident)() == here


def test_an_error_is_raised_where_the_outcome_is_asked_for() -> None:
    with pytest.raises(ZeroDivisionError):
        begun(lambda: 1 / 0)()
