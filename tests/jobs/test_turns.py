"""Fair turns, with a clock of the test's own: every step takes as long as the test says."""

import threading

import pytest

from pacviz.jobs.turns import SLICE, Turns


class Hall:
    """Visitors whose work is steps of SLICE seconds; `log` says who worked, step by step."""

    def __init__(self):
        self.now, self.log, self.threads = 0.0, [], []
        self.turns = Turns(lambda: self.now)

    def come(self, owner, what, steps, at_step=lambda: None):
        """Queues up, and returns when it has either begun or waits."""
        there = threading.Event()

        def waiting():
            there.set()

        def work():
            with self.turns.turn(owner, what, waiting) as pass_on:
                for _ in range(steps):
                    self.log.append(what)
                    self.now += SLICE
                    at_step()
                    there.set()
                    pass_on()

        thread = threading.Thread(target=work, daemon=True)
        self.threads.append(thread)
        thread.start()
        return there

    def end(self):
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def hall():
    return Hall()


def test_a_short_piece_goes_before_the_rest_of_a_long_one_however_many_the_other_visitor_has(hall):
    def come_others():
        if len(hall.log) == 5:
            for number in range(3):
                assert hall.come("greedy", f"long {number}", 20).wait(60)
            assert hall.come("modest", "short", 3).wait(60)

    hall.come("greedy", "long", 20, come_others)
    hall.threads[0].join(60)
    hall.end()
    assert hall.log[5:8] == ["short"] * 3
    assert [len(hall.log), hall.log.count("long")] == [83, 20]


def test_two_long_pieces_share_the_time(hall):
    def come_other():
        if len(hall.log) == 1:
            assert hall.come("second", "second", 20).wait(60)

    hall.come("first", "first", 20, come_other)
    hall.threads[0].join(60)
    hall.end()
    assert hall.log[:30].count("first") == pytest.approx(15, abs=2)


def test_of_one_visitor_one_piece_is_under_way_and_the_same_piece_is_nobodys_twice(hall):
    def come_others():
        if len(hall.log) == 1:
            assert hall.come("first", "other", 5).wait(60)
            assert hall.come("second", "same", 5).wait(60)

    hall.come("first", "same", 5, come_others)
    hall.threads[0].join(60)
    hall.end()
    assert hall.log[:5] == ["same"] * 5
    assert hall.log.count("same") == 10


def test_whoever_turns_away_while_waiting_holds_nobody_up(hall):
    class Gone(Exception):
        pass

    def leave():
        raise Gone

    def come_other():
        if len(hall.log) == 1:
            with pytest.raises(Gone), hall.turns.turn("first", "never", leave):
                raise AssertionError

    hall.come("first", "long", 3, come_other)
    hall.end()
    assert hall.log == ["long"] * 3
    with hall.turns.turn("second", "next", leave) as pass_on:
        pass_on()
