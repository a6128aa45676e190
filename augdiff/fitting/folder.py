"""What was fitted on disk, so that an Augmenter that is pickled carries no more than a folder and a digest.

Folders are below the user's cache, ``fitted/``, and named by their digest; one that no pickle needs may be removed.
Those of a job that is not done are below its own folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.cache import cache_folder, part_of, put_in_place
from augdiff.errors import ModelError
from augdiff.fitting.demonstrations import Member, Pool
from augdiff.fitting.fit import Fitted
from augdiff.fitting.mentions import MarkedLine, Mentions
from augdiff.fitting.saliency import Saliency
from augdiff.hub import first_line
from augdiff.quality.channel_judge import Channel, ChannelJudge
from augdiff.quality.label_features import Feature
from augdiff.quality.label_judge import LabelJudge
from augdiff.quality.label_judge_folder import load_label_judge, save_label_judge
from augdiff.quality.span_judge import Reader, SpanJudge, Tagger
from augdiff.text.labels import checked_names

if TYPE_CHECKING:
    from augdiff.denoisers.difference import Difference
    from augdiff.quality.language_model import Listener

_FORMAT = "augdiff-fitted-9"
_RECORD, _JUDGE, _DIFFERENCE, _SPANS = "fitted.json", "judge", "difference.safetensors", "spans.safetensors"
_KEYS = set("format names judge listens channel note pool saliency adapted mentions spans pseudo sure classes".split())


def save_fitted(fitted: Fitted, below: Path | None = None) -> Path:
    """Write what was fitted, unless it is there.

    Words of the rows and some of their texts are written as they are, their keys as hashes.

    :param below: where folders are; None for the user's cache.
    :returns: the folder.
    :raises ModelError: if it cannot be written.
    """
    target = (below or cache_folder() / "fitted") / fitted.digest
    if (target / _RECORD).is_file():
        return target
    record = {
        "format": _FORMAT,
        "names": fitted.names,
        "judge": fitted.judge is not None,
        "listens": fitted.judge is not None and len(fitted.judge.features) > 1,
        "channel": None if fitted.channel is None else asdict(fitted.channel.channel),
        "note": fitted.note,
        "pool": fitted.pool.members,
        "saliency": fitted.saliency.weights,
        "adapted": fitted.difference is not None,
        "mentions": list(vars(fitted.mentions).values()),
        "spans": None if fitted.spans is None else _spans_record(fitted.spans),
        "pseudo": fitted.pseudo_weight,
        "sure": fitted.sure,
        "classes": fitted.classes,
    }

    def write(part: Path) -> None:
        if fitted.judge is not None:
            save_label_judge(fitted.judge, part / _JUDGE)
        if fitted.difference is not None:
            from augdiff.denoisers.difference import save_difference

            save_difference(fitted.difference, part / _DIFFERENCE)
        if fitted.spans is not None:
            _save_taggers(fitted.spans, part / _SPANS)
        (part / _RECORD).write_text(json.dumps(record) + "\n", encoding="utf-8")

    return _written(target, write)


def find_fitted(below: Path) -> tuple[str, str] | None:
    """Folder and digest of what :func:`save_fitted` wrote below a folder; None if there is nothing."""
    found = sorted(below.glob(f"*/{_RECORD}"))
    return (str(found[0].parent), found[0].parent.name) if found else None


def files_of(folder: Path) -> dict[str, bytes]:
    """What :func:`save_fitted` wrote, by the names of its files."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put_files(files: Mapping[str, bytes], digest: str) -> Path:
    """Write what :func:`files_of` read, unless it is there.

    :returns: the folder.
    :raises ModelError: if it cannot be written.
    """
    target = cache_folder() / "fitted" / digest

    def write(part: Path) -> None:
        for name, content in files.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(content)

    return target if (target / _RECORD).is_file() else _written(target, write)


def _written(target: Path, write: Callable[[Path], None]) -> Path:
    """A folder that is there whole or not at all."""
    try:
        with part_of(target) as part:
            write(part)
            put_in_place(part, target, _RECORD)
    except OSError as error:
        raise ModelError(
            f"{target} cannot be written ({first_line(error)}): let AUGDIFF_CACHE name a folder that can be"
        ) from error
    return target


def load_fitted(
    folder: Path,
    digest: str,
    embed: Feature,
    listener: Callable[[Difference | None], Listener | None],
    read: Reader,
) -> Fitted:
    """What :func:`save_fitted` wrote.

    :param digest: that it must have.
    :param embed: the embedding that the judge was fitted on.
    :param listener: gives the language model that it hears, if it hears one, under a denoiser that has learned so much.
    :param read: the features of words that a judge of spans was fitted on.
    :raises ModelError: if it is not there, broken, or another one.
    """
    record = _read(folder / _RECORD)
    try:
        difference = _difference(folder / _DIFFERENCE) if record["adapted"] else None
        heard = listener(difference) if record["listens"] else None
        more = () if heard is None else heard.features
        judge = load_label_judge(folder / _JUDGE, embed, more=more) if record["judge"] else None
        channel = _channel(judge, record["channel"], heard)
        fitted = Fitted(
            checked_names(record["names"]),
            judge,
            record["note"],
            _pool(record["pool"]),
            Saliency(record["saliency"]),
            channel,
            difference,
            _mentions(record["mentions"]),
            None if record["spans"] is None else _load_taggers(record["spans"], folder / _SPANS, read),
            float(record["pseudo"]),
            float(record["sure"]),
            int(record["classes"]),
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ModelError(f"{folder} is broken ({first_line(error)}): remove it and fit the Augmenter again") from error
    if fitted.digest != digest:
        raise ModelError(
            f"{folder} is broken, its digest is {fitted.digest[:12]}: remove it and fit the Augmenter again"
        )
    return fitted


def _difference(path: Path) -> Difference:
    from augdiff.denoisers.difference import load_difference

    return load_difference(path)


def _channel(judge: LabelJudge | None, record: Any, heard: Listener | None) -> ChannelJudge | None:
    if judge is None or heard is None or record is None:
        return None
    rows = tuple(tuple((fold, text) for fold, text in label) for label in record["rows"])
    plain, weight = record["weights"]
    return ChannelJudge(judge, Channel(tuple(record["names"]), rows, (plain, weight)), heard)


def _mentions(record: Any) -> Mentions:
    tags, kinds, lines, told = record
    named = {kind: tuple(names) for kind, names in kinds.items()}
    return Mentions(tuple(tags), named, tuple(MarkedLine(row, text) for row, text in lines), told)


def _spans_record(judge: SpanJudge) -> list[Any]:
    return [judge.kinds, dict(sorted(judge.folds.items())), judge.usual]


def _save_taggers(judge: SpanJudge, path: Path) -> None:
    from safetensors.numpy import save_file

    arrays = {f"{number}.weight": tagger.weight for number, tagger in enumerate(judge.taggers)}
    save_file(arrays | {f"{number}.bias": tagger.bias for number, tagger in enumerate(judge.taggers)}, path)


def _load_taggers(record: Any, path: Path, read: Reader) -> SpanJudge:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    kinds, folds, usual = record
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    taggers = [Tagger(arrays[f"{at}.weight"], arrays[f"{at}.bias"]) for at in range(len(arrays) // 2)]
    return SpanJudge(tuple(kinds), read, tuple(taggers), folds, usual)


def _pool(record: Any) -> Pool:
    return Pool(
        {
            label: tuple(tuple(Member(*member) for member in column) for column in columns)
            for label, columns in record.items()
        }
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} cannot be read ({first_line(error)}): remove its folder and fit the Augmenter again"
        ) from error
    if not isinstance(record, dict) or set(record) != _KEYS or record["format"] != _FORMAT:
        raise ModelError(f"{path} was not written by this version: remove its folder and fit the Augmenter again")
    return record
