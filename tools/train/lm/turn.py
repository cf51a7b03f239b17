"""Train the head that says how likely a request ends after the words heard so far.

    turn.py --data DIR --weights assets/models/lm-f16.gguf [--out FILE]

The language model reads a request that is still being spoken; its last hidden state goes through one
small layer to the probability that nothing follows. Trained on all beginnings of assistant requests,
the language model stays as it is. The head is written into the file beside the weights, as arrays
of its metadata, which other readers of the file ignore. An eighth of the requests is held out.
"""
import argparse
import collections
import hashlib
import random
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import bpe  # noqa: E402
import export  # noqa: E402
from lmformat import prompt_ids  # noqa: E402
from model import LanguageModel  # noqa: E402

UNITS, PASSES, BATCH, RATE = 32, 8, 1024, 3e-3


def requests(args):
    """(request as the recogniser would write it, how often it was drawn): half collected ones, half from
    templates, where a short one such as "what time is it" keeps its share among those that go on."""
    sys.path.append(str(HERE.parents[0] / "asr"))
    import sentences
    rng = random.Random(5)
    collected = sentences.collected(args.data / "text_assistant" / "assistant")
    drawn = collections.Counter(rng.sample(collected, min(len(collected), args.count // 2)))
    drawn.update(sentences.own(rng) for _ in range(args.count // 2))
    return sorted(drawn.items())


def is_held(text):
    return int(hashlib.md5(text.encode()).hexdigest(), 16) % 8 == 0


@torch.no_grad()
def states(net, tok, drawn):
    """Hidden states after each whole word (n, width), whether the request ends there, how often, held out."""
    rows, ends, times, held = [], [], [], []
    for first in range(0, len(drawn), 128):
        group = [(text, prompt_ids(tok, text)[:-1], count) for text, count in drawn[first:first + 128]]
        ids = torch.zeros((len(group), max(len(i) for _, i, _ in group)), dtype=torch.long)
        for row, (_, tokens, _) in enumerate(group):
            ids[row, :len(tokens)] = torch.tensor(tokens)
        hidden = net.hidden(ids)
        for row, (text, tokens, count) in enumerate(group):
            for place in range(2, len(tokens)):
                last = place == len(tokens) - 1
                if last or tok.tokens[tokens[place + 1]].startswith("\u0120"):
                    rows.append(hidden[row, place].half().numpy())
                    ends.append(last)
                    times.append(count)
                    held.append(is_held(text))
    return (torch.from_numpy(np.array(rows)).float(), torch.tensor(ends).float(),
            torch.tensor(times).float(), torch.tensor(held))


def fit(x, y, times):
    """The head, its input's mean and scale folded into the first layer."""
    mean, scale = x.mean(0), x.std(0)
    first, second = nn.Linear(x.shape[1], UNITS), nn.Linear(UNITS, 1)
    parameters = [*first.parameters(), *second.parameters()]
    optimizer = torch.optim.AdamW(parameters, RATE, weight_decay=0.01)
    for number in range(PASSES):
        optimizer.param_groups[0]["lr"] = RATE * (1 - number / PASSES)
        for rows in torch.randperm(len(x)).split(BATCH):
            score = second(F.relu(first((x[rows] - mean) / scale)))[:, 0]
            loss = F.binary_cross_entropy_with_logits(score, y[rows], times[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    weight = first.weight.detach() / scale
    return {"weight": weight, "bias": first.bias.detach() - weight @ mean,
            "output": second.weight.detach()[0], "output_bias": second.bias.detach()}


def probability(head, x):
    return (F.relu(x @ head["weight"].T + head["bias"]) @ head["output"] + head["output_bias"]).sigmoid()


def report(p, y):
    order = p.argsort()
    rank = torch.empty(len(p))
    rank[order] = torch.arange(1.0, len(p) + 1)
    positives = y.sum()
    area = (rank[y > 0].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives))
    print(f"held out: {len(y)} places, {int(positives)} ends, area under the curve {area:.4f}")
    for least in (0.05, 0.1, 0.2, 0.3, 0.5):
        print(f"  at {least}: {(p[y > 0] >= least).float().mean():.3f} of the ends, "
              f"{(p[y == 0] >= least).float().mean():.3f} of the places inside")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--weights", required=True, type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--count", default=40000, type=int, help="requests to draw")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    net = LanguageModel().eval()
    tok = bpe.Tokenizer(export.read_weights(args.weights, net))
    x, y, times, held = states(net, tok, requests(args))
    head = fit(x[~held], y[~held], times[~held])
    report(probability(head, x[held]), y[held])
    export.write(net, tok, args.out or args.weights, head)


if __name__ == "__main__":
    main()
