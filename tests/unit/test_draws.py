"""What fails at which moment: by chance, bounded, and equally for equal seeds."""

import random
from collections import Counter
from itertools import groupby

from local.hostile.draws import Draws


def made(seed: int = 1, longest: int = 2) -> Draws:
    return Draws(random.Random(seed), longest)


def test_nothing_fails_more_often_in_a_row_than_allowed() -> None:
    draws = made(longest=3)
    failed = [draws.fails("one", 0.9) for _ in range(2000)]
    lengths = Counter(len(list(run)) for value, run in groupby(failed) if value)
    assert set(lengths) == {1, 2, 3}


def test_keys_of_one_call_fail_together_or_in_part() -> None:
    draws = made()
    sizes = Counter(len(draws.failing("abcd", 0.3)) for _ in range(2000))
    assert sizes[0] > sizes[4] > 0
    assert any(sizes[size] for size in (1, 2, 3))


def test_each_key_is_bounded_by_itself() -> None:
    draws = made(longest=2)
    runs: dict[str, int] = dict.fromkeys("abc", 0)
    for _ in range(3000):
        failing = draws.failing("abc", 0.5)
        runs = {key: runs[key] + 1 if key in failing else 0 for key in runs}
        assert max(runs.values()) <= 2


def test_nothing_fails_without_a_share() -> None:
    draws = made()
    assert not any(draws.fails("one", 0) for _ in range(1000))


def test_equal_seeds_draw_equally() -> None:
    def some(seed: int) -> list[bool]:
        draws = made(seed)
        return [draws.fails("one", 0.5) for _ in range(50)]

    assert some(1) == some(1)
    assert some(1) != some(2)


def test_times_lie_between_their_bounds() -> None:
    draws = made()
    assert all(2 <= draws.seconds(2, 3) <= 3 for _ in range(100))
