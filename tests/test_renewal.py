"""Mentions that give way to others of their kind, and what moves with them."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import make_model

from augdiff import Augmenter, DataError, OptionError, augment
from augdiff.compositions.renewal import Resample, Swap, composed
from augdiff.rows.tagged import Tagged
from augdiff.settings import Settings
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.tags import find_entities
from augdiff.variant import Mention, Source

ROWS = [
    {"tokens": "Anna Lee saw the old hotel in London .".split(), "tags": "B-PER I-PER O O O O O B-LOC O".split()},
    {"tokens": "the food in New York was good".split(), "tags": "O O O B-LOC I-LOC O O".split()},
    {"tokens": "Peter told us of the soup and the waiter".split(), "tags": "B-PER O O O O O O O O".split()},
    {"tokens": "the waiter was good and the soup was bad".split(), "tags": ["O"] * 9},
]
NAMES = {"PER": {"Anna Lee", "Peter"}, "LOC": {"London", "New York"}}
TEXT = "Anna Lee met Peter in London, and Anna Lee was glad."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def options(model: str) -> dict[str, Any]:
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "strength": 0.7, "n": 5}
    return {**loose, "model": model, "precision": "float32", "judge": False}


def named(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.kind, " ".join(row["tokens"][one.first : one.end])) for one in find_entities(row["tags"])]


def source(**changes: Any) -> Source:
    places = [(0, 8, "PER"), (13, 18, "PER"), (22, 28, "LOC"), (34, 42, "PER")]
    mentions = tuple(Mention(start, end, kind, kind.lower()) for start, end, kind in places)
    found = Source(
        TEXT, "key", spans=tuple(each[:2] for each in places), mentions=mentions, others={"PER": ("Eve", "Jo Doe")}
    )
    return replace(found, **changes)


def test_a_mention_gives_way_to_another_of_its_kind_and_equal_ones_to_the_same():
    swap, texts = Swap(Settings(protect=())), set[str]()
    for seed in range(20):
        (edits,) = swap([(source(), seed)])
        assert [(edit.start, edit.end) for edit in edits] == [(0, 8), (13, 18), (34, 42)]
        assert edits[0].text == edits[2].text and {edit.text for edit in edits} <= {"Eve", "Jo Doe"}
        texts.add(apply_edits(TEXT, edits))
        assert swap([(source(), seed)]) == [edits]
    assert len(texts) == 4


def test_what_is_protected_or_alone_of_its_kind_stays():
    assert Swap(Settings(protect=("Anna",)))([(source(), 1)])[0][0].start == 13
    assert Swap(Settings())([(source(others={"PER": ("Peter",), "LOC": ("London",)}), 1)]) == [
        [Edit(0, 8, "Peter"), Edit(34, 42, "Peter")]
    ]


def test_names_of_one_text_are_drawn_by_seeds_of_their_own():
    class Noting:
        def __init__(self) -> None:
            self.seeds: list[int] = []

        def analyse(self, sources: Sequence[Source]) -> list[Any]:
            return [SimpleNamespace(units=SimpleNamespace(free_places=np.ones(1))) for _ in sources]

        def __call__(self, wanted: Sequence[tuple[Any, int]]) -> list[Any]:
            self.seeds += [seed for _, seed in wanted]
            return [SimpleNamespace(edits=[]) for _ in wanted]

    write = Noting()
    Resample(write, Settings())([(source(), seed) for seed in (6, 7)])
    assert len(set(write.seeds)) == len(write.seeds) == 2 * len(source().mentions)
    assert [seed & 1 for seed in write.seeds] == [0, 1] * len(source().mentions)


@given(st.data())
def test_edits_after_edits_of_mentions_make_the_same_text_in_one_go(data: st.DataObject):
    mentions = [(0, 8), (13, 18), (22, 28), (34, 42)]
    names = st.sampled_from(["Eve", "Bartholomew Lee", "X"])
    first = [Edit(*place, data.draw(names)) for place in mentions if data.draw(st.booleans())]
    middle = apply_edits(TEXT, first)
    shift, taken = 0, list[tuple[int, int]]()
    for place in mentions:
        own = next((edit for edit in first if (edit.start, edit.end) == place), Edit(*place, TEXT[slice(*place)]))
        taken.append((place[0] + shift, place[0] + shift + len(own.text)))
        shift += len(own.text) - (place[1] - place[0])
    then, at = list[Edit](), 0
    while at <= len(middle) and len(then) < 4:
        start = data.draw(st.integers(at, len(middle)))
        end = data.draw(st.integers(start, min(start + 5, len(middle))))
        if not any((start < b and a < end) or (a < start < b) for a, b in taken):
            then.append(Edit(start, end, data.draw(st.sampled_from(["", "new", " "]))))
        at = end + 1
    assert apply_edits(TEXT, composed(first, then)) == apply_edits(middle, then)


@pytest.mark.parametrize("entities", ["swap", "resample"])
def test_tags_go_with_new_names(entities: str, options: dict[str, Any]):
    made = augment(ROWS, tokens="tokens", tags="tags", entities=entities, **options)
    renewed = 0
    for row in made:
        own = ROWS[row["augdiff"]["source"]]
        assert len(row["tokens"]) == len(row["tags"]) and all(" " not in token for token in row["tokens"])
        assert [kind for kind, _ in named(row)] == [kind for kind, _ in named(own)]
        renewed += named(row) != named(own)
        if entities == "swap":
            assert all(name in NAMES[kind] for kind, name in named(row))
            assert not row["augdiff"]["variant"] or not set(named(row)) & set(named(own))
        assert all(any(map(str.isupper, name)) for _, name in named(row))
    assert renewed >= (15 if entities == "swap" else 2)


def test_similarity_is_to_the_row_with_its_new_names(options: dict[str, Any]):
    augmenter = Augmenter(tokens="tokens", tags="tags", entities="swap", **{**options, "strength": 0.01}).fit(ROWS)
    resampler = augmenter.resampler
    asked = list[str]()
    embed = resampler.embed
    resampler.embed = lambda texts: (asked.extend(texts), embed(texts))[1]  # type: ignore[assignment, misc]
    made = augmenter(ROWS)
    own = " ".join(ROWS[0]["tokens"])
    assert own not in asked and "Peter saw the old hotel in New York ." in asked
    variants = [row for row in made if row["augdiff"]["variant"]]
    assert len(variants) > 5 and all(0 <= row["augdiff"]["similarity"] <= 1.0001 for row in variants)


def test_numbers_are_tags_of_the_same_names(options: dict[str, Any]):
    names = ["B-LOC", "O", "I-LOC", "B-PER", "I-PER"]
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "tags": datasets.List(datasets.ClassLabel(names=names)),
        }
    )
    wanted = augment(ROWS, tokens="tokens", tags="tags", entities="swap", **options)
    coded = [{**row, "tags": [names.index(tag) for tag in row["tags"]]} for row in ROWS]
    data = datasets.Dataset.from_list(coded, features=features)
    for made in (
        augment(data, tokens="tokens", tags="tags", entities="swap", **options),
        augment(coded, tokens="tokens", tags="tags", tag_names=names, entities="swap", **options),
    ):
        assert [list(row["tokens"]) for row in made] == [row["tokens"] for row in wanted]
        assert [[names[tag] for tag in row["tags"]] for row in made] == [row["tags"] for row in wanted]


def test_a_name_without_tags_of_its_length_is_misaligned():
    row = Tagged(("Rome", "fell"), (0, 1), 1, ("B-LOC", "O"))
    assert row.edited([Edit(0, 4, "Paris")]) == replace(row, tokens=("Paris", "fell"))
    assert row.edited([Edit(0, 4, "New York")]) is None
    assert Tagged(("Rome", "fell"), (5, 0), 0).edited([Edit(0, 4, "Paris")]) is None


def test_what_was_fitted_is_pickled_and_its_seed_makes_a_variant_again(options: dict[str, Any]):
    augmenter = Augmenter(tokens="tokens", tags="tags", entities="swap", **options).fit(ROWS)
    made = augmenter(ROWS)
    assert str(pickle.loads(pickle.dumps(augmenter))(ROWS)) == str(made)
    fitted = augmenter.fitted
    assert fitted is not None and fitted.mentions.kinds == {kind: tuple(sorted(all_)) for kind, all_ in NAMES.items()}
    row = next(row for row in made if row["augdiff"]["variant"])
    own = ROWS[0]
    spans = ((0, 8), (30, 36))
    mentions = (Mention(0, 8, "PER", "person"), Mention(30, 36, "LOC", "place"))
    again = Source(
        " ".join(own["tokens"]), row["augdiff"]["key"], spans=spans, mentions=mentions, others=fitted.mentions.kinds
    )
    assert augmenter.resampler.replay(again, row["augdiff"]["seed"]) == " ".join(row["tokens"])


def test_labelled_spans_are_renewed_and_all_spans_move(options: dict[str, Any]):
    text = "Anna Lee saw the old hotel in London"
    rows = [
        {"text": text, "spans": [[0, 8, "PER"], [30, 36, "LOC"], [17, 36, None]]},
        {"text": "the food in Rome was good", "spans": [[12, 16, "LOC"]]},
        {"text": "Peter told us of the soup", "spans": [[0, 5, "PER"]]},
    ]
    made = augment(rows, text="text", protect_spans="spans", entities="swap", **options)
    assert sum(row["augdiff"]["variant"] > 0 for row in made) > 8
    for row in made:
        own = rows[row["augdiff"]["source"]]
        places = [row["text"][start:end] for start, end, _ in row["spans"]]
        assert [each[2] for each in row["spans"]] == [each[2] for each in own["spans"]]
        if row["augdiff"]["variant"] and row["augdiff"]["source"] == 0:
            assert places == ["Peter", "Rome", "old hotel in Rome"]


@pytest.mark.parametrize(
    "spans",
    [
        [[0, 8], [30, 36]],
        [{"start": 0, "end": 8, "id": 7}, {"start": 30, "end": 36, "id": 9}],
        {"start": [0, 30], "end": [8, 36], "id": [7, 9]},
    ],
)
def test_spans_move_in_every_form(spans: Any, options: dict[str, Any]):
    made = augment(
        [{"text": "Anna Lee saw the old hotel in London", "spans": spans}],
        text="text", protect_spans="spans", **options,
    )  # fmt: skip
    assert made[0]["spans"] == spans and len(made) > 2
    for row in made:
        found = row["spans"]
        if isinstance(spans, dict):
            assert found["id"] == [7, 9]
            places = list(zip(found["start"], found["end"], strict=True))
        elif isinstance(spans[0], dict):
            assert [each["id"] for each in found] == [7, 9]
            places = [(each["start"], each["end"]) for each in found]
        else:
            places = found
        assert [row["text"][start:end] for start, end in places] == ["Anna Lee", "London"]


QUESTION = {
    "question": "Where did they meet ?",
    "context": "The old friends met for a long walk in the city of London before the rain began in the afternoon.",
}


@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["London", "the city of London"], "answer_start": [51, 39]},
        [{"text": "London", "start": 51}],
        {"text": [], "answer_start": []},
    ],
)
def test_answers_are_found_at_their_new_starts(answers: Any, options: dict[str, Any]):
    made = augment([{**QUESTION, "answers": answers}], text="context", answers="answers", **options)
    assert len(made) > 2 and made[0]["answers"] == answers
    for row in made:
        found, start = row["answers"], "start" if isinstance(answers, list) else "answer_start"
        pairs = [(one["text"], one[start]) for one in found] if isinstance(found, list) else []
        pairs = pairs or list(zip(found["text"], found[start], strict=True)) if isinstance(found, dict) else pairs
        assert all(row["context"][at : at + len(text)] == text for text, at in pairs)
        assert row["question"] == QUESTION["question"]


def test_answers_keep_their_features(options: dict[str, Any]):
    features = datasets.Features(
        {
            "context": datasets.Value("string"),
            "answers": {
                "text": datasets.List(datasets.Value("string")),
                "answer_start": datasets.List(datasets.Value("int32")),
            },
        }
    )
    rows = [{"context": QUESTION["context"], "answers": {"text": ["London"], "answer_start": [51]}}]
    made = augment(datasets.Dataset.from_list(rows, features=features), text="context", answers="answers", **options)
    assert {name: made.features[name] for name in features} == features
    assert all(row["context"][row["answers"]["answer_start"][0] :].startswith("London") for row in made)
    assert len({row["answers"]["answer_start"][0] for row in made}) > 1


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"text": ["Paris"], "answer_start": [3]}, "answer 'Paris' is not at 3 .* nowhere in it"),
        ({"text": ["London"], "answer_start": [3]}, "answer 'London' is not at 3 of column 'context'; it is at 51"),
        ({"text": ["London"]}, "is no answers; give"),
        (["London"], "is no answers; give"),
    ],
)
def test_answers_that_are_not_there_are_said(answers: Any, message: str, options: dict[str, Any]):
    with pytest.raises(DataError, match=f"^row 0, column 'answers': .*{message}"):
        augment([{**QUESTION, "answers": answers}], text="context", answers="answers", **options)


def test_where_nothing_is_named_it_is_said(options: dict[str, Any], caplog: pytest.LogCaptureFixture):
    numbers = [{"tokens": ["Anna", "saw", "it"], "tags": [1, 0, 0]}]
    augment(numbers, tokens="tokens", tags="tags", entities="swap", **{**options, "n": 1})
    assert "entities: nothing is named, so all stay as they are" in caplog.text


def test_what_entities_can_be_is_said():
    with pytest.raises(OptionError, match="entities must be keep, swap or resample, was: 'drop'"):
        Augmenter(entities="drop")


def test_swapping_is_no_more_than_keeping_where_nothing_is_named(options: dict[str, Any], tmp_path: Path):
    texts = ["the waiter was good and the soup was bad", "the food was cold"]
    assert augment(texts, entities="swap", **options) == augment(texts, **options)
