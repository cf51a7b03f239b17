#!/usr/bin/env python3
"""Train the wake and voice-activity net on the shards of prepare.py.

  train.py --shards DIR --work DIR --minutes M [--steps N] [--init FILE.gguf]

Restarts from WORK/last.pt when it is there. Writes WORK/last.pt every few minutes and WORK/best.pt at the end of the schedule.
"""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import augment
import sources
from net import STRIDE, WakeNet
from windows import FRAMES, NEVER, Sampler, Store

EARLY, LATE = 6, 26          # frames around a word's end in which the net shall fire
BLIND_BEFORE, BLIND_AFTER = 24, 50   # and in which firing is at least no fault


def word_losses(logits, word, start, end):
    """(loss where words are, loss where none is). logits [B, S, W]."""
    step = (torch.arange(logits.shape[1]) * STRIDE + STRIDE - 1)[None]
    wide = (end - start) > 150           # the word's place in the clip is unknown
    low = torch.where(wide, start, end - EARLY)[:, None]
    fire = (step >= low) & (step <= (end + LATE)[:, None])
    blind = (step >= torch.where(wide, start, end - BLIND_BEFORE)[:, None]) & (step <= (end + BLIND_AFTER)[:, None])
    pos_rows = ((word >= 0) & fire.any(1)).nonzero()[:, 0]
    z = logits[pos_rows, :, word[pos_rows]].masked_fill(~fire[pos_rows], -30.0)
    hit = F.softplus(-z.topk(4, 1).values).mean(1)
    is_word = F.one_hot(word.clamp(min=0), logits.shape[2]).bool() & (word >= 0)[:, None]
    quiet = ~(blind[:, :, None] & is_word[:, None, :])
    cost = F.softplus(logits) * quiet
    hardest = cost.transpose(1, 2).topk(6, 2).values.mean((0, 2)).sum()
    return hit.sum() / max(len(pos_rows), 1), cost.mean((0, 1)).sum() + 0.6 * hardest


def vad_loss(logit, vad):
    target = vad[:, STRIDE - 1::STRIDE][:, :logit.shape[1]]
    loss = F.binary_cross_entropy_with_logits(logit, (target == 1).float(), reduction="none")
    known = (target < 2).float()
    return (loss * known).sum() / known.sum().clamp(min=1)


def normalisation(store, net):
    """Mean and deviation per band over speech as the augmentation presents it: recorded levels lowered by 13 dB."""
    rows = torch.randint(1, len(store.mel), (200000,), generator=torch.Generator().manual_seed(1))
    x = store.mel[rows].float().sub_(3.0).clamp(min=-12)
    net.mean.copy_(x.mean(0))
    net.scale.copy_(1 / x.std(0).clamp(min=0.5))


@torch.no_grad()
def hardness(net, store, clips, rng, share=0.35, most=20000):
    """The highest word posterior in each negative clip, for harder draws; a share of the clips at a time, the others count as easy."""
    net.eval()
    out, part, n = np.zeros(len(clips)), [], 0
    for i in [*np.flatnonzero(rng.random(len(clips)) < share), -1]:
        if n > most or (i < 0 and part):
            mel = torch.cat([store.mel[clips[k]["start"]:clips[k]["start"] + clips[k]["frames"]] for k in part]).float()
            p = torch.sigmoid(net(mel[None])[0][0, :, 1:]).amax(1).numpy()
            ends = np.cumsum([clips[k]["frames"] for k in part]) // STRIDE
            for k, low, high in zip(part, [0, *ends[:-1]], ends):
                out[k] = p[low:high].max(initial=0.0)
            part, n = [], 0
        part.append(i)
        n += clips[i]["frames"]
    net.train()
    return out


class Ema:
    def __init__(self, net, decay=0.998):
        self.decay, self.state = decay, {k: v.clone() for k, v in net.state_dict().items()}

    def update(self, net, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        for k, v in net.state_dict().items():
            if v.dtype.is_floating_point:
                self.state[k].lerp_(v, 1 - decay)
            else:
                self.state[k] = v.clone()


class Run:
    def __init__(self, args):
        self.args, self.work = args, Path(args.work)
        self.work.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        torch.set_num_threads(1)
        self.store = Store(args.shards, "train")
        self.net = WakeNet(words=len(sources.WORDS))
        normalisation(self.store, self.net)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=args.rate, weight_decay=0.01)
        self.begin, self.step, self.ema = time.time(), 0, Ema(self.net)
        self.flutter, self.state = augment.flutter_pool(), None
        self.restore()
        self.sampler = Sampler(self.store, args.seed + self.step, len(sources.WORDS))
        self.g = torch.Generator().manual_seed(args.seed + self.step)

    def restore(self):
        last = self.work / "last.pt"
        if last.exists():
            state = torch.load(last)
            self.net.load_state_dict(state["net"])
            self.net.folded = bool(self.args.init)
            self.net.train()
            self.opt.load_state_dict(state["opt"])
            self.ema.state, self.step = state["ema"], state["step"]
        elif self.args.init:
            from export import load_gguf
            load_gguf(self.net, self.args.init)
            self.ema = Ema(self.net)

    def save(self, name="last.pt"):
        tmp = self.work / (name + ".tmp")
        torch.save({"net": self.net.state_dict(), "opt": self.opt.state_dict(), "ema": self.ema.state, "step": self.step}, tmp)
        tmp.rename(self.work / name)

    def rate(self):
        warm = min(1.0, (self.step + 1) / 200)
        done = min(1, max(self.step / self.args.steps, (time.time() - self.begin) / (60 * self.args.minutes)))
        return self.args.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))

    def carried(self, n):
        """The memory begins as another stream left it, in one window of four as new: an assistant listens for months."""
        keep = torch.rand(n, 1, generator=self.g) < 0.75
        return self.state[torch.randperm(n, generator=self.g)] * keep if self.state is not None else None

    def one(self):
        for group in self.opt.param_groups:
            group["lr"] = self.rate()
        mel, vad, word, start, end = augment.prepare(self.g, self.store, self.sampler.batch(self.args.batch), self.flutter)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, last = self.net(mel, self.carried(len(mel)))
        logits = logits.float()
        hit, miss = word_losses(logits[:, :, 1:], word, start, end)
        speech = vad_loss(logits[:, :, 0], vad)
        self.state = last.detach()
        self.opt.zero_grad()
        (hit + miss + self.args.speech * speech).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.opt.step()
        self.ema.update(self.net, self.step)
        self.step += 1
        return np.array([hit.item(), miss.item(), speech.item()])

    def loop(self):
        saved, mean = time.time(), None
        while self.step < self.args.steps and time.time() < self.begin + self.args.minutes * 60:
            if self.step and self.step % self.args.mine == 0:
                self.sampler.set_hardness(hardness(self.net, self.store, self.sampler.neg, self.sampler.rng))
            now = self.one()
            mean = now if mean is None else 0.98 * mean + 0.02 * now
            if self.step % 50 == 0:
                print(f"step {self.step} hit {mean[0]:.4f} miss {mean[1]:.4f} speech {mean[2]:.4f} rate {self.rate():.5f} {time.time() - self.begin:.0f} s", flush=True)
            if time.time() - saved > 120:
                self.save()
                saved = time.time()
        self.save()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--shards", required=True)
    ap.add_argument("--work", required=True)
    ap.add_argument("--minutes", type=float, default=30, help="the rate falls to its end over these or --steps, whichever comes first")
    ap.add_argument("--steps", type=int, default=5000)
    ap.add_argument("--batch", type=int, default=64)
    ap.add_argument("--rate", type=float, default=3e-3)
    ap.add_argument("--mine", type=int, default=1000)
    ap.add_argument("--init", help="GGUF file to train on from, the committed one for instance")
    ap.add_argument("--speech", type=float, default=1.0, help="weight of voice activity in the loss")
    ap.add_argument("--seed", type=int, default=4)
    Run(ap.parse_args()).loop()


if __name__ == "__main__":
    main()
