"""Lattice-free MMI over one-state phones: dense trigram denominator, the transcripts' numerator.

Both are forward-backward passes (chain.c, compiled at the first use) that give the log likelihood and
its gradient, the occupation of the output's rows, without autograd. Staying in a phone and leaving it
cost 0.5 each on both sides, so neither is written down.
"""
import ctypes
import functools
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

import phones

PHONES, WIDE = 40, 48
FLAGS = "-O3 -march=native -ffast-math -fopenmp -shared -fPIC".split()
FLOATS, INTS = ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_int)


class Batch(ctypes.Structure):
    _fields_ = [("scores", FLOATS), ("lengths", INTS), ("count", ctypes.c_int),
                ("frames", ctypes.c_int), ("rows", ctypes.c_int)]


class Language(ctypes.Structure):
    _fields_ = [("step", FLOATS), ("back", FLOATS), ("first", FLOATS), ("pairs", INTS)]


class CGraph(ctypes.Structure):
    _fields_ = [("row", INTS), ("flags", INTS), ("start", INTS), ("source", INTS),
                ("states", ctypes.c_int)]


@functools.cache
def native():
    """chain.c as a loaded library, compiled for this machine."""
    source = Path(__file__).resolve().with_name("chain.c")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "chain.so"
        subprocess.run([os.environ.get("CC", "gcc"), *FLAGS, str(source), "-o", str(out), "-lm"], check=True)
        return ctypes.CDLL(str(out))


def floats(array):
    """A pointer into a contiguous float32 array (which the caller keeps alive)."""
    return array.ctypes.data_as(FLOATS)


def ints(array):
    """The same of int32."""
    return array.ctypes.data_as(INTS)


class Input:
    """Scores (batch, time, rows) and lengths as the C functions take them."""

    def __init__(self, scores, lengths):
        self.scores = np.ascontiguousarray(scores.detach().numpy(), np.float32)
        self.lengths = np.ascontiguousarray(lengths, np.int32)
        self.c = Batch(floats(self.scores), ints(self.lengths), *self.scores.shape)

    def occupations(self, function, model):
        """Run a forward-backward function of the library: log likelihoods and occupations."""
        total = np.zeros(len(self.lengths), np.float32)
        occupied = np.zeros(self.scores.shape, np.float32)
        function(ctypes.byref(self.c), model, floats(total), floats(occupied))
        return torch.from_numpy(total), torch.from_numpy(occupied)


class Denominator:
    """All phone sequences, weighted by the trigram ln P(c | a, b); the state is (previous phone, phone)."""

    def __init__(self, trigram, rows):
        weight = np.exp(np.asarray(trigram, np.float32).reshape(PHONES, PHONES, PHONES))
        self.step = np.zeros((PHONES, PHONES, WIDE), np.float32)
        self.step[:, :, :PHONES] = weight.transpose(1, 0, 2)  # [b][a][c]
        self.back = np.zeros((PHONES, PHONES, WIDE), np.float32)
        self.back[:, :, :PHONES] = weight.transpose(1, 2, 0)  # [b][c][a]
        self.first = np.ascontiguousarray(weight[0, 0])
        self.pairs = np.ascontiguousarray(rows.pairs)
        self.c = Language(floats(self.step), floats(self.back), floats(self.first), ints(self.pairs))

    def run(self, given):
        """Log likelihood (batch,) and occupations (batch, time, rows)."""
        return given.occupations(native().chain_denominator, ctypes.byref(self.c))


class Graph:
    """The states of a transcript's phone chain, silence optional between words.

    A phone that may follow silence or another phone has a state for each, as far as their rows differ.
    """

    def __init__(self, chain, rows):
        self.place, row, flags, sources = [], [], [], []
        states_at = []
        for place, (phone, _) in enumerate(chain):
            made = {}
            for before, origins, begins in ways_in(chain, place, states_at):
                key = int(rows.pairs[before, phone])
                if key not in made:
                    made[key] = len(row)
                    self.place.append(place)
                    row.append(key)
                    flags.append(0)
                    sources.append([])
                flags[made[key]] |= begins
                sources[made[key]] += origins
            states_at.append(list(made.values()))
        ends = states_at[-1] + (states_at[-2] if len(chain) > 1 and chain[-1][1] else [])
        for state in ends:
            flags[state] |= 2
        self.place = np.array(self.place, np.int32)
        self.row, self.flags = np.array(row, np.int32), np.array(flags, np.int32)
        self.start = np.cumsum([0] + [len(origins) for origins in sources]).astype(np.int32)
        self.source = np.array([state for origins in sources for state in origins] or [0], np.int32)
        self.c = CGraph(ints(self.row), ints(self.flags), ints(self.start), ints(self.source), len(row))


def ways_in(chain, place, states_at):
    """(phone before, states before, 1 where the utterance may begin here) of a place in a chain."""
    if place == 0:
        return [(phones.SIL, [], 1)]
    before, optional = chain[place - 1]
    out = [(before, states_at[place - 1], 0)]
    if optional:
        out.append((phones.SIL, [], 1) if place == 1 else (chain[place - 2][0], states_at[place - 2], 0))
    return out


def table(graphs):
    """Graphs as the C functions take them."""
    return (CGraph * len(graphs))(*[graph.c for graph in graphs])


class Criterion(torch.autograd.Function):
    """Denominator minus numerator log likelihood, summed over frames."""

    @staticmethod
    def forward(ctx, scores, lengths, graphs, denominator):
        given = Input(scores.float(), lengths)
        above, up = given.occupations(native().chain_numerator, table(graphs))
        below, down = denominator.run(given)
        good = ((up.sum((1, 2)) > 0.5 * lengths) & torch.isfinite(above) & torch.isfinite(below)).float()
        ctx.save_for_backward(down.sub_(up).mul_(good[:, None, None]))
        return ((below - above) * good).sum()

    @staticmethod
    def backward(ctx, gradient):
        return ctx.saved_tensors[0] * gradient, None, None, None


def align(scores, lengths, graphs):
    """Best path of log scores through each graph: a list of arrays of places in the chain, scores (batch,)."""
    given = Input(scores, lengths)
    value = np.zeros(len(graphs), np.float32)
    path = np.zeros(given.scores.shape[:2], np.int32)
    native().chain_align(ctypes.byref(given.c), table(graphs), floats(value), ints(path))
    paths = [graph.place[row[:length]] for graph, row, length in zip(graphs, path, given.lengths)]
    return paths, torch.from_numpy(value)


def viterbi(scores, trigram, rows, scale=1.0):
    """The best phone sequence (without silence) of log scores (time, rows) under the trigram."""
    scores = scale * scores[:, torch.from_numpy(rows.pairs).long()]  # (time, a, b)
    language = trigram.transpose(0, 1).contiguous()  # [b][a][c]
    state = torch.full((40, 40), -1e9)  # [a][b]
    state[0] = trigram[0, 0] + scores[0, 0]
    trace = []
    for row in scores[1:]:
        best, origin = (state.T[:, :, None] + language).max(1)  # over a: [b][c]
        stay = state >= best
        trace.append(torch.where(stay, -1, origin))
        state = torch.maximum(state, best) + row
    return follow(trace, int(state.argmax()))


def follow(trace, cell):
    """Phones of the best path, read backwards from its last pair."""
    before, here = divmod(cell, 40)
    out = [here]
    for table in reversed(trace):
        origin = int(table[before, here])
        if origin >= 0:
            before, here = origin, before
            out.append(here)
    return [phone for phone in reversed(out) if phone != 0]
