#!/usr/bin/env python3
"""Voice activity beside silero-vad: the area under the curve over 10 ms frames, both on the same mixes, and the cost of both.

  vad_auc.py --data DIR (--gguf FILE | --checkpoint FILE) [--silero FOLDER] [--minutes 20] [--out FILE]

Held-out speech (whole speakers of the split in sources.py), each clip between 0.3 and 1.2 s of nothing, mixed as sound with recordings
of noise that no training saw, at 0, 5 and 10 dB: power of the frames of speech against the louder half of the noise's. What is speech
is read off the clean sound's energy; pauses of at most --gap seconds count as speech, the same for both. A frame's answer is that of the
step (ours) or chunk (silero's) that holds its last sample. FOLDER is where silero's package lies when it is not installed.
"""
import argparse
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch

import features
import sources
from features import HOP, RATE, log_mel
from prepare import read_sound

SETS = ("tsp", "librispeech_other_dev", "vctk_p239", "speechocean762", "asp_stories", "kathleen")
CHUNK, CONTEXT = 512, 64


def held_out(data, minutes, rng):
    clips = [c for c in sources.speech_clips(data) if c.split == "dev" and c.role == "neg" and c.source in SETS]
    by_set = {s: [c for c in clips if c.source == s] for s in SETS}
    for group in by_set.values():
        rng.shuffle(group)
    out, total = [], 0
    while total < minutes * 60 and any(by_set.values()):
        for group in by_set.values():
            if group:
                x = read_sound(group.pop().path)
                out.append(x)
                total += len(x) / RATE
    return out


def noises(data):
    """Recordings of the held-out split; a few files of the sets are broken."""
    out = []
    for clip in sources.noise_clips(data):
        if clip.split == "dev":
            try:
                x = read_sound(clip.path)
            except RuntimeError:
                continue
            out += [x] if np.abs(x).max(initial=0) > 0 else []
    return out


def labels(x, gap):
    mel = log_mel(x)
    out = features.speech_labels(mel)
    if gap > 0.12:
        known = features._close_and_open(out == 1, gap=int(gap * 100), island=0)
        out[known] = 1
    return out


def stretch(noise, n, rng):
    parts, have = [], 0
    while have < n:
        x = noise[rng.randrange(len(noise))]
        a = rng.randrange(max(len(x) - RATE, 1))
        parts.append(x[a:a + 8 * RATE])
        have += len(parts[-1])
    return np.concatenate(parts)[:n]


def frame_power(x):
    n = len(x) // HOP
    return (x[:n * HOP].reshape(n, HOP) ** 2).mean(1)


def mix(x, speech, noise, snr):
    p, q = frame_power(x), frame_power(noise)
    loud = p[:len(speech)][speech[:len(p)] == 1].mean()
    hum = q[q >= np.median(q)].mean()
    return x + noise * np.sqrt(loud / max(hum, 1e-12) / 10 ** (snr / 10))


class Ours:
    name = "linnet"

    def __init__(self, args):
        from export import Folded, load_checkpoint, load_gguf
        from net import STRIDE, WakeNet
        if args.checkpoint:
            model = load_checkpoint(args.checkpoint)
        else:
            model = WakeNet(words=len(sources.WORDS))
            load_gguf(model, args.gguf)
        self.net, self.stride = Folded(model.eval()), STRIDE

    def frames(self, x, count):
        with torch.no_grad():
            p = torch.sigmoid(self.net(torch.from_numpy(log_mel(x)).float()[None])[0, :, 0]).numpy()
        at = np.minimum(np.arange(count) // self.stride, len(p) - 1)
        return p[at]


class Silero:
    name = "silero-vad"

    def __init__(self, folder):
        import onnxruntime
        if folder:
            sys.path.insert(0, folder)
        import importlib.util
        package = Path(importlib.util.find_spec("silero_vad").origin).parent
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        self.net = onnxruntime.InferenceSession(str(package / "data" / "silero_vad.onnx"), options, providers=["CPUExecutionProvider"])

    def chunks(self, x):
        state, rate, out = np.zeros((2, 1, 128), np.float32), np.array(RATE, np.int64), []
        x = np.concatenate([np.zeros(CONTEXT, np.float32), x.astype(np.float32), np.zeros(CHUNK, np.float32)])
        for a in range(0, len(x) - CONTEXT - CHUNK + 1, CHUNK):
            p, state = self.net.run(None, {"input": x[None, a:a + CONTEXT + CHUNK], "state": state, "sr": rate})
            out.append(p[0, 0])
        return np.array(out)

    def frames(self, x, count):
        p = self.chunks(x)
        last = np.arange(count) * HOP + 399
        return p[np.minimum(last // CHUNK, len(p) - 1)]


def area(score, truth):
    """Area under the receiver's curve, ties shared."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    values, inverse, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.bincount(inverse, ranks) / count)[inverse]
    n1 = truth.sum()
    n0 = len(truth) - n1
    return (ranks[truth].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", default=sources.default_data())
    ap.add_argument("--gguf")
    ap.add_argument("--checkpoint")
    ap.add_argument("--silero", help="folder that holds the package silero_vad")
    ap.add_argument("--minutes", type=float, default=20)
    ap.add_argument("--gap", type=float, nargs="*", default=[0.12, 0.3])
    ap.add_argument("--seed", type=int, default=4)
    ap.add_argument("--out")
    args = ap.parse_args()
    torch.set_num_threads(1)
    rng = random.Random(args.seed)
    engines, rows, spent, seconds = [Ours(args), Silero(args.silero)], [], {}, 0
    clips, noise = held_out(args.data, args.minutes, rng), noises(args.data)
    for snr in (0, 5, 10):
        truth, answer = {g: [] for g in args.gap}, {e.name: [] for e in engines}
        for x in clips:
            x = np.concatenate([np.zeros(rng.randrange(4800, 19200)), x, np.zeros(rng.randrange(4800, 19200))]).astype(np.float32)
            marks = {g: labels(x, g) for g in args.gap}
            if not (marks[args.gap[0]] == 1).any():
                continue
            y = mix(x, marks[args.gap[0]], stretch(noise, len(x), rng), snr)
            y = (y * min(1.0, 0.95 / np.abs(y).max())).astype(np.float32)
            seconds += len(y) / RATE
            for e in engines:
                begin = time.process_time()
                answer[e.name].append(e.frames(y, len(marks[args.gap[0]])))
                spent[e.name] = spent.get(e.name, 0) + time.process_time() - begin
            for g in args.gap:
                truth[g].append(marks[g])
        for g in args.gap:
            t = np.concatenate(truth[g])
            for e in engines:
                score = area(np.concatenate(answer[e.name])[t < 2], t[t < 2] == 1)
                rows.append({"snr": snr, "gap": g, "engine": e.name, "area": float(score)})
                print(f"{snr} dB, pauses up to {g} s are speech: {e.name} {score:.4f}", flush=True)
    for name, s in spent.items():
        print(f"{name}: {s / seconds:.5f} CPU seconds a second of sound")
    if args.out:
        Path(args.out).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
