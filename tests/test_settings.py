import math
import pickle
import re
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest

from augdiff import OptionError
from augdiff.settings import DEFAULT_PROTECTION, Settings


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n", -1),
        ("n", 2.5),
        ("n", True),
        ("candidates", 0),
        ("candidates", 1.5),
        ("strength", 0),
        ("strength", 1.5),
        ("strength", float("nan")),
        ("strength", "high"),
        ("strength", (0.5, 0.2)),
        ("strength", (0.1, 0.2, 0.3)),
        ("seed", "0"),
        ("model", ""),
        ("base", ""),
        ("base", 3),
        ("family", 3),
        ("entities", "drop"),
        ("entities", None),
        ("protect", 7),
        ("protect", ["", "urls"]),
        ("protect", ["re:(unclosed"]),
        ("protect", [re.compile(b"bytes")]),
        ("avoid", [None]),
        ("min_similarity", "much"),
        ("min_fluency", float("nan")),
        ("max_likeness", 0),
        ("min_label", -0.1),
        ("min_label", 1.5),
        ("redraws", -1),
        ("budget", 0),
        ("steps", 0),
        ("temperature", 0),
        ("temperature", 1e-8),
        ("guidance", 1e10),
        ("temperature", math.inf),
        ("min_p", 1.0),
        ("batch_size", 0),
        ("device", "gpu"),
        ("guidance", -1),
        ("guidance", "2"),
        ("echo", 1),
        ("precision", "int4"),
    ],
)
def test_bad_value_is_one_line_that_names_the_option(option: str, value: Any):
    with pytest.raises(OptionError, match=f"^{option}") as caught:
        Settings(**{option: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n", np.int64(3)),
        ("n", 0),
        ("strength", 1),
        ("strength", [0.1, 0.1]),
        ("seed", -5),
        ("min_similarity", -math.inf),
        ("steps", 8),
        ("guidance", 0),
        ("device", "cuda:1"),
        ("precision", "int8"),
        ("precision", "bfloat16"),
    ],
)
def test_good_value_passes(option: str, value: Any):
    Settings(**{option: value})


def test_message_says_rule_and_value():
    with pytest.raises(OptionError, match=r"strength must be a number above 0 and at most 1.*was: 1\.5"):
        Settings(strength=1.5)


def test_compiled_pattern_is_kept_as_text_with_its_flags():
    settings = Settings(protect=[re.compile("ab+", re.I), "urls", "London"])
    assert settings.protect == ("London", "re:(?i)ab+", "urls")


def test_one_word_is_not_taken_for_its_letters():
    assert Settings(protect="London", avoid="damn") == Settings(protect=["London"], avoid=["damn"])


def test_default_protects_what_breaks_when_it_changes():
    assert Settings().protect == DEFAULT_PROTECTION == ("emails", "handles", "placeholders", "urls")


def test_range_of_one_number():
    assert Settings(strength=0.3).strengths((0.1, 0.2)) == (0.3, 0.3)
    assert Settings(strength=[0.3, 0.4]).strengths((0.1, 0.2)) == (0.3, 0.4)
    assert Settings().strengths((0.1, 0.2)) == (0.1, 0.2)


def test_variants_made_of_a_label_may_be_unlike_their_row_unless_told_otherwise():
    assert Settings().least_similarity(steered=True) == -inf < Settings().least_similarity(steered=False)
    assert Settings(min_similarity=0.2).least_similarity(steered=True) == 0.2


def test_digest_does_not_depend_on_form_speed_or_place():
    plain = Settings(strength=0.3, protect=["a", "b"])
    for same in [
        Settings(strength=(0.3, 0.3), protect=["a", "b"]),
        Settings(strength=0.3, protect=("b", "a", "a")),
        replace(plain, batch_size=7),
        replace(plain, device="cpu"),
        replace(plain, base="here.gguf"),
        pickle.loads(pickle.dumps(plain)),
    ]:
        assert same.digest() == plain.digest()


def test_digest_changes_with_everything_that_changes_results(monkeypatch: pytest.MonkeyPatch):
    changes = {
        "n": 5,
        "candidates": 2,
        "strength": 0.3,
        "saliency": 1.0,
        "seed": 1,
        "model": "other",
        "family": "other",
        "entities": "swap",
        "protect": ("numbers",),
        "avoid": ("damn",),
        "min_similarity": 0.1,
        "min_fluency": -1.0,
        "max_likeness": 0.5,
        "min_label": 0.0,
        "relabel": True,
        "pseudo_label": True,
        "soft_labels": True,
        "redraws": 1,
        "budget": 2,
        "steps": 9,
        "temperature": 0.5,
        "min_p": 0.1,
        "guidance": 3.0,
        "echo": True,
        "precision": "float32",
        "reader": "gpt2",
    }
    digests = {Settings().digest(), *(Settings(**{name: value}).digest() for name, value in changes.items())}
    monkeypatch.setattr("augdiff.settings.__version__", "0.0.0")
    digests.add(Settings().digest())
    assert len(digests) == len(changes) + 2
    assert {*changes, "base", "batch_size", "device"} == set(Settings.__dataclass_fields__)
