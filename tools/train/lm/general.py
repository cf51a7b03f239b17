"""Plain text for the first phase: one token stream, and first embeddings from word company."""

import numpy as np
import torch

import corpus
from lmformat import ID, N_CONTROL, VOCAB

WINDOW = 5


def stream(tok, data, rng):
    """Every paragraph once: half as written, half as a recogniser would write it."""
    out = []
    spoken = [r[2] for r in corpus.labelled(data)] + list(corpus.utterances(data))
    items = [(t, rng.random() < 0.5) for t in corpus.general(data)]
    items += [(t, False) for t in spoken]
    for k in rng.permutation(len(items)):
        text, fold = items[k]
        out.append(ID["bos"])
        out += tok.encode(" " + (corpus.normalise(text) if fold else text))
    return np.array(out, np.uint16)


def embedding(ids, width, scale=0.03):
    """Truncated SVD of the positive pointwise mutual information of tokens that stand near."""
    counts = np.zeros(VOCAB * VOCAB, np.float32)
    ids = ids.astype(np.int64)
    for d in range(1, WINDOW + 1):
        pair = ids[:-d] * VOCAB + ids[d:]
        counts += np.bincount(pair, minlength=VOCAB * VOCAB).astype(np.float32) / d
    c = counts.reshape(VOCAB, VOCAB)
    c = c + c.T
    c[:N_CONTROL] = 0
    c[:, :N_CONTROL] = 0
    row = c.sum(1) + 1e-3
    col = row ** 0.75
    pmi = np.log(np.maximum(c * col.sum() / (row[:, None] * col[None, :]), 1e-9))
    pmi = np.maximum(pmi, 0)
    torch.manual_seed(7)
    u, s, _ = torch.svd_lowrank(torch.from_numpy(pmi.astype(np.float32)), q=width, niter=3)
    e = (u * s.sqrt()).numpy()
    e *= scale / max(e[N_CONTROL:].std(), 1e-6)
    weak = row < 50
    e[weak] = np.random.default_rng(7).normal(0, scale, (int(weak.sum()), width))
    return e.astype(np.float32)
