"""Reading on from what was read: the same numbers as reading all at once, whatever rows are beside a row."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tiny import make_adapter
from torch import Tensor

from augdiff.denoisers.causal import Past
from augdiff.denoisers.denoiser import Denoiser, Language
from augdiff.denoisers.devices import lacking_for_eight_bits, lacking_for_tiles
from augdiff.denoisers.load import load

LENGTH = 24


@pytest.fixture(scope="module", params=["float32", "bfloat16", "int8"])
def denoiser(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Denoiser:
    if request.param == "int8" and lacking_for_eight_bits(torch.device("cpu")):
        pytest.skip("this processor does not multiply 8-bit numbers")
    if request.param == "bfloat16" and lacking_for_tiles(torch.device("cpu")):
        pytest.skip("this processor does not multiply halves faster")
    return load(str(make_adapter(tmp_path_factory.mktemp("models") / "a", base)), "cpu", request.param, str(base))


@pytest.fixture(scope="module")
def language(denoiser: Denoiser) -> Language:
    assert denoiser.language is not None
    return denoiser.language


def some_ids(*shape: int) -> Tensor:
    return torch.randint(20, 300, shape, generator=torch.Generator().manual_seed(0))


def written_on(language: Language, texts: Tensor, of: Sequence[int], seen: Sequence[int], more: Tensor) -> Tensor:
    """States after each token of ``more``, ``(B, t)``, that rows go on with, ``(B, t, D)``."""
    with torch.inference_mode():
        _, kept = language.read(texts)
        past, states = Past(kept, torch.tensor(of), torch.tensor(seen)), []
        for ids in more.T:
            state, past = language.read_next(ids, past)
            states.append(state)
    return torch.stack(states, 1)


def test_reading_on_from_anywhere_in_a_text_is_reading_all_at_once(denoiser: Denoiser, language: Language) -> None:
    texts, more = some_ids(3, LENGTH), some_ids(5, 4)
    of, seen = [0, 2, 2, 1, 0], [LENGTH, 3, 17, 1, 8]
    found = written_on(language, texts, of, seen, more)
    for row, (text, length) in enumerate(zip(of, seen, strict=True)):
        whole = torch.cat([texts[text, :length], more[row]])[None]
        with torch.inference_mode():
            states, _ = language.read(whole)
            scores = language.logits(states[0])[:].log_softmax(-1)
            own = denoiser.log_probabilities(whole)[0, 1:]
        alike = torch.cosine_similarity(found[row], states[0, length:], -1).min()
        # Whole numbers and halves are rounded anew where a state lies on the edge.
        assert alike > (1 - 1e-6 if denoiser.precision == "float32" else 0.95)
        assert torch.allclose(scores[:-1].gather(1, whole[0, 1:, None])[:, 0], own, atol=1e-3)


def test_what_comes_after_a_text_changes_nothing_in_it(language: Language) -> None:
    texts = some_ids(2, LENGTH)
    padded = texts.clone()
    padded[:, 15:] = 3
    with torch.inference_mode():
        assert torch.equal(language.read(texts)[0][:, :15], language.read(padded)[0][:, :15])
    of, seen, more = [0, 1], [15, 9], some_ids(2, 3)
    assert torch.equal(*(written_on(language, each, of, seen, more) for each in (texts, padded)))


@pytest.mark.parametrize("rows", [1, 2, 7, 9, 40, 70])
def test_rows_and_texts_beside_a_row_change_nothing(language: Language, rows: int) -> None:
    texts, more = some_ids(6, LENGTH), some_ids(rows, 3)
    of, seen = [row % 5 for row in range(rows)], [1 + 7 * row % LENGTH for row in range(rows)]
    found = written_on(language, texts, of, seen, more)
    for row in {0, rows // 2, rows - 1}:
        alone = written_on(language, texts[of[row]][None], [0], [seen[row]], more[row : row + 1])
        assert torch.equal(alone[0], found[row])


def test_rows_that_end_are_left_out_and_the_others_go_on(language: Language) -> None:
    texts, ids = some_ids(2, LENGTH), some_ids(2, 6)
    of, seen = torch.tensor([0, 1, 1, 0, 0, 1]), torch.tensor([5, 6, 7, 8, 9, 10])
    with torch.inference_mode():
        _, kept = language.read(texts)
        _, past = language.read_next(ids[0], Past(kept, of, seen))
        whole, _ = language.read_next(ids[1], past)
        some = torch.tensor([4, 3])
        assert torch.equal(language.read_next(ids[1][some], past[some])[0], whole[some])


def test_texts_that_no_row_goes_on_with_are_left_out(language: Language) -> None:
    texts, more = some_ids(6, LENGTH), some_ids(4, 2)
    with torch.inference_mode():
        _, kept = language.read(texts)
        every = Past(kept, torch.tensor([5, 0, 2, 5]), torch.tensor([9, LENGTH, 4, 17]))
        _, every = language.read_next(more[:, 0], every)
        few = every[torch.tensor([0, 3])]
        assert (len(few.texts[0][0]), few.of.tolist(), len(every.texts[0][0])) == (1, [0, 0], 6)
        found, _ = language.read_next(more[[0, 3], 1], few)
        assert torch.equal(found, language.read_next(more[:, 1], every)[0][[0, 3]])


def test_reading_several_tokens_on_is_reading_one_after_the_other(denoiser: Denoiser, language: Language) -> None:
    texts, more = some_ids(3, LENGTH), some_ids(5, 6)
    of, seen = [0, 2, 2, 1, 0], [LENGTH, 3, 17, 1, 8]
    with torch.inference_mode():
        _, kept = language.read(texts)
        found = language.read_on(more, Past(kept, torch.tensor(of), torch.tensor(seen)))
    wanted = written_on(language, texts, of, seen, more)
    assert torch.allclose(found, wanted, atol=1e-3 if denoiser.precision == "float32" else 0.5)


@pytest.mark.parametrize("rows", [1, 2, 7, 40])
def test_reading_on_hangs_on_no_other_row_and_on_nothing_behind(language: Language, rows: int) -> None:
    texts, more = some_ids(6, LENGTH), some_ids(rows, 6)
    of, seen = torch.arange(rows) % 5, 1 + 7 * torch.arange(rows) % LENGTH
    with torch.inference_mode():
        found = language.read_on(more, Past(language.read(texts)[1], of, seen))
        for row in {0, rows // 2, rows - 1}:
            past = Past(language.read(texts[of[row]][None])[1], torch.tensor([0]), seen[row][None])
            changed = more[row][None].clone()
            changed[0, 4:] = 3
            assert torch.equal(language.read_on(changed, past)[0, :4], found[row, :4])
