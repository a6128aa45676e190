"""What a language model reads before it writes a row anew."""

import pytest
from tiny import make_base_tokenizer

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.prompts import EXAMPLES, ROOM, Prompts
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.variant import Source

OTHERS = tuple(f"The film number {number} was very good." for number in range(30))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(make_base_tokenizer(), Marks(3, -1, 0, 0, 4, 5, 6))


@pytest.fixture(scope="module")
def prompts(vocabulary: Vocabulary) -> Prompts:
    return Prompts(vocabulary)


def shown(prompts: Prompts, source: Source) -> list[str]:
    return [prompts.vocabulary.tokenizer.decode(ids) for ids in prompts.lines(source)]


def test_a_prompt_is_a_heading_the_rows_the_row_itself_and_a_bullet(prompts: Prompts) -> None:
    source = Source("We loved it.", "k", (), "praise", demonstrations=OTHERS[:2])
    heading, lines = prompts.heading(source.context), prompts.lines(source)
    analysis = Analysis("", None, [], heading, lines, frozenset(), [])  # type: ignore[arg-type]
    text = prompts.vocabulary.tokenizer.decode(prompts.open(analysis)[1:])
    first, second = sorted(OTHERS[:2], key=text.index)
    assert text == f"Examples of praise:\n- {first}\n- {second}\n- We loved it.\n-"
    assert prompts.open(analysis)[0] == prompts.vocabulary.marks.start


def test_without_a_context_there_is_no_heading(prompts: Prompts) -> None:
    assert prompts.heading("") == prompts.heading("  ") == []


def test_at_most_ten_rows_are_drawn_by_the_key_and_the_row_itself_is_the_last(prompts: Prompts) -> None:
    source = Source("We loved it.", "k", demonstrations=OTHERS)
    lines = shown(prompts, source)
    assert len(set(lines)) == EXAMPLES and lines[-1] == "- We loved it.\n"
    assert {line[2:-1] for line in lines[:-1]} < set(OTHERS)
    assert shown(prompts, source) == lines
    assert shown(prompts, Source("We loved it.", "other", demonstrations=OTHERS)) != lines


def test_rows_are_shown_as_long_as_there_is_room(prompts: Prompts) -> None:
    long = tuple(f"{number} {text}" for number, text in enumerate(["The film was very good. " * 20] * 9))
    found = prompts.lines(Source("No.", "k", demonstrations=(*long, *OTHERS[:2])))
    assert 2 < len(found) < EXAMPLES
    assert ROOM / 2 < sum(map(len, found)) <= ROOM
    alone = prompts.lines(Source("The film was very good. " * 200, "k", demonstrations=OTHERS))
    assert len(alone) == 1 and len(alone[0]) == ROOM + 1
    assert shown(prompts, Source("The film was very good. " * 200, "k"))[0].endswith("\n")


def test_a_row_is_not_shown_twice_and_every_row_is_one_line(prompts: Prompts) -> None:
    source = Source("We loved\nit.\r\n", "k", demonstrations=("We loved\nit.\r\n", "No\n\tnever. "))
    assert shown(prompts, source) == ["- No  never.\n", "- We loved it.\n"]


@pytest.mark.parametrize("text", ["The film\nwas good", "  1990 was\tbad 😀", "", "我喜欢 it"])
def test_tokens_of_a_line_lie_where_they_do_in_the_text(prompts: Prompts, text: str) -> None:
    (begun,) = prompts.begun([text])
    assert prompts.vocabulary.tokenizer.decode(begun.ids) == " " + text.replace("\n", " ").replace("\t", " ")
    covered = {at for start, end in begun.offsets for at in range(start, end)}
    assert covered == {at for at, sign in enumerate(text) if not sign.isspace()}
