"""Tags of any scheme: what they name, and the tags of a name of another length."""

import pytest

from augdiff.text.tags import Entity, find_entities, parted, tags_for

IOB2, IOB1 = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"), ("O", "I-PER", "B-PER", "I-LOC")
BMES, BMEWO = ("O", "B-PER", "M-PER", "E-PER", "S-PER"), ("O", "B-PER", "M-PER", "E-PER", "W-PER")
BILOU, BIOES = ("O", "B-PER", "I-PER", "L-PER", "U-PER"), ("O", "B-PER", "I-PER", "E-PER", "S-PER")


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        ("", []),
        ("O O", []),
        ("B-PER I-PER O B-LOC", [(0, 2, "PER"), (3, 4, "LOC")]),
        ("B-PER B-PER I-PER", [(0, 1, "PER"), (1, 3, "PER")]),
        ("B-PER I-LOC", [(0, 1, "PER"), (1, 2, "LOC")]),
        ("I-PER I-PER B-PER O I-LOC", [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]),
        ("B-PER I-PER L-PER U-PER U-PER", [(0, 3, "PER"), (3, 4, "PER"), (4, 5, "PER")]),
        ("B-PER E-PER I-PER S-PER", [(0, 2, "PER"), (2, 3, "PER"), (3, 4, "PER")]),
        ("PER PER LOC O PER", [(0, 2, "PER"), (2, 3, "LOC"), (4, 5, "PER")]),
        ("B-a-b I-a-b", [(0, 2, "a-b")]),
        ("B-PER M-PER E-PER S-LOC W-LOC", [(0, 3, "PER"), (3, 4, "LOC"), (4, 5, "LOC")]),
        ("B I I O B B", [(0, 3, "MISC"), (4, 5, "MISC"), (5, 6, "MISC")]),
        ("B M E O S", [(0, 3, "MISC"), (4, 5, "MISC")]),
        ("B N O", [(0, 1, "B"), (1, 2, "N")]),
    ],
)
def test_entities_are_found_in_every_scheme(tags: str, entities: list[tuple[int, int, str]]):
    assert find_entities(tags.split()) == [Entity(*each) for each in entities]


def test_what_is_outside_can_have_another_name():
    assert find_entities(["_", "B-X"], "_") == [Entity(1, 2, "X")]


def test_letters_of_a_scheme_are_kinds_where_other_rows_have_other_kinds():
    assert find_entities(["B", "O"], names=["B", "N", "O"]) == [Entity(0, 1, "B")]


def test_letters_alone_are_written_as_letters_alone():
    assert tags_for(3, "MISC", "B", ["B", "I", "O"]) == ["B", "I", "I"]
    assert tags_for(3, "MISC", "S", ["B", "M", "E", "S", "_"]) == ["B", "M", "E"]
    assert tags_for(1, "MISC", "B", ["B", "M", "E", "S", "_"]) == ["S"]


def test_a_word_before_a_hyphen_is_no_letter_of_a_scheme():
    assert parted("NON-GPE") == ("", "NON-GPE") and parted("B-") == ("", "B-") and parted("B") == ("", "B")


@pytest.mark.parametrize(
    ("names", "own", "tags"),
    [
        (IOB2, "B-PER", ["B-PER", "B-PER I-PER", "B-PER I-PER I-PER"]),
        (IOB1, "I-PER", ["I-PER", "I-PER I-PER", "I-PER I-PER I-PER"]),
        (IOB1, "B-PER", ["B-PER", "B-PER I-PER", "B-PER I-PER I-PER"]),
        (BILOU, "U-PER", ["U-PER", "B-PER L-PER", "B-PER I-PER L-PER"]),
        (BIOES, "B-PER", ["S-PER", "B-PER E-PER", "B-PER I-PER E-PER"]),
        (BMES, "S-PER", ["S-PER", "B-PER E-PER", "B-PER M-PER E-PER"]),
        (BMEWO, "B-PER", ["W-PER", "B-PER E-PER", "B-PER M-PER E-PER"]),
        (("O", "PER"), "PER", ["PER", "PER PER", "PER PER PER"]),
    ],
)
def test_a_longer_or_shorter_name_has_tags_of_the_same_scheme(names: tuple[str, ...], own: str, tags: list[str]):
    for count, wanted in enumerate(tags, 1):
        made = tags_for(count, "PER", own, names)
        assert " ".join(made) == wanted
        assert find_entities(made) == [Entity(0, count, "PER")]
