"""A language model that writes on: what it has read is kept, so that each further token costs one token's work.

Rows that begin with the same text share what was read of it, however much of the text is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.denoisers.llama import ROWS_AT_ONCE, Block, Linear, Llama, attend, rotary, turned

Pair = tuple[Tensor, Tensor]
#: Keys and values of each layer, of G texts, ``(G, H, T, d)``.
Texts = Sequence[Pair]

# Products are of a multiple of this many tokens: those of few may be rounded in another way.
_BLOCK = 8
# So may be those of few rows with their text, which are of this many at a time.
_TOGETHER = 4


@dataclass(frozen=True)
class Past:
    """What B rows have read: the first tokens of one of G texts, and what each went on with.

    :param texts: what :func:`read` kept.
    :param of: the text that each row begins with, ``(B,)``.
    :param seen: how many of its tokens are the row's, ``(B,)``.
    :param own: keys and values of each layer of what came then, ``(B, H, t, d)``; empty before that.
    """

    texts: Texts
    of: Tensor
    seen: Tensor
    own: Sequence[Pair] = ()

    def __getitem__(self, rows: Tensor) -> Past:
        own = [(keys[rows], values[rows]) for keys, values in self.own]
        texts, of = self.texts, self.of[rows]
        used = torch.unique(of)
        # A step reads all texts; to leave one out is to copy the others.
        if 2 * len(used) <= len(texts[0][0]):
            texts = [(keys[used], values[used]) for keys, values in texts]
            of = torch.searchsorted(used, of)
        return Past(texts, of, self.seen[rows], own)


def read(llama: Llama, ids: Tensor) -> tuple[Tensor, Texts]:
    """Read texts without an adapter.

    :param ids: ``(G, T)``; padding after a text changes nothing in it.
    :returns: the states that the token after each one is predicted from, ``(G, T, D)``, and keys and values.
    """
    count, length = ids.shape
    later = torch.ones(length, length, dtype=torch.bool, device=ids.device).triu(1)
    bias = torch.zeros(later.shape, device=ids.device, dtype=llama.token.weight.dtype).masked_fill_(later, -1e9)
    layers: list[Pair] = []

    def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k, v = (x.view(count, length, -1, x.shape[-1]).transpose(1, 2) for x in (q, k, v))
        layers.append((k.contiguous(), v.contiguous()))
        shared = q.shape[1] // k.shape[1]
        mixed = attend(q, k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1), bias)
        return mixed.transpose(1, 2).flatten(0, 1)

    places = torch.arange(length, device=ids.device).repeat(count)
    return _through(llama, ids.flatten(), places, attended, _of_many).view(count, length, -1), layers


def read_next(llama: Llama, ids: Tensor, past: Past) -> tuple[Tensor, Past]:
    """Read a token more in each row, ``(B,)``.

    :returns: the states that the token after it is predicted from, ``(B, D)``, and what was read by then.
    """
    layers: list[Pair] = []
    keys = past.texts[0][0]
    groups = _Groups.of(past.of, len(keys))
    unseen = torch.arange(keys.shape[2], device=ids.device) >= past.seen[:, None]
    none = torch.zeros(1, 1 + (past.own[0][0].shape[2] if past.own else 0), dtype=torch.bool, device=ids.device)

    def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        number = len(layers)
        own = k[:, :, None], v[:, :, None]
        if past.own:
            own = torch.cat([past.own[number][0], own[0]], 2), torch.cat([past.own[number][1], own[1]], 2)
        layers.append(own)
        return _at_both(q[:, :, None], past.texts[number], own, groups, unseen, none)[:, :, 0]

    places = past.seen + (past.own[0][0].shape[2] if past.own else 0)
    return _through(llama, ids, places, attended, _of_few, ROWS_AT_ONCE), Past(past.texts, past.of, past.seen, layers)


def read_on(llama: Llama, ids: Tensor, past: Past) -> Tensor:
    """Read several tokens more in each row, ``(B, T)``, and forget them; padding after a row changes nothing in it.

    :param past: of rows that went on with nothing yet.
    :returns: the states that the token after each one is predicted from, ``(B, T, D)``.
    """
    rows, length = ids.shape
    number = 0
    groups = _Groups.of(past.of, len(past.texts[0][0]))
    unseen = torch.arange(past.texts[0][0].shape[2], device=ids.device) >= past.seen[:, None]
    later = torch.ones(length, length, dtype=torch.bool, device=ids.device).triu(1)

    def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        nonlocal number
        q, k, v = (x.view(rows, length, -1, x.shape[-1]).transpose(1, 2) for x in (q, k, v))
        found = _at_both(q, past.texts[number], (k, v), groups, unseen, later)
        number += 1
        return found.transpose(1, 2).flatten(0, 1)

    places = past.seen[:, None] + torch.arange(length, device=ids.device)
    return _through(llama, ids.flatten(), places.flatten(), attended, _of_many).view(rows, length, -1)


def _of_many(linear: Linear, x: Tensor) -> Tensor:
    found: Tensor = linear(x, False)
    return found


def _of_few(linear: Linear, x: Tensor) -> Tensor:
    return linear.next(x)


def _through(
    llama: Llama,
    ids: Tensor,
    places: Tensor,
    attended: Callable[[Tensor, Tensor, Tensor], Tensor],
    product: Callable[[Linear, Tensor], Tensor],
    multiple: int = _BLOCK,
) -> Tensor:
    """All layers: N ids and their places in their rows, ``(N,)``, to normed states ``(N, D)``.

    :param attended: queries, keys and values ``(N, H, d)`` of each layer in turn to what the queries take.
    :param product: a layer's with some rows.
    :param multiple: it gets as many rows, or twice as many, and so on.
    """
    count, size = len(ids), llama.config.width // llama.config.heads
    spare = (0, 0, 0, -count % multiple)
    x = F.pad(llama.embedded(ids), spare)
    cosines, sines = rotary(int(places.max()) + 1, size, llama.config.rope_base, x)
    turns = cosines[places, None], sines[places, None]
    for block in cast("list[Block]", llama.layers):
        mixed = product(block.qkv, block.attention_norm(x))[:count].view(count, -1, size)
        q, k, v = torch.split(mixed, list(block.heads), 1)
        joined = attended(turned(q, turns), turned(k, turns), v).flatten(1)
        x = x + product(block.out, F.pad(joined, spare))
        gate, up = product(block.gate_up, block.feed_norm(x)).chunk(2, -1)
        x = x + product(block.down, F.silu(gate) * up)
    states: Tensor = llama.norm(x[:count])
    return states


@dataclass(frozen=True)
class _Groups:
    """Rows side by side with those of the same text, whose keys and values are so never copied for them.

    That would cost more than all the rest.

    :param texts: how many there are.
    :param rounds: how often :data:`_TOGETHER` rows of each text are taken until none is left.
    :param places: of the rows, when they lie by round, text and row, ``(B,)``.
    """

    texts: int
    rounds: int
    places: Tensor

    @classmethod
    def of(cls, text: Tensor, texts: int) -> _Groups:
        """Of the text of each row, ``(B,)``."""
        ordered, order = text.sort(stable=True)
        rank = torch.empty_like(text)
        rank[order] = torch.arange(len(text), device=text.device) - torch.searchsorted(ordered, ordered)
        rounds = rank // _TOGETHER
        return cls(texts, int(rounds.max()) + 1, (rounds * texts + text) * _TOGETHER + rank % _TOGETHER)

    def product(self, x: Tensor, matrices: Tensor) -> Tensor:
        """Each row times the matrix of its text: ``(B, H, g, m)`` and ``(G, H, m, n)`` to ``(B, H, g, n)``."""
        _, heads, group, size = x.shape
        laid = x.new_zeros(self.rounds * self.texts * _TOGETHER, heads, group, size)
        laid[self.places] = x
        laid = laid.view(self.rounds, self.texts, _TOGETHER, heads, group, size).transpose(2, 3).flatten(3, 4)
        found = torch.stack([each @ matrices for each in laid])
        found = found.view(self.rounds, self.texts, heads, _TOGETHER, group, -1).transpose(2, 3)
        return found.flatten(0, 2)[self.places]


def _at_both(q: Tensor, text: Pair, own: Pair, groups: _Groups, unseen: Tensor, later: Tensor) -> Tensor:
    """What queries ``(B, H, n, d)`` take from the row's text and from the t tokens that it went on with, alike.

    :param unseen: what of its text is not the row's, ``(B, T)``.
    :param later: what of its own each query must not see, ``(n, t)``.
    """
    (rows, heads, count, size), shared = q.shape, own[0].shape[1]
    grouped = q.reshape(rows, shared, -1, size) * size**-0.5
    far = groups.product(grouped, text[0].transpose(2, 3)).masked_fill_(unseen[:, None, None], -torch.inf)
    near = grouped @ own[0].transpose(2, 3)
    near = near.view(rows, shared, -1, *later.shape).masked_fill(later, -torch.inf).flatten(2, 3)
    shares = torch.cat([far, near], -1).float().softmax(-1).to(q.dtype)
    far, near = torch.split(shares, [far.shape[-1], near.shape[-1]], -1)
    return (groups.product(far, text[1]) + near @ own[1]).view(rows, heads, count, size)
