"""The set of positions that takes a bit for each."""

import random

from chalicelib.domain.position_set import PositionSet


def test_a_set_has_what_was_added_and_nothing_else() -> None:
    chance = random.Random(1)
    added = {chance.randrange(100_000) for _ in range(5_000)} | {0, 8_191, 8_192, 10**12, -1}
    positions = PositionSet()
    for position in added:
        positions.add(position)
    others = set(range(0, 100_000, 7)) - added
    for found in (positions, PositionSet.decode(positions.encode())):
        assert all(position in found for position in added)
        assert not any(position in found for position in others)
    assert PositionSet.decode(positions.encode()).encode() == positions.encode()


def test_an_empty_set() -> None:
    assert 0 not in PositionSet.decode(PositionSet().encode())


def test_a_million_positions_take_125_kilobytes() -> None:
    positions = PositionSet()
    chance = random.Random(2)
    for position in range(1_000_000):
        if chance.random() < 0.5:
            positions.add(position)
    assert positions.kilobytes == 123
    assert len(positions.encode()) < 128_000
