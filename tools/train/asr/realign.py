"""Align every utterance with a trained net: writes NAME.own.

    realign.py --work DIR --checkpoint FILE | --gguf FILE [--sets a,b]

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
import layout  # noqa: E402
import mmi  # noqa: E402
import phones  # noqa: E402
import prepare  # noqa: E402
import words  # noqa: E402
from net import Encoder  # noqa: E402


def scores_of(net, batch):
    """Log scores (batch, time, rows) and output lengths of utterances of like length."""
    longest = max(u.frames for u in batch) + net.shape.lookahead
    values = net.mel_mean.repeat(len(batch), longest, 1)
    for row, u in enumerate(batch):
        values[row, :u.frames] = torch.from_numpy(u.mel.astype(np.float32))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        out = net(values).float().log_softmax(-1)
    lengths = torch.tensor([-(-u.frames // 3) for u in batch])
    return out[:, :int(lengths.max())], lengths


def prior_of(utterances, rows):
    """ln of the rows' share of the labelled frames."""
    count = sum(np.bincount(u.labels, minlength=rows.size) for u in utterances
                if u.labels is not None)
    return torch.from_numpy(np.log((count + 10.0) / (count + 10.0).sum()).astype(np.float32))


def load_net(checkpoint, exported):
    """The encoder of a checkpoint or an exported file, and the kind of its training."""
    if exported:
        return layout.read(exported), "mmi"
    state = torch.load(checkpoint, weights_only=False)
    net = Encoder().eval()
    net.load_state_dict(state["average"])
    return net, state["stage"]


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


def spoken_score(scores, before, said, rows):
    """Best score of the phones `said` after `before`, each at least one frame, over scores (time, rows)."""
    if len(said) > len(scores):
        return -np.inf
    table = scores[:, rows.pairs[[before, *said[:-1]], said]]
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


def choose(chain, path, scores, text, lexicon, rows):
    """The chain with each word's pronunciation the one that fits its frames best."""
    places, words_ = word_places(chain), text.split()
    if len(places) != len(words_):
        return chain
    out = [(phones.SIL, True)]
    for (first, end), word in zip(places, words_):
        here = np.flatnonzero((path >= first) & (path < end))
        frames = scores[here]
        before = chain[path[here[0] - 1]][0] if here[0] > 0 else phones.SIL
        said = [phone for phone, _ in chain[first:end]]
        best = spoken_score(frames, before, said, rows)
        for other in lexicon.pronunciations(word):
            other = phones.encode(other)
            score = spoken_score(frames, before, other, rows)
            if score > best:
                best, said = score, other
        out += [(phone, False) for phone in said] + [(phones.SIL, True)]
    return out


def best_paths(scores, lengths, batch, lexicon, rows):
    """Chains with the fitting pronunciations, their paths and scores."""
    chains = [u.chain for u in batch]
    paths, _ = mmi.align(scores, lengths, [u.graph(rows) for u in batch])
    chains = [choose(chain, path, scores[row, :len(path)].numpy(), u.text, lexicon, rows)
              for row, (u, chain, path) in enumerate(zip(batch, chains, paths))]
    return chains, *mmi.align(scores, lengths, [mmi.Graph(chain, rows) for chain in chains])


def realign(work, name, net, prior, lexicon):
    """Write NAME.own."""
    rows = net.shape.rows
    everything = data.load_set(work, name, lexicon, rows)
    usable = [u for u in everything if len(u.reference) and u.frames >= 3 * len(u.reference) and
              u.frames < 3000]
    lines = ["!"] * len(everything)
    marks = []
    for batch in data.batches(usable, 200, np.random.default_rng(1)):
        scores, lengths = scores_of(net, batch)
        chains, path, value = best_paths(scores - prior, lengths, batch, lexicon, rows)
        free = (scores - prior).max(-1).values
        for row, u in enumerate(batch):
            count = int(lengths[row])
            mark = float(value[row] - free[row, :count].sum()) / count
            lines[u.number] = line_of(chains[row], path[row].tolist())
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
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--sets", help="instead of all")
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    net, stage = load_net(args.checkpoint, args.gguf)
    lexicon = words.Lexicon(args.work / "cmudict.dict")
    prior, rows = torch.zeros(net.shape.rows.size), net.shape.rows
    if stage == "ce":
        prior = prior_of(data.load(args.work, prepare.names_in(args.work), lexicon, rows), rows)
    for name in args.sets.split(",") if args.sets else prepare.names_in(args.work):
        realign(args.work, name, net, prior, lexicon)


if __name__ == "__main__":
    main()
