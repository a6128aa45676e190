"""The judge of spans: a tagger that never saw the row finds what its tags name, or the variant is rejected."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny import make_model

from augdiff import Augmenter, augment
from augdiff.denoisers.load import load
from augdiff.quality.span_judge import Places, SpanJudge, Words, fit_span_judge
from augdiff.quality.token_states import read_tokens
from augdiff.text.edits import Edit
from augdiff.variant import Mention

TEXT = "Anna Lee saw the old hotel in London."
MENTIONS = (Mention(0, 8, "PER", "person"), Mention(30, 36, "LOC", "place"))
PEOPLE, PLACES = ("Anna", "Peter", "Maria", "Jan", "Eve", "Tom"), ("London", "Rome", "Paris", "Oslo", "Lima", "Bonn")


def read(texts: Sequence[tuple[str, Places]]) -> list[NDArray[np.float32]]:
    """A word is a person, a place or neither, and says so."""
    rows = [[text[start:end] for start, end in places] for text, places in texts]
    return [
        np.array([[word in PEOPLE, word in PLACES, 1.0] for word in row], np.float32).reshape(-1, 3) for row in rows
    ]


def words(text: str, **changes: Any) -> Words:
    mentions = tuple(
        Mention(text.index(name), text.index(name) + len(name), kind, kind)
        for kind, names in (("PER", PEOPLE), ("LOC", PLACES))
        for name in names
        if name in text
    )
    found = Words.of(text, mentions, **changes)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def judge() -> SpanJudge:
    rows = [f"the friend {one} lives in old {two} now" for one, two in zip(PEOPLE, PLACES, strict=True)] * 3
    found = fit_span_judge([(f"{at}", words(text)) for at, text in enumerate(rows)], read)
    assert found is not None
    return found


def test_words_know_what_they_are_part_of_and_which_are_new():
    found = Words.of(TEXT, MENTIONS, [Edit(9, 12, "never liked"), Edit(30, 36, "New York")])
    assert found is not None and found.text == "Anna Lee never liked the old hotel in New York."
    assert found.kinds == ("PER", "PER", *[""] * 6, "LOC", "LOC")
    assert found.things == ((0, 2), (8, 10))
    assert [index for index, new in enumerate(found.new) if new] == [2, 3, 8, 9]
    assert Words.of(TEXT, MENTIONS, [Edit(5, 12, "x")]) is None


def test_what_is_still_found_scores_high_and_what_became_another_thing_low(judge: SpanJudge):
    row = words("the friend Tom lives in old Bonn now")
    kept = words("the friend Eve lives in old Bonn now")
    lost = Words(kept.text.replace("Eve", "Rom "), kept.places, kept.kinds, kept.things, kept.new)
    swapped = Words(kept.text.replace("Eve", "Oslo"), words("the friend Oslo lives in old Bonn now").places,
                    kept.kinds, kept.things, kept.new)  # fmt: skip
    whole, same, gone, other, none = judge.scores([("x", row, [kept, lost, swapped, None])])[0]
    assert whole.share == 1 and same.share > 0.9 and same.probability > 0.9
    assert gone.share < 0.2 and other.share < 0.2 and isnan(none.share)


def test_a_new_word_that_names_something_is_found_out(judge: SpanJudge):
    row = words("the friend Tom lives in old Bonn now")
    text, mentions = row.text, [Mention(11, 14, "PER", "x"), Mention(28, 32, "LOC", "x")]
    plain = Words.of(text, mentions, [Edit(33, 36, "again")])
    naming = Words.of(text, mentions, [Edit(33, 36, "Paris")])
    _, fine, caught = judge.scores([("x", row, [plain, naming])])[0]
    assert fine.share > 0.9 and caught.share < 0.2


def test_what_was_hard_to_find_in_the_row_is_not_asked_of_its_variants(judge: SpanJudge):
    row = Words.of("the friend Zoe lives in old Bonn now", [Mention(11, 14, "PER", "x"), Mention(28, 32, "LOC", "x")])
    same = Words.of(
        "the friend Zoe lives in old Bonn now",
        [Mention(11, 14, "PER", "x"), Mention(28, 32, "LOC", "x")],
        [Edit(33, 36, "again")],
    )
    _, found = judge.scores([("x", row, [same])])[0]
    assert found.share > 0.9


def written(text: str, *names: tuple[str, str]) -> Words:
    """A text with names of its own."""
    found = Words.written(
        text, [Mention(text.index(one), text.index(one) + len(one), kind, "x") for one, kind in names]
    )
    assert found is not None
    return found


def test_names_of_a_text_of_its_own_are_held_against_those_of_usual_rows(judge: SpanJudge):
    row = words("the friend Tom lives in old Bonn now")
    right = written("Rome was old when Maria saw Lima", ("Rome", "LOC"), ("Maria", "PER"), ("Lima", "LOC"))
    wrong = written("Rome was old when Maria saw Lima", ("Rome", "LOC"), ("Maria", "LOC"), ("Lima", "LOC"))
    missed = written("Rome was old when Maria saw Lima", ("Rome", "LOC"), ("Maria", "PER"))
    nothing = written("the old hotel is now here")
    _, *scores = judge.scores([("x", row, [right, wrong, missed, nothing])])[0]
    assert [score.share > 0.5 for score in scores] == [True, False, False, True]
    lenient = replace(judge, usual=judge.usual / 1e6)
    assert lenient.scores([("x", row, [wrong, missed])])[0][1].share == 1
    assert lenient.scores([("x", row, [wrong, missed])])[0][2].share < 0.5


def test_a_row_is_judged_by_a_tagger_that_never_saw_it():
    rows = [(f"{at}", words(f"the friend {name} lives here")) for at, name in enumerate(PEOPLE)]

    def by_name(texts: Sequence[tuple[str, Places]]) -> list[NDArray[np.float32]]:
        each = [[text[start:end] for start, end in places] for text, places in texts]
        return [np.array([[float(word == name) for name in PEOPLE] for word in row], np.float32) for row in each]

    judge = fit_span_judge(rows, by_name)
    assert judge is not None
    for key, row in rows:
        own = judge.scores([(key, row, [])])[0][0].probability
        stranger = judge.scores([("another", row, [])])[0][0].probability
        assert own < 0.5 < stranger


def test_nothing_named_is_nothing_judged():
    assert fit_span_judge([("a", words("the old hotel"))], read) is None


def test_states_of_words_do_not_depend_on_the_rows_beside(tmp_path: Any):
    denoiser = load(str(make_model(tmp_path / "tiny")), precision="float32")
    texts = [("the food was good", ((0, 3), (4, 8))), ("is it ?", ((0, 2),)), ("", ())]
    found = read_tokens(denoiser, texts)
    assert [len(each) for each in found] == [2, 1, 0]
    for text, each in zip(texts, found, strict=True):
        assert np.array_equal(read_tokens(denoiser, [text])[0], each)
    assert not np.array_equal(found[0][0], found[0][1])


ROWS = [
    {"tokens": f"the friend {one} lives in old {two} now".split(), "tags": "O O B-PER O O O B-LOC O".split()}
    for one, two in zip(PEOPLE, PLACES, strict=True)
]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    model = str(make_model(tmp_path_factory.mktemp("models") / "tiny"))
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "strength": 0.7, "n": 4}
    return {**loose, "model": model, "precision": "float32", "tokens": "tokens", "tags": "tags"}


def test_variants_of_tagged_rows_are_judged_and_it_can_be_left_out(options: dict[str, Any]):
    made = augment(ROWS, **options, return_rejected=True)
    judged = [row["augdiff"]["label_prob"] for row in made]
    assert all(0 <= value <= 1 for value in judged)
    assert all(isnan(row["augdiff"]["label_prob"]) for row in augment(ROWS, **options, judge=False))
    strict = augment(ROWS, **options, return_rejected=True, min_label=1.0)
    assert any(row["augdiff"]["verdict"] == "mislabelled" for row in strict)


def test_variants_of_texts_with_labelled_spans_are_judged_too(options: dict[str, Any]):
    rows = []
    for row in ROWS:
        text, at = " ".join(row["tokens"]), [" ".join(row["tokens"][:place]) for place in (2, 6)]
        spans = [[len(at[0]) + 1, len(at[0]) + 1 + len(row["tokens"][2]), "PER"]]
        rows.append({"text": text, "spans": [*spans, [len(at[1]) + 1, len(at[1]) + 1 + len(row["tokens"][6]), "LOC"]]})
    told = {**options, "tokens": None, "tags": None, "text": "text", "protect_spans": "spans"}
    judged = [row["augdiff"]["label_prob"] for row in augment(rows, **told, return_rejected=True)]
    assert all(0 <= value <= 1 for value in judged)


def test_the_judge_is_kept_with_what_was_fitted(options: dict[str, Any]):
    fitted = Augmenter(**options).fit(ROWS)
    assert fitted.span_judge is not None
    other = pickle.loads(pickle.dumps(fitted))
    assert other.span_judge.digest == fitted.span_judge.digest
    assert other.span_judge.usual == fitted.span_judge.usual < 1
    assert str(other(ROWS)) == str(fitted(ROWS))
