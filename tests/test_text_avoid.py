import codecs
from importlib.resources import files

from augdiff.text.avoid import avoided, word_list


def test_words_are_avoided_in_any_case_with_accents_or_in_a_compound():
    avoid = word_list(["Naïve", "ugly"])
    assert avoid == ("naive", "ugly")
    assert avoided(["so", "NAIVE"], avoid)
    assert avoided(["ugly-looking"], avoid)
    assert avoided(["ugly’s"], avoid)
    assert not avoided(["uglyish", "pretty"], avoid)


def test_phrases_are_avoided_where_the_words_stand_together():
    avoid = word_list(["go  away"])
    assert avoided(["please", "Go", "away"], avoid)
    assert not avoided(["go", "far", "away"], avoid)


def test_nothing_is_avoided_unless_asked():
    assert not avoided(["anything"], word_list([]))


def test_the_ready_made_list_is_named_slurs_and_not_in_plain_sight():
    stored = files("augdiff.text").joinpath("slurs.txt").read_text(encoding="utf-8").split()
    avoid = word_list(["slurs", "other"])
    assert len(avoid) == len(stored) + 1
    assert "other" in avoid and "slurs" not in avoid
    assert avoided([codecs.decode(stored[0], "rot13")], avoid)
    assert not avoided(["good", "people"], avoid)
