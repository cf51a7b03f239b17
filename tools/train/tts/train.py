"""Train the voice's acoustic model on what prepare.py wrote.

    train.py --feat DIR --work DIR --minutes M [--adversary] [--from-gguf assets/models/tts-f16.gguf]

Resumes from WORK/model.pt when it exists. Plain stage: L1 on normalised features, cross-entropy on voicing,
squared error on log durations. --adversary adds a small patch discriminator on the envelope alone, against the
over-smoothing that regression leaves. Every 41st text is held out. Seeds are fixed; the run is one thread.
"""
import argparse
import pathlib
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from features import BANDS
from linguistics import describe
from model import PAIR, Acoustic, place_features

FRAMES_PER_BATCH = 2600
HELD_OUT = 41


def load(folder):
    """Utterances as dicts of tensors; [train], [held out], split by text."""
    train, dev, texts = [], [], {}
    for path in sorted(folder.glob("*.npz")):
        z = np.load(path)
        text = texts.setdefault(str(z["text"]), len(texts))
        n = len(z["env"])
        d = z["durations"].astype(np.int64)
        if d.sum() != n or d.min() < 1:
            continue
        target = np.concatenate([z["env"].astype(np.float32), z["logf0"][:, None], z["voiced"][:, None], z["ap"]], 1)
        item = dict(ids=torch.from_numpy(describe(z["rows"], z["punct"])), durations=torch.from_numpy(d),
                    target=torch.from_numpy(target.astype(np.float32)))
        (dev if text % HELD_OUT == 0 else train).append(item)
    return train, dev


def statistics(items):
    x = torch.cat([i["target"] for i in items])
    mean, std = x.mean(0), x.std(0)
    voiced = x[:, BANDS + 1] > 0.5
    mean[BANDS], std[BANDS] = x[voiced, BANDS].mean(), x[voiced, BANDS].std()
    mean[BANDS + 1:], std[BANDS + 1:] = 0.0, 1.0
    logs = torch.cat([i["durations"] for i in items]).float().log()
    return mean, std, torch.stack([logs.mean(), logs.std()])


def collate(items):
    P, T = max(len(i["ids"]) for i in items), max(len(i["target"]) for i in items)
    T += T % PAIR
    B = len(items)
    out = dict(ids=torch.zeros(B, P, 6, dtype=torch.long), durations=torch.ones(B, P), pmask=torch.zeros(B, P, 1),
               of=torch.zeros(B, T, dtype=torch.long), index=torch.zeros(B, T), length=torch.ones(B, T),
               mask=torch.zeros(B, T, 1), target=torch.zeros(B, T, items[0]["target"].shape[1]))
    for b, item in enumerate(items):
        p, t, d = len(item["ids"]), len(item["target"]), item["durations"]
        of = torch.repeat_interleave(torch.arange(p), d)
        out["ids"][b, :p], out["durations"][b, :p], out["pmask"][b, :p] = item["ids"], d.float(), 1
        out["of"][b, :t], out["mask"][b, :t], out["target"][b, :t] = of, 1, item["target"]
        out["index"][b, :t] = torch.arange(t) - (torch.cumsum(d, 0) - d)[of]
        out["length"][b, :t] = d[of].float()
    out["place"] = place_features(out["index"], out["length"])
    return out


def batches(items, rng):
    order = sorted(range(len(items)), key=lambda i: len(items[i]["target"]) + rng.random() * 40)
    groups, group, longest = [], [], 0
    for i in order:
        longest = max(longest, len(items[i]["target"]))
        if group and longest * (len(group) + 1) > FRAMES_PER_BATCH:
            groups.append(group)
            group, longest = [], len(items[i]["target"])
        group.append(i)
    groups.append(group)
    rng.shuffle(groups)
    for g in groups:
        yield collate([items[i] for i in g])


def normalised(model, target):
    return (target - model.mean) / model.std


def losses(model, out, durations, b):
    """(envelope, F0, voicing, aperiodicity, duration) errors, each a mean over real frames."""
    out = out.float()
    want = normalised(model, b["target"])
    mask, frames = b["mask"], b["mask"].sum()
    voiced = b["target"][..., BANDS + 1:BANDS + 2]
    env = ((out[..., :BANDS] - want[..., :BANDS]).abs() * mask).sum() / frames / BANDS
    f0 = ((out[..., BANDS:BANDS + 1] - want[..., BANDS:BANDS + 1]).abs() * mask * voiced).sum() / frames
    vuv = (F.binary_cross_entropy_with_logits(out[..., BANDS + 1:BANDS + 2], voiced, reduction="none") * mask).sum() / frames
    ap = ((torch.sigmoid(out[..., BANDS + 2:]) - b["target"][..., BANDS + 2:]).abs() * mask).sum() / frames / 3
    logd = (b["durations"].log() - model.duration_stats[0]) / model.duration_stats[1]
    dur = (((durations.float() - logd) ** 2)[..., None] * b["pmask"]).sum() / b["pmask"].sum()
    return torch.stack([env, f0, vuv, ap, dur])


WEIGHTS = torch.tensor([1.0, 0.5, 0.3, 2.0, 0.2])


class Critic(nn.Module):
    """Patch discriminator over (time, band); returns its maps, the last one the score."""

    def __init__(self, c=16):
        super().__init__()
        self.layers = nn.ModuleList([
            nn.Conv2d(1, c, (3, 5), (1, 2), (1, 2)), nn.Conv2d(c, 2 * c, (3, 5), (2, 2), (1, 2)),
            nn.Conv2d(2 * c, 3 * c, (3, 5), (2, 2), (1, 2)), nn.Conv2d(3 * c, 4 * c, (3, 3), (1, 2), (1, 1)),
            nn.Conv2d(4 * c, 1, (3, 3), 1, 1)])

    def forward(self, x):
        maps, x = [], x[:, None]
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.2)
            maps.append(x)
        return maps, self.layers[-1](x)


def critic_terms(critic, fake, real):
    """(score loss, feature matching) for the model."""
    with torch.no_grad():
        real_maps, _ = critic(real)
    maps, score = critic(fake)
    match = sum((a - r).abs().mean() / (r.abs().mean() + 1e-3) for a, r in zip(maps, real_maps)) / len(maps)
    return ((score - 1) ** 2).mean(), match


def windows(x, mask, rng, size=64):
    """Random stretches of `size` frames from each utterance long enough."""
    lengths = mask.sum((1, 2)).long().tolist()
    picks = [(b, int(rng.integers(0, n - size + 1))) for b, n in enumerate(lengths) if n > size for _ in range(2)]
    return picks, size


def take(x, picks, size):
    return torch.stack([x[b, s:s + size, :BANDS] for b, s in picks])


class Trainer:
    def __init__(self, args):
        torch.manual_seed(20)
        self.rng = np.random.default_rng(20)
        self.args = args
        self.train, self.dev = load(args.feat)
        self.model, self.critic = Acoustic(), Critic()
        self.model.mean[:], self.model.std[:], self.model.duration_stats[:] = statistics(self.train)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.copt = torch.optim.Adam(self.critic.parameters(), lr=4e-4, betas=(0.5, 0.9), fused=True)
        self.step = 0
        self.path = args.work / "model.pt"
        if self.path.exists():
            state = torch.load(self.path, weights_only=False)
            self.model.load_state_dict(state["model"])
            self.opt.load_state_dict(state["opt"])
            if "critic" in state:
                self.critic.load_state_dict(state["critic"])
                self.copt.load_state_dict(state["copt"])
            self.step = state["step"]
            self.rng = np.random.default_rng(20 + self.step)
            torch.manual_seed(20 + self.step)
        elif args.from_gguf:
            from export import load_into
            load_into(self.model, args.from_gguf)

    def save(self):
        state = dict(model=self.model.state_dict(), opt=self.opt.state_dict(), step=self.step)
        if self.args.adversary:
            state.update(critic=self.critic.state_dict(), copt=self.copt.state_dict())
        torch.save(state, self.path.with_suffix(".tmp"))
        self.path.with_suffix(".tmp").rename(self.path)

    def run_model(self, b):
        with torch.autocast("cpu", torch.bfloat16):
            return self.model(b["ids"], b["pmask"], b["of"], b["place"], b["mask"])

    def evaluate(self):
        self.model.eval()
        rows, spread = [], []
        with torch.no_grad():
            for b in batches(self.dev, np.random.default_rng(0)):
                out, durations = self.run_model(b)
                rows.append(losses(self.model, out, durations, b))
                keep = b["mask"][..., 0] > 0
                spread.append(out[keep][:, :BANDS].float().std(0).mean() / normalised(self.model, b["target"])[keep][:, :BANDS].std(0).mean())
        self.model.train()
        return torch.stack(rows).mean(0), torch.stack(spread).mean()

    def adversarial(self, out, b):
        picks, size = windows(out, b["mask"], self.rng)
        fake, real = take(out.float(), picks, size), take(normalised(self.model, b["target"]), picks, size)
        _, on_real = self.critic(real)
        _, on_fake = self.critic(fake.detach())
        loss = ((on_real - 1) ** 2).mean() + (on_fake ** 2).mean()
        self.copt.zero_grad()
        loss.backward()
        self.copt.step()
        score, match = critic_terms(self.critic, fake, real)
        return self.args.adversary_weight * score + self.args.match_weight * match, loss.item()

    def rate(self, done):
        """Warm-up, then cosine over the run's minutes."""
        top = self.args.rate
        return float(top * min(1.0, (self.step + 1) / 300) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * min(1.0, done)))))

    def one(self, b, done):
        for g in self.opt.param_groups:
            g["lr"] = self.rate(done)
        out, durations = self.run_model(b)
        parts = losses(self.model, out, durations, b)
        loss, critic = (parts * WEIGHTS).sum(), 0.0
        if self.args.adversary:
            extra, critic = self.adversarial(out, b)
            loss = loss + extra
        self.opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.opt.step()
        self.step += 1
        return parts.detach(), critic

    def run(self):
        start, saved, seen, critics = time.time(), time.time(), [], []
        print(f"train {len(self.train)} dev {len(self.dev)} parameters {sum(p.numel() for p in self.model.parameters())}")
        while True:
            for b in batches(self.train, self.rng):
                done = (time.time() - start) / 60 / self.args.minutes
                parts, critic = self.one(b, done)
                seen.append(parts)
                critics.append(critic)
                if self.step % 100 == 0:
                    dev, spread = self.evaluate()
                    print(f"{self.step} {done:.2f} train {fmt(torch.stack(seen).mean(0))} dev {fmt(dev)} "
                          f"spread {spread:.3f} critic {np.mean(critics):.3f}")
                    seen, critics = [], []
                if time.time() - saved > 120 or done >= 1:
                    self.save()
                    saved = time.time()
                if done >= 1:
                    return


def fmt(x):
    return " ".join(f"{v:.3f}" for v in x.tolist())


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--feat", required=True, type=pathlib.Path)
    ap.add_argument("--work", required=True, type=pathlib.Path)
    ap.add_argument("--minutes", type=float, default=40)
    ap.add_argument("--rate", type=float, default=1e-3)
    ap.add_argument("--adversary", action="store_true")
    ap.add_argument("--adversary-weight", type=float, default=0.2)
    ap.add_argument("--match-weight", type=float, default=0.5)
    ap.add_argument("--from-gguf", type=pathlib.Path)
    args = ap.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    Trainer(args).run()


if __name__ == "__main__":
    main()
