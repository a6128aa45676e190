"""What may come out of a hole, given what stands beside it."""

import torch
from tiny import MARKS, make_tokenizer

from augdiff.text.bars import Bars, Holes, avoided_ids
from augdiff.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(make_tokenizer(), MARKS)
CPU = torch.device("cpu")


def token(name: str) -> int:
    found = VOCABULARY.tokenizer.token_to_id(name)
    assert found is not None
    return int(found)


def allowed(
    ids: list[int],
    slot: list[int],
    at: int,
    elastic: bool = False,
    avoid: tuple[str, ...] = (),
    told: tuple[str, ...] = (),
    apart: bool = False,
) -> set[str]:
    """The tokens that may come out at ``at`` of a row with holes where ``slot`` is not -1."""
    x, slots = torch.tensor([ids]), torch.tensor([slot])
    hole = slots >= 0
    begins = hole & (slots != slots.roll(1, 1))
    ends = hole & (slots != slots.roll(-1, 1))
    none = torch.zeros_like(hole)
    holes = Holes(
        slots,
        hole & elastic,
        begins,
        ends,
        none,
        torch.full_like(slots, -1),
        torch.tensor([[token(word) for word in told]], dtype=torch.long),
        torch.tensor([apart]),
    )
    where = torch.zeros_like(hole)
    where[0, at] = True
    bars = Bars(VOCABULARY, avoided_ids(VOCABULARY, avoid), CPU)
    logits = bars(x, where, holes)(torch.zeros(1, len(VOCABULARY)), slice(0, 1))[0]
    return {VOCABULARY.tokenizer.id_to_token(i) for i in (logits > -1).nonzero()[:, 0].tolist()}


S, E, M, X = MARKS.start, MARKS.end, MARKS.mask, 5


def test_a_slot_begins_with_a_word_and_never_with_a_piece_or_a_mark() -> None:
    found = allowed([S, M, E], [-1, 0, -1], 1)
    assert "good" in found
    assert not found & {"##s", "'", ",", "[UNK]", "[MASK]", "[PAD]", "[BLANK]", "[ELASTIC]", "s", "t"}


def test_a_text_of_its_own_has_marks_and_rests_of_words_but_begins_with_no_piece() -> None:
    first = allowed([S, M, M, E], [-1, 0, 0, -1], 1, apart=True)
    assert {"good", "'", ",", "s"} <= first
    assert not first & {"##s", "[UNK]", "[MASK]", "[PAD]", "[BLANK]", "[ELASTIC]"}
    later = allowed([S, token("movie"), M, E], [-1, 0, 0, -1], 2, avoid=("good",), apart=True)
    assert {"##s", "'", "t"} <= later and not later & {"movie", "good"}


def test_a_piece_follows_letters_but_no_mark() -> None:
    after_word = allowed([S, token("movie"), M, M, E], [-1, 0, 0, 0, -1], 2)
    assert "##s" in after_word and "," in after_word
    after_mark = allowed([S, token(","), M, M, E], [-1, 0, 0, 0, -1], 2)
    assert "##s" not in after_mark and "movie" in after_mark and "," not in after_mark


def test_only_letters_go_before_a_piece_or_a_mark_that_is_there() -> None:
    for right in ("##s", ","):
        found = allowed([S, M, M, token(right), E], [-1, 0, 0, 0, -1], 2)
        assert "movie" in found and "," not in found


def test_blanks_come_out_of_elastic_holes_alone_and_only_at_the_end_of_a_slot() -> None:
    assert "[BLANK]" not in allowed([S, M, M, E], [-1, 0, 0, -1], 2)
    assert "[BLANK]" in allowed([S, X, X, E], [-1, 0, 0, -1], 2, elastic=True)
    assert "[BLANK]" not in allowed([S, X, token("movie"), E], [-1, 0, 0, -1], 1, elastic=True)
    assert allowed([S, MARKS.blank or 0, X, E], [-1, 0, 0, -1], 2, elastic=True) == {"[BLANK]"}


def test_a_fixed_slot_does_not_end_with_a_mark() -> None:
    assert "," not in allowed([S, token("movie"), M, E], [-1, 0, 0, -1], 2)


def test_words_to_avoid_are_barred_whatever_their_case() -> None:
    found = allowed([S, M, E], [-1, 0, -1], 1, avoid=("Good", "LONDON"))
    assert "good" not in found and "london" not in found and "bad" in found


def test_a_word_is_not_said_twice() -> None:
    ids, slot = [S, token("good"), M, token("movie"), E], [-1, -1, 0, -1, -1]
    assert not allowed(ids, slot, 2) & {"good", "movie"}


def test_marks_that_open_close_or_tie_are_never_produced() -> None:
    found = allowed([S, token("movie"), M, M, E], [-1, 0, 0, 0, -1], 2)
    assert not found & {'"', "'", "-", "(", ")", ".", ":", "!", "?"}


def test_words_that_the_context_has_do_not_come_out() -> None:
    row = ([S, M, M, E], [-1, 0, 1, -1])
    free = allowed(*row, 1)
    assert {"good", "movie"} <= free
    for at in (1, 2):
        assert allowed(*row, at, told=("good", "movie")) == free - {"good", "movie"}
