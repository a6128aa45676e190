"""An Augmenter in ``datasets.map``: the training split grows, and all features stay.

Needs ``pip install 'augdiff[datasets]'``.
"""

import json
from pathlib import Path

from datasets import ClassLabel, Dataset, Features

import augdiff

REVIEWS = Path(__file__).with_name("reviews.jsonl")


def main() -> Dataset:
    reviews = Dataset.from_list([json.loads(line) for line in REVIEWS.read_text(encoding="utf-8").splitlines()])
    reviews = reviews.cast_column("label", ClassLabel(names=["complaint", "praise", "question"]))
    split = reviews.train_test_split(test_size=8, seed=0)

    augmenter = augdiff.Augmenter(text="text", label="label", n=3, seed=1).fit(split["train"])
    features = Features({**split["train"].features, **augdiff.features()})
    train = split["train"].map(augmenter, batched=True, with_indices=True, features=features)

    print(f"{len(split['train'])} training rows became {len(train)}; the {len(split['test'])} test rows stay alone")
    for row in train.select(range(4)):
        print(f"{train.features['label'].int2str(row['label']):10} {row['augdiff']['verdict']:9} {row['text']}")
    return train


if __name__ == "__main__":
    main()
