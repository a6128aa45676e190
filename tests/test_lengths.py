"""How many tokens come out of slots whose lengths are drawn before their words."""

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch
from tiny import make_model
from torch import Tensor

from augdiff.compositions.lengths import cut
from augdiff.compositions.sampler import Sampler
from augdiff.compositions.states import Tokens
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.engine.denoise import Net
from augdiff.engine.process import Process
from augdiff.engine.space import absorbing
from augdiff.infilling import find_gaps, propose_gaps
from augdiff.settings import Settings
from augdiff.text.edits import apply_edits
from augdiff.text.slots import Slot
from augdiff.transforming import _proposals
from augdiff.variant import Source


@dataclass(frozen=True)
class Leaning(Tokens):
    """All words are as likely as others, and blanks the likelier the later a mask stands; certain at ``most``."""

    most: int

    @property
    def net(self) -> Net:
        """Says that."""
        vocabulary = self.denoiser.vocabulary
        blank = vocabulary.marks.blank
        assert blank is not None

        def said(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
            place = where.nonzero()[:, 1].float()
            share = (place / self.most).clamp(0.01, 0.99)
            logits = torch.zeros(len(place), len(vocabulary))
            logits[:, blank] = share.logit() + np.log(len(vocabulary) - 1)
            return logits

        return said


class Whole(Leaning):
    """The same of one that has only seen texts noised as a whole."""

    @property
    def partial(self) -> bool:
        """See :class:`augdiff.compositions.states.States`."""
        return False


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory: pytest.TempPathFactory) -> Denoiser:
    return load(str(make_model(tmp_path_factory.mktemp("models") / "tiny")), precision="float32")


def drawn(denoiser: Denoiser, text: str, n: int, apart: bool = True) -> list[int]:
    """Words that come out of the holes of a text, for each of ``n`` draws."""
    mask = denoiser.vocabulary.marks.mask
    settings = Settings(temperature=0.8, precision="float32", steps=8)
    sampler = Sampler(denoiser, settings, Process(absorbing(mask)), states=Leaning(denoiser, 40))
    plain, gaps = find_gaps(text)
    proposals = propose_gaps(sampler, denoiser, Source(plain, text), gaps, range(1, n + 1), 0)
    proposals = [replace(one, apart=apart) for one in proposals]
    return [sum(len(edit.text.split()) for edit in draw.edits) for draw in sampler.fill(proposals)]


def test_long_holes_come_out_as_long_as_the_model_finds_right(denoiser: Denoiser) -> None:
    expected = sum(1 - min(max(place / 40, 0.01), 0.99) for place in range(1, 41))
    # Pieces of words and marks stand with others, so that there are fewer words than tokens.
    fixed = fmean(drawn(denoiser, f"[MASK:{round(expected)}]", 100)) / round(expected)
    assert fmean(drawn(denoiser, "[MASK:1-40]", 400)) / fixed == pytest.approx(expected, rel=0.1)
    assert fmean(drawn(denoiser, "[MASK:1-40]", 100, apart=False)) / fixed < 0.7 * expected


def test_what_is_written_of_a_source_has_its_length_first(denoiser: Denoiser) -> None:
    source = "we loved the old hotel and the very good film"
    sampler = Sampler(denoiser, Settings(), Process(absorbing(denoiser.vocabulary.marks.mask)))
    proposals = _proposals(sampler.analyse([Source(source, source)])[0], denoiser, 300, 0)
    holes = proposals[0].windows[0].holes
    expected = sum(1 - place / (holes[-1] + 1) for place in holes)

    def words(states: Leaning) -> float:
        sampler = Sampler(denoiser, Settings(), Process(absorbing(denoiser.vocabulary.marks.mask)), states=states)
        return fmean(len(apply_edits(source, draw.edits).split()) for draw in sampler.fill(proposals))

    # Of pieces and marks there are fewer words than tokens.
    assert 0.6 * expected < words(Leaning(denoiser, holes[-1] + 1)) <= 1.1 * expected
    # Where it learned from no part of what is written, none is given.
    assert words(Whole(denoiser, holes[-1] + 1)) < 0.5 * expected


def test_lengths_differ_and_are_never_below_what_is_asked_for(denoiser: Denoiser) -> None:
    assert len(set(drawn(denoiser, "[MASK:1-40]", 50))) > 10
    assert min(drawn(denoiser, "[MASK:1-40]", 50)) < 5 < min(drawn(denoiser, "[MASK:30-40]", 50))


def test_masks_beyond_a_length_are_blanks_and_other_slots_stay(denoiser: Denoiser, tmp_path: Path) -> None:
    text = "the [MASK:2] was [MASK:1-3] and [MASK:1-4]"
    sampler = Sampler(denoiser, Settings(precision="float32"), Process(absorbing(denoiser.vocabulary.marks.mask)))
    plain, gaps = find_gaps(text)
    (proposal,) = propose_gaps(sampler, denoiser, Source(plain, text), gaps, [1], 0)
    assert proposal.slot_of == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    blank = denoiser.vocabulary.marks.blank
    assert blank is not None
    shorter = cut(proposal, {1: 1, 2: 3}, blank)
    assert shorter.slot_of == [0, 0, 1, 2, 2, 2]
    assert [slot.elastic for slot in shorter.slots] == [False, False, False]
    (window,), (whole,) = shorter.windows, proposal.windows
    assert len(window.ids) == len(whole.ids)
    gone = sorted(set(whole.holes) - set(window.holes))
    assert len(gone) == 3 and {window.ids[at] for at in gone} == {blank}
    assert [window.ids[at] for at in window.holes] == [whole.ids[at] for at in window.holes]
    # One that is not told its length may come out blank as before.
    assert cut(proposal, {1: 2}, blank).slots[2] == Slot(3, 3, 4, True, 1)
