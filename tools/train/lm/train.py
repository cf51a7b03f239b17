"""Trains the language model in three phases, each resumable.

general   plain text (books, encyclopedia, half of it in the recogniser's form); may be left out:
          the assistant phase then starts from the co-occurrence embeddings
assistant requests and answers at a constant learning rate
cooldown  the same data, learning rate falling to zero: what is exported

    train.py --work DIR --phase assistant --tokens 12e6
"""

import argparse
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from lmformat import ID
from model import LanguageModel

SEED = 20261121
PEAK = 1.5e-3
SAVE_SECONDS = 150


class GeneralData:
    """Windows of one long token stream."""

    def __init__(self, work, batch_tokens, window=64):
        self.stream = np.load(os.path.join(work, "general.npy"), mmap_mode="r")
        self.window, self.rows = window, batch_tokens // window

    def batch(self, step):
        rng = np.random.default_rng((SEED, 1, step))
        at = rng.integers(0, len(self.stream) - self.window - 1, self.rows)
        ids = np.stack([self.stream[a:a + self.window + 1] for a in at]).astype(np.int64)
        return ids[:, :-1], ids[:, 1:], np.ones((self.rows, self.window), bool)


class AssistantData:
    """Prompt + answer rows, batched by length so that little is padding."""

    def __init__(self, work, batch_tokens):
        z = np.load(os.path.join(work, "train.npz"))
        self.ids, self.start, self.prompt = z["ids"], z["start"], z["prompt"]
        self.batch_tokens, self.epoch, self.batches, self.base = batch_tokens, -1, [], 0

    def _plan(self, epoch):
        rng = np.random.default_rng((SEED, 2, epoch))
        order = rng.permutation(len(self.prompt))
        length = np.diff(self.start)
        plan = []
        for c in range(0, len(order), 16384):
            chunk = order[c:c + 16384]
            chunk = chunk[np.argsort(length[chunk], kind="stable")]
            group, longest, part = [], 0, []
            for r in chunk:
                longest = max(longest, length[r])
                if group and (len(group) + 1) * longest > self.batch_tokens:
                    part.append(group)
                    group, longest = [], length[r]
                group.append(r)
            part.append(group)
            plan += [part[i] for i in rng.permutation(len(part))]
        self.batches = plan

    def batch(self, step):
        while self.epoch < 0 or step - self.base >= len(self.batches):
            self.base += len(self.batches)
            self.epoch += 1
            self._plan(self.epoch)
        rows = self.batches[step - self.base]
        longest = max(self.start[r + 1] - self.start[r] for r in rows)
        ids = np.full((len(rows), longest), ID["pad"], np.int64)
        answer = np.zeros((len(rows), longest), bool)
        for i, r in enumerate(rows):
            n = self.start[r + 1] - self.start[r]
            ids[i, :n] = self.ids[self.start[r]:self.start[r + 1]]
            answer[i, self.prompt[r]:n] = True
        return ids[:, :-1], ids[:, 1:], answer[:, 1:]


def loss_of(model, batch):
    """Mean cross-entropy of the chosen positions; logits are made for those alone."""
    x, y, chosen = (torch.from_numpy(a) for a in batch)
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.hidden(x)[chosen]
        logits = F.linear(hidden, model.token_embd.weight)
    return F.cross_entropy(logits.float(), y[chosen]), int(x.numel())


def optimiser(model, rate):
    decay = [p for p in model.parameters() if p.ndim == 2]
    plain = [p for p in model.parameters() if p.ndim != 2]
    groups = [{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, rate, betas=(0.9, 0.97), fused=True)


def rate_at(phase, tokens, share):
    """share: how much of the phase is over, by tokens or by the clock."""
    if phase == "cooldown":
        return PEAK * max(0.0, 1.0 - share)
    return PEAK * min(1.0, (tokens + 2000) / 150000)


def save(path, model, opt, state):
    torch.save({"model": model.state_dict(), "opt": opt.state_dict(), "state": state}, path + ".new")
    os.replace(path + ".new", path)


def begin(args, model, opt):
    """Loads what this phase starts from; returns its progress."""
    own = os.path.join(args.work, args.phase + ".pt")
    before = {"assistant": "general.pt", "cooldown": "assistant.pt"}.get(args.phase)
    if os.path.exists(own) and not args.restart:
        ck = torch.load(own, weights_only=True)
        model.load_state_dict(ck["model"])
        opt.load_state_dict(ck["opt"])
        return ck["state"]
    if args.from_gguf:
        from export import read_weights
        read_weights(args.from_gguf, model)
    elif before and os.path.exists(os.path.join(args.work, before)):
        ck = torch.load(os.path.join(args.work, before), weights_only=True)
        model.load_state_dict(ck["model"])
        if args.phase == "cooldown":
            opt.load_state_dict(ck["opt"])
            return {"step": ck["state"]["step"], "tokens": 0}
    else:
        start = os.path.join(args.work, "embedding.npy")
        if os.path.exists(start):
            model.token_embd.weight.data.copy_(torch.from_numpy(np.load(start)))
    return {"step": 0, "tokens": 0}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--work", required=True)
    ap.add_argument("--phase", choices=["general", "assistant", "cooldown"], default="assistant")
    ap.add_argument("--tokens", type=float, default=12e6)
    ap.add_argument("--minutes", type=float, default=1e9, help="end after so long, whatever comes first")
    ap.add_argument("--batch-tokens", type=int, default=2048)
    ap.add_argument("--dropout", type=float, default=0.0)
    ap.add_argument("--from-gguf")
    ap.add_argument("--restart", action="store_true", help="ignore this phase's own checkpoint")
    args = ap.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    model = LanguageModel(dropout=args.dropout)
    opt = optimiser(model, PEAK)
    state = begin(args, model, opt)
    data = (GeneralData if args.phase == "general" else AssistantData)(args.work, args.batch_tokens)
    path = os.path.join(args.work, args.phase + ".pt")
    began = saved = time.time()
    first, mean = state["tokens"], None
    model.train()
    while True:
        share = max(state["tokens"] / args.tokens, (time.time() - began) / 60 / args.minutes)
        if share >= 1:
            break
        for g in opt.param_groups:
            g["lr"] = rate_at(args.phase, state["tokens"], share)
        loss, n = loss_of(model, data.batch(state["step"]))
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        state["step"] += 1
        state["tokens"] += n
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if state["step"] % 25 == 0:
            speed = (state["tokens"] - first) / (time.time() - began)
            print(f"{args.phase} step {state['step']} {state['tokens'] / 1e6:.2f}/{args.tokens / 1e6:.1f} M"
                  f" tokens, loss {mean:.4f}, {speed:.0f} tokens/s,"
                  f" {(args.tokens - state['tokens']) / speed / 60:.1f} min left", flush=True)
        if time.time() - saved > SAVE_SECONDS:
            save(path, model, opt, state)
            saved = time.time()
    save(path, model, opt, state)


if __name__ == "__main__":
    main()
