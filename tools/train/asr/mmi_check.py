"""Compare chain.c with plain log-domain sums differentiated by autograd, on random scores."""
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import biphone  # noqa: E402
import mmi  # noqa: E402


def denominator(scores, trigram, rows):
    """Log likelihood of all phone sequences, scores (time, rows)."""
    emitted = scores[:, torch.from_numpy(rows.pairs).long()]
    state = torch.full((40, 40), -1e4)
    state[0] = trigram[0, 0]
    state = state + emitted[0]
    for frame in emitted[1:]:
        moved = (state[:, :, None] + trigram).logsumexp(0)
        state = torch.logaddexp(moved, state) + frame
    return state.logsumexp((0, 1))


def numerator(scores, chain, rows):
    """The same over every way through a chain, the states written out as (place, phone before)."""
    states = {}
    for place, (phone, _) in enumerate(chain):
        for before, _ in befores(chain, place):
            states[place, before] = int(rows.pairs[before, phone])
    value = {key: scores[0, row] for key, row in states.items()
             if key[0] == 0 or (key == (1, 0) and chain[0][1])}
    for frame in scores[1:]:
        new = {}
        for (place, before), row in states.items():
            ways = [value[key] for key in value if key == (place, before) or
                    any(key[0] == at and before == said for said, at in befores(chain, place))]
            if ways:
                new[place, before] = torch.stack(ways).logsumexp(0) + frame[row]
        value = new
    last = len(chain) - 1
    ends = [value[key] for key in value if key[0] == last or (key[0] == last - 1 and chain[last][1])]
    return torch.stack(ends).logsumexp(0)


def befores(chain, place):
    """(phone, place) that may come before a place; (0, -1) is the start."""
    if place == 0:
        return [(0, -1)]
    out = [(chain[place - 1][0], place - 1)]
    if chain[place - 1][1]:
        out.append((0, -1) if place == 1 else (chain[place - 2][0], place - 2))
    return out


def random_chain(rng):
    """A few words of random phones."""
    chain = [(0, True)]
    for _ in range(rng.randint(1, 4)):
        chain += [(rng.randint(1, 39), False) for _ in range(rng.randint(1, 3))] + [(0, True)]
    return chain


def compare(rows, seed):
    """Largest difference of log likelihoods and of occupations."""
    rng, draw = random.Random(seed), np.random.default_rng(seed)
    trigram = torch.from_numpy(np.log(draw.dirichlet(np.ones(40), (40, 40))).astype(np.float32))
    chains = [random_chain(rng) for _ in range(3)]
    lengths = torch.tensor([18, 25, 21])
    scores = torch.from_numpy(draw.normal(0, 3, (3, 25, rows.size)).astype(np.float32)).requires_grad_()
    below, down = mmi.Denominator(trigram, rows).run(mmi.Input(scores, lengths))
    graphs = [mmi.Graph(chain, rows) for chain in chains]
    above, up = mmi.Input(scores, lengths).occupations(mmi.native().chain_numerator, mmi.table(graphs))
    worst = 0.0
    for found, occupied, kind in ((below, down, 0), (above, up, 1)):
        values = [numerator(s[:n], chain, rows) if kind else denominator(s[:n], trigram, rows)
                  for s, n, chain in zip(scores, lengths, chains)]
        wanted = torch.autograd.grad(torch.stack(values).sum(), scores)[0]
        worst = max(worst, float((torch.stack(values) - found).abs().max()),
                    float((wanted - occupied).abs().max()))
    return worst


def main():
    for classes in (["SIL"], biphone.CLASSES):
        rows = biphone.Rows(biphone.table(classes))
        worst = max(compare(rows, seed) for seed in range(4))
        print(f"{rows.size} rows: differs by {worst:.1e} at most")
        assert worst < 2e-3
    scores, lengths = torch.randn(24, 160, rows.size) * 3, torch.full((24,), 160)
    graphs = [mmi.Graph(random_chain(random.Random(k)) * 6, rows) for k in range(24)]
    model = mmi.Denominator(torch.full((40, 40, 40), -3.7), rows)
    began = time.time()
    mmi.Criterion.apply(scores, lengths, graphs, model)
    print(f"{24 * 160 * 0.03 / (time.time() - began):.0f} x real time on {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
