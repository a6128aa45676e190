"""A pandas frame grows: the index is repeated, every column stays, weak variants are dropped by their score.

Needs ``pip install 'augdiff[pandas]'``.
"""

from pathlib import Path

import pandas as pd

import augdiff

REVIEWS = Path(__file__).with_name("reviews.jsonl")


def main() -> pd.DataFrame:
    reviews = pd.read_json(REVIEWS, lines=True).astype({"label": "category"})
    grown = augdiff.augment(reviews, text="text", label="label", n=3, seed=1)

    origin = pd.json_normalize(grown["augdiff"].tolist()).set_index(grown.index)
    close = grown[(origin["variant"] == 0) | (origin["similarity"] >= 0.6)]

    print(f"{len(reviews)} rows became {len(grown)}, of which {len(close)} are originals or close to theirs")
    print(close["label"].value_counts().to_string())
    return close


if __name__ == "__main__":
    main()
