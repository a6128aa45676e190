"""Lines like a line: of one topic or one build."""

import numpy as np

from augdiff.alike import Alike

# Begin alike: 7 8. Of one topic: 50.
LINES = [[7, 8, 20 + i, 30] for i in range(6)] + [[60 + i, 61 + i, 50, 62 + 2 * i] for i in range(6)]


def alike(lines: list[list[int]]) -> Alike:
    first = np.cumsum([0, *map(len, lines)])
    return Alike(np.array([token for line in lines for token in line], np.uint16), first.astype(np.int64))


def seen(known: Alike, line: int, most: int = 4) -> list[list[list[int]]]:
    return [known.draw(line, most, np.random.default_rng(seed)) for seed in range(60)]


def test_examples_are_other_lines_of_the_same_build_or_topic() -> None:
    builds = [example for draw in seen(alike(LINES), 0) for example in draw]
    assert builds and all(example in LINES[1:6] for example in builds)
    topics = [example for draw in seen(alike(LINES), 9) for example in draw]
    assert topics and all(example in LINES[6:] and example != LINES[9] for example in topics)
    assert {len(draw) for draw in seen(alike(LINES), 9)} == {0, 1, 2, 3, 4}


def test_a_line_is_never_shown_one_that_is_its_equal() -> None:
    assert not any(seen(alike([[7, 8, 9, 10]] * 8), 0))
    drawn = [example for draw in seen(alike([LINES[0]] * 6 + LINES[:6]), 0) for example in draw]
    assert drawn and LINES[0] not in drawn


def test_a_line_without_company_has_no_examples() -> None:
    assert not any(seen(alike([[index * 3, index * 3 + 1, index * 3 + 2] for index in range(20)]), 4))


def test_long_lines_are_no_examples_and_all_have_room() -> None:
    long = [[7, 8, *range(100, 138)] for _ in range(6)] + [[7, 8, *range(100, 150)] for _ in range(3)]
    for draw in seen(alike(long), 0):
        assert all(len(example) == 40 for example in draw) and len(draw) <= 2
