"""Work on a thread of its own changes when things are worked out, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from andon.scoring.ahead import MOST_WAITING, ahead
from andon.scoring.blas_threads import _doors, one_blas_thread


def test_the_same_items_in_the_same_order() -> None:
    assert list(ahead(range(100))) == list(range(100))
    assert list(ahead(())) == []


def test_items_are_worked_out_elsewhere_and_only_a_few_ahead() -> None:
    made: list[int] = []
    threads: set[int] = set()

    def source() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            threads.add(threading.get_ident())
            yield number

    for number in ahead(source()):
        assert len(made) <= number + MOST_WAITING + 1
    assert threads.isdisjoint({threading.get_ident()})
    assert len(threads) == 1


def test_an_error_comes_in_the_place_of_its_item() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    items = ahead(source())
    assert next(items) == 1
    with pytest.raises(ValueError, match="the second"):
        next(items)


def test_leaving_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    for number in ahead(iter(range(10**9))):
        if number == 3:
            break
    del number
    assert threading.active_count() <= before + 1


def test_matrix_products_stay_on_one_thread_inside_and_get_theirs_back() -> None:
    doors = _doors()
    if doors is None:
        pytest.skip("numpy was built with another library")
    get, put = doors
    before = get()
    put(2)
    try:
        with one_blas_thread():
            assert get() == 1
            with one_blas_thread():
                assert get() == 1
            assert get() == 1
        assert get() == 2
    finally:
        put(before)
