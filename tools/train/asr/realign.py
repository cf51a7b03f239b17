"""Align every utterance with a trained net: NAME.own, which then goes before NAME.ali.

    realign.py --work DIR --checkpoint FILE

An utterance whose transcript scores far worse than the set's usual is marked unusable ("!").
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import data  # noqa: E402
import mmi  # noqa: E402
import phones  # noqa: E402
import prepare  # noqa: E402
import words  # noqa: E402
from net import Encoder  # noqa: E402


def scores_of(net, batch):
    """Log scores (batch, time, 40) and output lengths of utterances of like length."""
    longest = max(u.frames for u in batch) + net.shape.lookahead
    values = net.mel_mean.repeat(len(batch), longest, 1)
    for row, u in enumerate(batch):
        values[row, :u.frames] = torch.from_numpy(u.mel.astype(np.float32))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        out = net(values).float().log_softmax(-1)
    lengths = torch.tensor([-(-u.frames // 3) for u in batch])
    return out[:, :int(lengths.max())], lengths


def prior_of(utterances):
    """ln of the phones' share of the labelled frames."""
    count = sum(np.bincount(u.labels, minlength=40) for u in utterances if u.labels is not None)
    return torch.from_numpy(np.log((count + 10.0) / (count + 10.0).sum()).astype(np.float32))


def line_of(chain, path):
    """The line of NAME.own for a path of places in the chain."""
    spans = []
    for time, place in enumerate(path):
        if not spans or spans[-1][0] != place:
            spans.append([place, time, 0])
        spans[-1][2] += 1
    out = []
    for place, start, length in spans:
        phone, optional = chain[place]
        text = f"{phones.PHONES[phone]}:{3 * start}:{3 * length}"
        # a word begins after each place of optional silence, spoken or not
        if optional or not out or any(chain[k][1] for k in range(out[-1][1] + 1, place + 1)) or \
                chain[out[-1][1]][1]:
            out.append([text, place])
        else:
            out[-1] = [out[-1][0] + " " + text, place]
    return " | ".join(text for text, _ in out)


def spoken_score(scores, said):
    """Best score of the phones `said`, each at least one frame, over scores (time, 40)."""
    if len(said) > len(scores):
        return -np.inf
    table = scores[:, said]
    state = np.full(len(said), -np.inf)
    state[0] = table[0, 0]
    for row in table[1:]:
        state[1:] = np.maximum(state[1:], state[:-1])
        state = state + row
    return state[-1]


def word_places(chain):
    """First and last place (exclusive) of each word of a chain."""
    borders = [place for place, (_, optional) in enumerate(chain) if optional]
    return [(a + 1, b) for a, b in zip(borders, borders[1:])]


def choose(chain, path, scores, text, lexicon):
    """The chain with each word's pronunciation the one that fits its frames best."""
    places, words_ = word_places(chain), text.split()
    if len(places) != len(words_):
        return chain
    path, out = np.asarray(path), [(phones.SIL, True)]
    for (first, end), word in zip(places, words_):
        frames = scores[(path >= first) & (path < end)]
        said = [phone for phone, _ in chain[first:end]]
        best = spoken_score(frames, said)
        for other in lexicon.pronunciations(word):
            other = phones.encode(other)
            score = spoken_score(frames, other)
            if score > best:
                best, said = score, other
        out += [(phone, False) for phone in said] + [(phones.SIL, True)]
    return out


def best_paths(scores, lengths, batch, lexicon):
    """Chains with the fitting pronunciations, their paths and scores."""
    chains = [u.chain for u in batch]
    path, _ = mmi.align(scores, lengths, chains)
    chains = [choose(chain, path[row, :int(lengths[row])], scores[row, :int(lengths[row])].numpy(),
                     u.text, lexicon) for row, (u, chain) in enumerate(zip(batch, chains))]
    return chains, *mmi.align(scores, lengths, chains)


def realign(work, name, net, prior, lexicon):
    """Write NAME.own."""
    everything = data.load_set(work, name, lexicon)
    usable = [u for u in everything if len(u.reference) and u.frames >= 3 * len(u.reference) and
              u.frames < 3000]
    lines = ["!"] * len(everything)
    marks = []
    for batch in data.batches(usable, 200, np.random.default_rng(1)):
        scores, lengths = scores_of(net, batch)
        chains, path, value = best_paths(scores - prior, lengths, batch, lexicon)
        free = (scores - prior).max(-1).values
        for row, u in enumerate(batch):
            count = int(lengths[row])
            mark = float(value[row] - free[row, :count].sum()) / count
            lines[u.number] = line_of(chains[row], path[row, :count].tolist())
            marks.append((mark, u.number, u.text))
    middle = np.median([mark for mark, _, _ in marks])
    limit = middle - 4.0 * np.median([abs(mark - middle) for mark, _, _ in marks]) - 0.3
    for mark, number, text in sorted(marks):
        if mark < limit:
            lines[number] = "!"
    (work / f"{name}.own.part").write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.rename(work / f"{name}.own.part", work / f"{name}.own")
    print(f"{name}: median {middle:.2f}, limit {limit:.2f}, {lines.count('!')} of {len(lines)} unusable;"
          f" worst {sorted(marks)[:2]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--checkpoint", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    net = Encoder().eval()
    net.load_state_dict(torch.load(args.checkpoint, weights_only=False)["average"])
    lexicon = words.Lexicon(args.work / "cmudict.dict")
    names = [name for name in prepare.REAL + list(prepare.SPOKEN)
             if (args.work / f"{name}.tsv").exists()]
    prior = prior_of(data.load(args.work, names, lexicon))
    for name in names:
        realign(args.work, name, net, prior, lexicon)


if __name__ == "__main__":
    main()
