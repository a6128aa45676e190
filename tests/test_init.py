import subprocess
import sys

import pytest

import augdiff

HEAVY = ["torch", "datasets", "pandas", "spacy", "sklearn", "transformers", "pyarrow", "numpy", "regex"]


def test_public_names():
    assert augdiff.__all__ == [
        "AugdiffError",
        "Augmenter",
        "DataError",
        "MissingExtraError",
        "ModelError",
        "OptionError",
        "__version__",
        "augment",
        "evaluate",
        "families",
        "features",
        "generate",
        "infill",
        "interpolate",
        "trace",
        "transform",
    ]
    assert augdiff.__all__ == sorted(augdiff.__all__)
    assert all(getattr(augdiff, name) is not None for name in augdiff.__all__)
    assert set(augdiff.__all__) <= set(dir(augdiff))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'augmnet'"):
        augdiff.augmnet  # noqa: B018


def test_import_loads_nothing_heavy():
    code = f"import augdiff, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_augmenter_is_made_and_pickled_without_the_heavy_libraries():
    heavy = ["torch", "datasets", "pandas", "transformers"]
    code = (
        "import augdiff, pickle, sys; pickle.dumps(augdiff.Augmenter(model='nowhere')); "
        "augdiff.augment([{'text': 'a'}], n=0); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_function_is_not_hidden_by_a_module():
    code = "import augdiff.augmentation, augdiff.augmenter, augdiff; assert callable(augdiff.augment)"
    subprocess.run([sys.executable, "-c", code], check=True)
