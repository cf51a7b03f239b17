"""Phone errors of the held-out sets: a Viterbi pass through the phone trigram.

    evaluate.py --work DIR [--checkpoint FILE | --gguf FILE] [--scale X] [--sets a,b] [--show N]
"""
import argparse
import os
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import data  # noqa: E402
import mmi  # noqa: E402
import phones  # noqa: E402
import prepare  # noqa: E402
import realign  # noqa: E402
import words  # noqa: E402

LIMIT = 40  # utterances a set


def distance(a, b):
    """Edit distance of two sequences."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def evaluate(net, prior, trigram, utterances, scale, show):
    """Phone error rate over utterances."""
    wrong = total = 0
    for number, u in enumerate(utterances):
        scores, lengths = realign.scores_of(net, [u])
        found = mmi.viterbi(scores[0] - prior, trigram, net.shape.rows, scale)
        wrong += distance(u.reference, found)
        total += len(u.reference)
        if number < show:
            print("   ", u.text, "|", phones.decode(found), flush=True)
    return wrong / max(1, total)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--scale", default=1.0, type=float)
    parser.add_argument("--sets", help="instead of all")
    parser.add_argument("--show", default=0, type=int)
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    net, stage = realign.load_net(args.checkpoint, args.gguf)
    lexicon, rows = words.Lexicon(args.work / "cmudict.dict"), net.shape.rows
    everything = data.load(args.work, prepare.names_in(args.work), lexicon, rows)
    prior = realign.prior_of(everything, rows) if stage == "ce" else torch.zeros(rows.size)
    trigram = torch.from_numpy(data.phone_trigram(data.trainable(everything, True)))
    for name in args.sets.split(",") if args.sets else prepare.names_in(args.work):
        held = [u for u in everything if u.name == name and u.split == "dev"]
        held = held[::max(1, len(held) // LIMIT)][:LIMIT]
        if held:
            error = evaluate(net, prior, trigram, held, args.scale, args.show)
            print(f"{name}: phone error {error:.3f} over {len(held)} utterances", flush=True)


if __name__ == "__main__":
    main()
