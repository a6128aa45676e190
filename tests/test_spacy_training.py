"""Training with spaCy: a reader and an augmenter whose examples grow."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

spacy = pytest.importorskip("spacy")

from augdiff_spacy import make_augmenter, make_reader  # noqa: E402
from augdiff_spacy.component import AugdiffPipe  # noqa: E402
from augdiff_spacy.factory import DEFAULTS  # noqa: E402
from augdiff_spacy.training import Grower, augmenter  # noqa: E402
from spacy.language import Language  # noqa: E402
from spacy.tokens import DocBin  # noqa: E402
from spacy.training import Example  # noqa: E402
from test_spacy import TEXTS, annotated  # noqa: E402
from tiny import make_model  # noqa: E402

from augdiff import OptionError  # noqa: E402

LOOSE = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "strength": 0.6, "n": 3}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.blank("en")


@pytest.fixture
def examples(nlp: Language) -> list[Example]:
    return [Example(nlp.make_doc(text), annotated(nlp, text)) for text in TEXTS]


def options(model: str, **other: Any) -> dict[str, Any]:
    return {**DEFAULTS, **LOOSE, "model": model, **other}


def test_examples_come_out_each_followed_by_its_variants(model: str, nlp: Language, examples: list[Example]):
    grown = list(Grower(options(model))(nlp, examples))
    places = [grown.index(example) for example in examples]
    assert places == sorted(places) and len(grown) >= 10
    for place, end in zip(places, [*places[1:], len(grown)], strict=True):
        for example in grown[place + 1 : end]:
            assert example.text != grown[place].text
            own = [(ent.text, ent.label_) for ent in grown[place].reference.ents]
            assert [(ent.text, ent.label_) for ent in example.reference.ents] == own
            assert example.predicted.text == example.reference.text and not example.predicted.ents
            assert "-" not in example.get_aligned_ner() and None not in example.get_aligned_ner()


def test_what_was_made_is_not_made_again(
    model: str, nlp: Language, examples: list[Example], monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    variants = AugdiffPipe._variants
    monkeypatch.setattr(AugdiffPipe, "_variants", lambda self, docs: (asked.append(len(docs)), variants(self, docs))[1])
    grow = augmenter(options(model))
    first = [[each.text for each in grow(nlp, example)] for example in examples * 3]
    assert sum(asked) == 4 and first[:4] == first[4:8] == first[8:]


def test_other_annotations_of_a_text_have_variants_of_their_own(model: str, nlp: Language, examples: list[Example]):
    bare = Example(nlp.make_doc(TEXTS[0]), nlp.make_doc(TEXTS[0]))
    grown = list(Grower(options(model))(nlp, [examples[0], bare]))
    with_names = [each for each in grown if each.reference.ents]
    assert all("Anna" in each.text and "London" in each.text for each in with_names)
    assert len(grown) - len(with_names) >= 2


def test_a_reader_grows_what_is_in_a_file(model: str, nlp: Language, examples: list[Example], tmp_path: Path):
    DocBin(docs=[example.reference for example in examples]).to_disk(tmp_path / "train.spacy")
    read = make_reader(tmp_path / "train.spacy", {"model": model, "strength": 0.6})
    first, again = ([each.text for each in read(nlp)] for _ in range(2))
    assert first == again and [text for text in first if text in TEXTS] == list(TEXTS)


def test_an_augmenter_is_made_of_plain_arguments(model: str, nlp: Language, examples: list[Example]):
    grown = list(make_augmenter({"n": 1, "model": model, "strength": [0.2, 0.9]})(nlp, examples[0]))
    assert grown[0] is examples[0] and len(grown) <= 2


def test_what_is_read_is_learned_from_first(model: str, nlp: Language, examples: list[Example], tmp_path: Path):
    path = tmp_path / "train.spacy"
    DocBin(docs=[example.reference for example in examples]).to_disk(path)
    settings = {**LOOSE, "model": model, "entities": "swap"}
    read, one_by_one = make_reader(path, settings), make_augmenter(settings, path)
    swapped = [each for each in read(nlp) if each.text not in TEXTS]
    assert len(swapped) > 5 and all(each.reference.ents for each in swapped)
    for own in examples:
        names = {ent.text for ent in own.reference.ents}
        for each in list(one_by_one(nlp, own))[1:]:
            assert not names & {ent.text for ent in each.reference.ents}


def test_a_misspelt_setting_is_said(tmp_path: Path):
    for make in (make_augmenter, lambda settings: make_reader(tmp_path, settings)):
        with pytest.raises(OptionError, match="'strenght' is no option of augdiff; did you mean 'strength'"):
            make({"strenght": 0.3})


def test_spacy_learns_from_grown_examples(model: str, nlp: Language, examples: list[Example]):
    trained = spacy.blank("en")
    trained.add_pipe("ner")
    grow = Grower(options(model))
    optimizer = trained.initialize(lambda: list(grow(trained, examples)))
    losses = [trained.update(list(grow(trained, examples)), sgd=optimizer)["ner"] for _ in range(12)]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("config", ["ner.cfg", "ner_augmenter.cfg", "textcat.cfg"])
def test_the_example_project_reads_its_corpus_with_variants(config: str, model: str, tmp_path: Path):
    folder = Path(__file__).parents[1] / "examples" / "spacy_project"
    spec = importlib.util.spec_from_file_location("run", folder / "run.py")
    assert spec is not None and spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    run.make_corpora(folder / "messages.txt", tmp_path)
    own = tmp_path / "train.spacy"
    augmented = "corpora.train.augmenter.settings" if "augmenter" in config else "corpora.train.settings"
    changes = {"paths.train": str(own), "paths.dev": str(own), f"{augmented}.model": model, f"{augmented}.n": 1}
    loaded = spacy.util.load_config(folder / config, overrides=changes)
    filled = spacy.util.load_model_from_config(loaded, auto_fill=True)
    corpus = spacy.registry.resolve({"train": filled.config.interpolate()["corpora"]["train"]})["train"]
    found = [example.text for example in corpus(filled)]
    assert len(found) > 30 and found[0] == "Please book a room for Anna near the harbour in Oslo."


def test_equal_docs_with_other_user_data_have_variants_with_their_own(model: str, nlp: Language):
    docs = [nlp.make_doc(TEXTS[2]) for _ in range(2)]
    for number, doc in enumerate(docs):
        doc.user_data["number"] = number
    grown = list(Grower(options(model))(nlp, [Example(nlp.make_doc(doc.text), doc) for doc in docs]))
    half = len(grown) // 2
    assert half > 1 and [each.text for each in grown[:half]] == [each.text for each in grown[half:]]
    assert [each.reference.user_data["number"] for each in grown] == [0] * half + [1] * half
