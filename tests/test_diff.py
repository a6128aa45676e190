"""The diff: what a reader at a terminal sees of a source and its variants."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from augdiff.diff import GONE, NEW, SAME, legend, marked, show_rows, stretches
from augdiff.text.edits import Edit, apply_edits

SOURCE = "The soup was very cold, and nobody said sorry."


def plain(source: str, *edits: Edit) -> str:
    return marked(stretches(source, edits), colour=False).plain


def record(variant: int, *edits: Edit, verdict: str = "kept", column: str = "text", **scores: float) -> dict[str, Any]:
    return {
        "source": 7,
        "variant": variant,
        "edits": [{"column": column, **vars(edit)} for edit in edits],
        "verdict": verdict,
        "similarity": scores.get("similarity", float("nan")),
        "fluency": scores.get("fluency", float("nan")),
        "label_prob": scores.get("label_prob", float("nan")),
    }


def shown(
    rows: list[dict[str, Any]], text: tuple[str, ...] = ("text",), label: str | None = None, **options: Any
) -> str:
    file = io.StringIO()
    show_rows(rows, text, label, Console(file=file, width=80, **options))
    return file.getvalue()


def test_a_replaced_word_is_framed():
    assert plain(SOURCE, Edit(4, 8, "tea")) == "The [tea] was very cold, and nobody said sorry."


def test_a_dropped_word_is_framed_with_dashes_and_without_its_blank():
    assert plain(SOURCE, Edit(12, 17, "")) == "The soup was [-very-] cold, and nobody said sorry."


def test_blanks_of_an_inserted_word_stay_outside_the_frame():
    assert plain(SOURCE, Edit(8, 8, " itself")) == "The soup [itself] was very cold, and nobody said sorry."


def test_a_row_without_edits_is_the_source():
    assert plain(SOURCE) == SOURCE
    assert plain("") == ""


@given(st.text(alphabet="ab ,", max_size=20), st.data())
def test_stretches_that_are_not_gone_spell_the_variant_up_to_blanks(source: str, data: st.DataObject):
    first, last = sorted(data.draw(st.lists(st.integers(0, len(source)), min_size=2, max_size=2)))
    edit = Edit(first, last, data.draw(st.text(alphabet="xy ", max_size=4)))
    parts = stretches(source, [edit])
    spelled = "".join(text for text, mark in parts if mark is not GONE)
    assert spelled.split() == apply_edits(source, [edit]).split() or "".join(spelled.split()) == "".join(
        apply_edits(source, [edit]).split()
    )
    assert all(text for text, _ in parts)
    assert all(text == text.strip() for text, mark in parts if mark is not SAME)


def test_colour_terminals_get_styles_and_no_brackets():
    line = marked(stretches(SOURCE, [Edit(4, 8, "tea"), Edit(12, 17, "")]), colour=True)
    assert line.plain == "The tea was very cold, and nobody said sorry."
    assert [(line.plain[span.start : span.end], span.style) for span in line.spans if span.style] == [
        ("tea", NEW.style),
        ("very", GONE.style),
    ]


def test_control_characters_cannot_reach_the_terminal():
    assert plain("a\nb\x1b[31mc\0d\u202ee\x9bf") == "a⏎b␛[31mc␀d�e�f"


def test_long_unchanged_stretches_lose_their_middle_and_changes_stay_in_sight():
    source = "lorem " * 20_000
    line = plain(source, Edit(60_000, 60_005, "ipsum"))
    assert "[ipsum]" in line
    assert len(line) < 500


def test_rows_are_shown_under_their_source_within_80_columns():
    rows = [
        {"text": SOURCE, "label": "negative", "augdiff": record(0, verdict="original")},
        {"text": "…", "label": "negative", "augdiff": record(1, Edit(4, 8, "fish and the chips that came with it"))},
        {"text": "…", "label": "negative", "augdiff": record(2, verdict="unfluent", similarity=0.5, fluency=-7.25)},
        {"text": "No.", "label": "neutral", "augdiff": {**record(0, verdict="original"), "source": 8}},
    ]
    assert [line.rstrip() for line in shown(rows, label="label").splitlines()] == [
        "row 7  label: negative",
        "      The soup was very cold, and nobody said sorry.",
        "   1  The [fish and the chips that came with it] was very cold, and nobody said",
        "      sorry.",
        "   2  The soup was very cold, and nobody said sorry.",
        "      rejected: unfluent (similarity 0.50, fluency -7.25)",
        "",
        "row 8  label: neutral",
        "      No.",
        "",
    ]


def test_every_text_column_of_a_pair_has_its_line():
    rows = [
        {"a": "It rains.", "b": "It is wet.", "augdiff": record(0, verdict="original")},
        {"a": "It snows.", "b": "It is wet.", "augdiff": record(1, Edit(3, 8, "snows"), column="a")},
    ]
    lines = [line.strip() for line in shown(rows, text=("a", "b")).splitlines()]
    assert lines == ["row 7", "It rains.", "It is wet.", "1  It [snows].", "It is wet.", ""]


def test_brackets_in_a_text_are_no_markup():
    rows = [{"text": "see [bold]this[/bold] [/]", "augdiff": record(0, verdict="original")}]
    assert "see [bold]this[/bold] [/]" in shown(rows, force_terminal=True, color_system="truecolor")


@pytest.mark.parametrize(("options", "expected"), [({}, "[so]"), ({"force_terminal": True}, "so")])
def test_the_legend_uses_the_marks_it_explains(options: dict[str, Any], expected: str):
    console = Console(file=io.StringIO(), width=80, **options)
    assert legend(console).plain.startswith(f"new words {expected}, dropped")
