"""Train the phoneme encoder.

    train.py --work DIR --stage ce|mmi --minutes N [--from-gguf FILE] [--init CHECKPOINT]

Stage `ce` is frame cross-entropy on the alignments, stage `mmi` lattice-free MMI with a tenth of
cross-entropy beside it. The learning rate follows the share of the N minutes of work done, which
the checkpoint carries, so a stopped run resumes where it was. A stage starts from the newest
checkpoint of its own, else from --init, else from --from-gguf, else from random weights.
"""
import argparse
import copy
import math
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import augment  # noqa: E402
import data  # noqa: E402
import layout  # noqa: E402
import mmi  # noqa: E402
import prepare  # noqa: E402
import words  # noqa: E402
from net import Encoder  # noqa: E402

SHARES = {"speechocean762": 0.45, "speech_commands_test": 0.7, "free_spoken_digits": 0.7, "grid_s1": 0.6,
          "librispeech_untranscribed": 2.0, "extra_ls_mini5": 1.3, "extra_vcc2016": 1.5, "extra_vcc2018": 1.5,
          "tsp": 1.5, "vctk_p239": 1.5, "synth_train": 0.6, "synth_words": 0.6, "extra_wuw_words": 0.35,
          "noise": 0.5}
PEAK = {"ce": 4e-3, "mmi": 1.5e-3}
BATCH_SECONDS = 110
EMA = 0.996


class Run:
    """Everything a checkpoint holds, and the pieces that do not change."""

    def __init__(self, args):
        self.args, self.stopped = args, False
        signal.signal(signal.SIGTERM, self.stop)
        torch.manual_seed(args.seed)
        self.rng = random.Random(args.seed)
        self.lexicon = words.Lexicon(args.work / "cmudict.dict")
        self.net = Encoder()
        self.rows = self.net.shape.rows
        self.load()
        self.noises = augment.Noises(args.work)
        self.trigram = torch.from_numpy(data.phone_trigram(data.trainable(self.everything, True)))
        self.denominator = mmi.Denominator(self.trigram, self.rows)
        self.done = 0.0
        self.start()
        self.average = copy.deepcopy(self.net).eval()
        self.optimizers = [Optimizer(self.net, args.peak or PEAK[args.stage], part, args.workers)
                           for part in range(args.workers)]
        self.resume()
        self.workers = [Worker(self, args.seed + int(self.done) + k) for k in range(args.workers)]
        self.pool = ThreadPoolExecutor(args.workers)

    def load(self):
        """Read the utterances; done before each pass, for there may be better alignments and new sets."""
        names = prepare.names_in(self.args.work)
        self.everything = data.load(self.args.work, names, self.lexicon, self.rows)
        self.train = data.trainable(self.everything, self.args.stage == "ce")
        self.train += data.noise_only(self.args.work)

    @property
    def path(self):
        return self.args.work / f"{self.args.name or self.args.stage}.pt"

    def start(self):
        """Weights before the first step of the stage."""
        if self.args.init:
            self.net.load_state_dict(torch.load(self.args.init, weights_only=False)["average"])
        elif self.args.from_gguf:
            self.net = layout.read(self.args.from_gguf)
        else:
            statistics(self.net, self.train)

    def stop(self, *_):
        """End after the present update, with a checkpoint."""
        self.stopped = True

    def resume(self):
        """Continue from this stage's own checkpoint where there is one."""
        if not self.path.exists():
            return
        state = torch.load(self.path, weights_only=False)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        for optimizer, its in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(its)
        self.done = state["done"]
        self.rng.seed(self.args.seed + int(self.done))
        print(f"resumed at {self.done / 60:.1f} min", flush=True)

    def save(self):
        """Write the checkpoint, never leaving half a file."""
        part = self.path.with_suffix(".part")
        torch.save({"net": self.net.state_dict(), "average": self.average.state_dict(),
                    "optimizers": [optimizer.state_dict() for optimizer in self.optimizers], "done": self.done,
                    "stage": self.args.stage}, part)
        os.replace(part, self.path)


class Optimizer:
    """Muon (orthogonalised momentum) for the matrices, AdamW for the output layer and vectors.

    At equal computing time Muon's frame cross-entropy after 40 updates was 2.11, AdamW's 2.42. One
    of these updates the parameters from `part` on, every `of`th, so that threads may share the work.
    """

    def __init__(self, net, peak, part, of):
        table = dict(net.named_parameters())
        inner = [name for name, value in table.items()
                 if value.ndim == 2 and not name.startswith("output")]
        outer = [name for name in table if name not in inner]
        self.peak = peak
        self.muon = torch.optim.Muon([table[name] for name in inner[part::of]], lr=peak,
                                     weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw")
        self.adam = torch.optim.AdamW([table[name] for name in outer[part::of]],
                                      lr=0.5 * peak, betas=(0.9, 0.98), weight_decay=0.01)

    def scale(self, factor):
        """Set the learning rates to `factor` of their peaks."""
        self.muon.param_groups[0]["lr"] = self.peak * factor
        self.adam.param_groups[0]["lr"] = 0.5 * self.peak * factor

    def step(self):
        self.muon.step()
        self.adam.step()

    def state_dict(self):
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state):
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])


def statistics(net, utterances):
    """Set the input's mean and scale from a sample of the training frames."""
    rng = random.Random(1)
    sample = torch.cat([torch.from_numpy(u.mel.astype("float32"))
                        for u in rng.sample(utterances, min(800, len(utterances)))])
    sample = sample.clamp(min=net.shape.floor)
    net.mel_mean.copy_(sample.mean(0))
    net.mel_scale.copy_(1.0 / sample.std(0))


def output_labels(labels, frames):
    """Label of each 30 ms frame: that of its middle 10 ms frame."""
    labels = F.pad(labels, (0, 3))[:, 1::3]
    return labels[:, :frames]


def cross_entropy(scores, labels, lengths, known):
    """Mean over the frames of utterances with known labels."""
    inside = torch.arange(scores.shape[1])[None] < (lengths[:, None] + 2) // 3
    inside &= known[:, None]
    loss = F.cross_entropy(scores.float().transpose(1, 2), labels, reduction="none")
    return (loss * inside).sum() / inside.sum().clamp(min=1)


class Worker:
    """One thread's copy of the net: the weights are shared, the gradients its own.

    Two of these side by side, each on one core, outrun one net on two cores by far where other
    programs want the cores too: they wait for one another once an update, not at every product.
    """

    def __init__(self, run, seed):
        self.run, self.rng = run, random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.net = copy.deepcopy(run.net)
        values = zip(self.net.parameters(), run.net.parameters())
        buffers = zip(self.net.buffers(), run.net.buffers())
        for mine, shared in [*values, *buffers]:
            mine.data = shared.data

    def gradients(self, batch, strength):
        """Leave the batch's gradients in the net; returns the criterion and the cross-entropy a frame."""
        run, args = self.run, self.run.args
        values, lengths, labels = data.collate(batch, 0.35 * strength, self.rng)
        values, lengths, labels = augment.augment(values, lengths, labels, run.noises, self.net.mel_mean,
                                                  strength, self.generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=not args.float32):
            scores = self.net(values, args.dropout).float()
        known = torch.tensor([u.labels is not None for u in batch])
        ce = cross_entropy(scores, output_labels(labels, scores.shape[1]), lengths, known)
        loss, value = ce, 0.0
        if args.stage == "mmi":
            outputs = (lengths + 2) // 3
            graphs = [u.graph(run.rows) for u in batch]
            sequence = mmi.Criterion.apply(scores, outputs, graphs, run.denominator)
            sequence = sequence / outputs.sum()
            value = sequence.item()
            loss = sequence + args.beside * ce + 1e-5 * scores.square().sum(-1).mean()
        self.net.zero_grad(set_to_none=True)
        loss.backward()
        return value, ce.item()


def step(run, batches, strength):
    """One update from a batch a worker; returns the mean criterion and cross-entropy a frame."""
    losses = list(run.pool.map(lambda pair: pair[0].gradients(pair[1], strength),
                               zip(run.workers, batches)))
    used = run.workers[:len(batches)]
    for parameter, *parts in zip(run.net.parameters(), *[worker.net.parameters() for worker in used]):
        parameter.grad = sum((part.grad for part in parts[1:]), start=parts[0].grad) / len(parts)
    torch.nn.utils.clip_grad_norm_(run.net.parameters(), 2.0 if run.args.stage == "ce" else 1.0)
    list(run.pool.map(Optimizer.step, run.optimizers))
    follow(run.average, run.net)
    return [sum(values) / len(losses) for values in zip(*losses)]


@torch.no_grad()
def follow(average, net):
    """Move the averaged weights a little towards the present ones."""
    for mean, now in zip(average.state_dict().values(), net.state_dict().values()):
        mean.lerp_(now, 1.0 - EMA)


def rate(share):
    """Share of the peak learning rate: a short rise, then a half cosine to a fiftieth."""
    rise = min(1.0, share / 0.04)
    return rise * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share))))


def train(run):
    """Train until the minutes are used up."""
    args, total = run.args, run.args.minutes * 60.0
    passes = 0
    while run.done < total and not run.stopped:
        chosen = data.epoch(run.train, SHARES, run.rng)
        plan = data.batches(chosen, BATCH_SECONDS / len(run.workers), run.rng)
        plan = [plan[k:k + len(run.workers)] for k in range(0, len(plan), len(run.workers))]
        sums, began, saved, sound = [0.0, 0.0], time.time(), time.time(), 0.0
        tick = time.time()
        for number in range(len(plan)):
            for optimizer in run.optimizers:
                optimizer.scale(rate(run.done / total))
            ramp = min(1.0, 0.3 + run.done / total) if args.stage == "ce" else 1.0
            losses = step(run, plan[number], args.strength * ramp)
            sums = [a + b for a, b in zip(sums, losses)]
            sound += sum(u.frames for batch in plan[number] for u in batch) / 100.0
            tick, spent = time.time(), time.time() - tick
            run.done += spent
            if number % 20 == 19:
                print(f"{run.done / 60:.1f} min, pass {passes}, {number + 1}/{len(plan)}: criterion "
                      f"{sums[0] / 20:.4f} ce {sums[1] / 20:.4f}, {sound / (time.time() - began):.0f}"
                      " x real time", flush=True)
                sums = [0.0, 0.0]
            if time.time() - saved > 150 or run.stopped:
                run.save()
                saved = time.time()
            if run.done >= total or run.stopped:
                break
        passes += 1
        run.save()
        run.load()
    print("stopped" if run.stopped else "finished", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--stage", required=True, choices=("ce", "mmi"))
    parser.add_argument("--minutes", default=40.0, type=float)
    parser.add_argument("--init", type=Path)
    parser.add_argument("--from-gguf", type=Path)
    parser.add_argument("--name", help="name of the checkpoint, else the stage's")
    parser.add_argument("--peak", type=float, help="learning rate, else the stage's")
    parser.add_argument("--dropout", default=0.0, type=float)
    parser.add_argument("--strength", default=0.8, type=float, help="of the augmentation")
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--beside", default=0.1, type=float, help="of cross-entropy beside the MMI")
    parser.add_argument("--workers", default=2, type=int, help="threads, each with its own batch")
    parser.add_argument("--float32", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    options = arguments()
    torch.set_num_threads(1)
    train(Run(options))
