"""Held-out figures: routes, tools and exact arguments under constrained decoding.

    evaluate.py --work DIR [--gguf FILE | --checkpoint assistant.pt] [--cloud 2000] [--errors 40]
"""

import argparse
import collections
import json
import os
import random

import torch

import bpe
import decode
import prepare
from export import read_weights
from lmformat import ID, ROUTE_IDS, ROUTES, TOOLS, prompt_ids
from model import LanguageModel


def load(args):
    model = LanguageModel().eval()
    tok = bpe.Tokenizer.load(os.path.join(args.work, "merges.txt"))
    if args.gguf:
        assert read_weights(args.gguf, model) == tok.merges, "tokenizers differ"
    else:
        model.load_state_dict(torch.load(os.path.join(args.work, args.checkpoint), weights_only=True)["model"])
    return model, tok


@torch.no_grad()
def routes(model, tok, requests, batch=64):
    """Route probabilities of many requests."""
    heads = [prompt_ids(tok, r) for r in requests]
    order = sorted(range(len(heads)), key=lambda i: len(heads[i]))
    out = [None] * len(heads)
    for k in range(0, len(order), batch):
        part = order[k:k + batch]
        longest = max(len(heads[i]) for i in part)
        ids = torch.full((len(part), longest), ID["pad"])
        for j, i in enumerate(part):
            ids[j, :len(heads[i])] = torch.tensor(heads[i])
        hidden = model.hidden(ids)
        last = torch.stack([hidden[j, len(heads[i]) - 1] for j, i in enumerate(part)])
        p = torch.softmax((last @ model.token_embd.weight.T)[:, ROUTE_IDS], 1)
        for j, i in enumerate(part):
            out[i] = p[j]
    return out


def hand_written():
    """The sentences of check.tsv: written for this, in no template."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check.tsv")
    for line in open(path, encoding="utf-8"):
        text, name, *args = line.rstrip("\n").split("\t")
        answer = ["talk", ""] if name == "reply" else [name, [a.split("=", 1) for a in args]]
        yield ["hand", name, text, []], answer


def group_of(row, answer):
    if row[0] == "hand":
        return "hand-written " + (answer[0] if answer[0] in ("cloud", "talk") else "tool")
    if row[0] == "template":
        return "template " + ("talk" if answer[0] == "talk" else "tool")
    if answer[0] == "talk":
        return "real talk"
    if answer[0] in TOOLS:
        return "real tool"
    return "cloud " + ("clinc-oos" if row[1] == "oos" else row[0].split("-")[0])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--work", required=True)
    ap.add_argument("--gguf")
    ap.add_argument("--checkpoint", default="cooldown.pt")
    ap.add_argument("--cloud", type=int, default=2000, help="how many of the cloud rows")
    ap.add_argument("--errors", type=int, default=0, help="print so many of them")
    ap.add_argument("--typed", action="store_true", help="keep figures as typed instead of spoken words")
    args = ap.parse_args()
    torch.set_num_threads(1)
    model, tok = load(args)
    held = json.load(open(os.path.join(args.work, "held_out.json"), encoding="utf-8"))
    cloud = [h for h in held if h[1][0] == "cloud"]
    oos = [h for h in cloud if h[0][1] == "oos"]
    random.Random(1).shuffle(cloud)
    held = [h for h in held if h[1][0] != "cloud"] + oos + [h for h in cloud if h[0][1] != "oos"][:args.cloud]
    held += list(hand_written())
    if not args.typed:
        for row, answer in held:
            row[2] = prepare.spoken(row[2], False)
            if answer[0] in TOOLS:
                answer[1] = [(k, prepare.spoken(v, False)) for k, v in answer[1]]
    probs = routes(model, tok, [row[2] for row, _ in held])
    n, right, tool_right, exact = (collections.Counter() for _ in range(4))
    by_tool, wrong = collections.defaultdict(lambda: [0, 0, 0]), []
    for (row, answer), p in zip(held, probs):
        g = group_of(row, answer)
        name = ROUTES[int(p.argmax())]
        n[g] += 1
        if answer[0] == "talk":
            right[g] += name == "reply"
            if name != "reply":
                wrong.append((row[2], "reply", name))
        elif answer[0] == "cloud":
            right[g] += name == "cloud"
            if name != "cloud":
                wrong.append((row[2], "cloud", name))
        else:
            right[g] += name not in ("cloud", "reply")
            tool_right[g] += name == answer[0]
            got = None
            if name == answer[0]:
                got = decode.tool_answer(model, tok, prompt_ids(tok, row[2]), name)
                got = sorted(map(tuple, got))
            good = got is not None and got == sorted(map(tuple, answer[1]))
            exact[g] += good
            count = by_tool[answer[0]]
            count[0] += 1
            count[1] += name == answer[0]
            count[2] += good
            if not good:
                wrong.append((row[2], (answer[0], answer[1]), (name, got)))
    print("| held-out group | n | route | tool | tool and arguments |\n|---|---|---|---|---|")
    for g in sorted(n):
        cell = [f"{100 * right[g] / n[g]:.1f} %"]
        cell += [f"{100 * c[g] / n[g]:.1f} %" for c in (tool_right, exact)] if "tool" in g else ["", ""]
        print(f"| {g} | {n[g]} | " + " | ".join(cell) + " |")
    out = [g for g in n if g.startswith("cloud")]
    sent = sum(right[g] for g in out) / sum(n[g] for g in out)
    kept_n = n["real tool"] + n["real talk"]
    print(f"\nout of scope sent on: {100 * sent:.1f} %; simple real requests kept: "
          f"{100 * (right['real tool'] + right['real talk']) / kept_n:.1f} % of {kept_n}\n")
    print("| tool (real and template lines) | n | tool | exact |\n|---|---|---|---|")
    for t in TOOLS:
        if by_tool[t][0]:
            c = by_tool[t]
            print(f"| {t} | {c[0]} | {100 * c[1] / c[0]:.0f} % | {100 * c[2] / c[0]:.0f} % |")
    random.Random(2).shuffle(wrong)
    for w in wrong[:args.errors]:
        print("  ", w)
    for text in ("hello", "who are you", "how are you", "thank you", "good night", "tell me a joke", "what can you do",
                 "are you there", "do you sleep", "you are very helpful", "what do you think about mondays",
                 "where do you live", "sing me something"):
        print(f"   {text} -> {decode.answer(model, tok, text)}")


if __name__ == "__main__":
    main()
