#!/usr/bin/env python3
"""Write the trained net as GGUF (F16 matrices, F32 vectors) and, beside the tests, a small dump of inputs and outputs.

  export.py --checkpoint WORK/last.pt --thresholds thresholds.json --out assets/models/wake-f16.gguf [--dump tests/data/wake_ref.bin]

The normalisation folds into nothing: mean and scale travel as vectors. Batch norms fold into matrices and biases.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

import net as shape
import sources

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
from gguf_writer import GgufWriter  # noqa: E402

ARCH = "linnet-wake"
TAPS_OWN, TAP_STEPS = 4, 8   # of a user's own word, models/wake/wake.h


def load_checkpoint(path):
    """The averaged weights of a checkpoint, ready to run."""
    model = shape.WakeNet(words=len(sources.WORDS))
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["ema"])
    return model.eval()


def layers(model):
    """(name, matrix, bias) of every layer, norms folded in."""
    for name, layer in [("stem", model.stem)] + [(f"blk.{i}", b) for i, b in enumerate(model.blocks)]:
        yield (name, *layer.folded())
    yield "head", model.head.weight, model.head.bias


def memory(model):
    """Name in the file -> parameter of the speech memory."""
    g = model.memory
    return {"memory.input.weight": g.weight_ih_l0, "memory.input.bias": g.bias_ih_l0, "memory.hidden.weight": g.weight_hh_l0,
            "memory.hidden.bias": g.bias_hh_l0, "memory.speech.weight": model.speech.weight}


def load_gguf(model, path):
    """Weights of an exported file back into a net, so that training can go on from what is committed."""
    from gguf import GGUFReader
    tensors = {t.name: torch.from_numpy(np.array(t.data, np.float32)) for t in GGUFReader(path).tensors}
    model.folded = True
    model.train(model.training)
    model.mean.copy_(tensors["norm.mean"])
    model.scale.copy_(tensors["norm.scale"])
    with torch.no_grad():
        for name, layer in [("stem", model.stem)] + [(f"blk.{i}", b) for i, b in enumerate(model.blocks)]:
            layer.linear.weight.copy_(tensors[f"{name}.weight"])
            layer.norm.bias.copy_(tensors[f"{name}.bias"])
            layer.norm.running_mean.zero_()
            layer.norm.running_var.fill_(1.0 - layer.norm.eps)
        model.head.weight.copy_(tensors["head.weight"])
        model.head.bias.copy_(tensors["head.bias"])
        if "memory.input.weight" in tensors:
            for name, value in memory(model).items():
                value.copy_(tensors[name].reshape(value.shape))


def detector_of(path):
    """What an exported file says of its detector."""
    from gguf import GGUFReader
    fields = GGUFReader(path).fields
    values = [float(fields[f"{ARCH}.thresholds"].parts[i][0]) for i in fields[f"{ARCH}.thresholds"].data]
    return {"thresholds": dict(zip(sources.WORDS, values)),
            **{k: int(fields[f"{ARCH}.{k}"].parts[-1][0]) for k in ("smooth_steps", "refractory_frames")}}


def write(model, detector, background, path):
    w = GgufWriter(ARCH)
    w.add_string("general.name", "Linnet wake words and voice activity")
    w.add_string("general.license", "Apache-2.0")
    w.add_u32("general.file_type", 1)
    w.add_u32(f"{ARCH}.bands", shape.BANDS)
    w.add_u32(f"{ARCH}.stem_frames", shape.STEM)
    w.add_u32(f"{ARCH}.stride", shape.STRIDE)
    w.add_u32(f"{ARCH}.taps", shape.TAPS)
    w.add_u32(f"{ARCH}.channels", shape.CHANNELS)
    w.add_u32s(f"{ARCH}.dilations", model.dilations)
    w.add_f32(f"{ARCH}.floor", shape.FLOOR)
    w.add_strings(f"{ARCH}.words", sources.WORDS)
    w.add_f32s(f"{ARCH}.thresholds", [detector["thresholds"][x] for x in sources.WORDS])
    w.add_u32(f"{ARCH}.smooth_steps", detector["smooth_steps"])
    w.add_u32(f"{ARCH}.refractory_frames", detector["refractory_frames"])
    if model.speech.weight.any():
        w.add_u32(f"{ARCH}.memory", shape.MEMORY)
    w.add_tensor("norm.mean", model.mean.numpy())
    w.add_tensor("norm.scale", model.scale.numpy())
    for name, weight, bias in layers(model):
        w.add_tensor(f"{name}.weight", weight.detach().numpy(), "F16")
        w.add_tensor(f"{name}.bias", bias.detach().numpy())
    if background:
        w.add_tensor("enroll.mean", background[0])
        w.add_tensor("enroll.covariance", background[1])
    # Nets from before the memory have all zeros here, and their files go without.
    for name, value in memory(model).items() if model.speech.weight.any() else ():
        w.add_tensor(name, value.detach().numpy(), *(["F16"] if name.endswith("weight") and value.shape[0] > 1 else []))
    w.write(path)


class Folded(torch.nn.Module):
    """The net as the file holds it: folded, matrices rounded to half precision."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.parts = {n: (w.detach().half().float(), b.detach()) for n, w, b in layers(model)}
        self.memory = torch.nn.GRU(shape.CHANNELS, shape.MEMORY, batch_first=True)
        state = model.memory.state_dict()
        self.memory.load_state_dict({k: v.half().float() if "weight" in k else v for k, v in state.items()})

    def forward(self, mel):
        m = self.model
        x = (mel.clamp(min=shape.FLOOR) - m.mean) * m.scale
        x = torch.nn.functional.pad(x, (0, 0, shape.STEM - shape.STRIDE, 0))
        n = (x.shape[1] - shape.STEM) // shape.STRIDE + 1
        x = torch.cat([x[:, k:k + shape.STRIDE * (n - 1) + 1:shape.STRIDE] for k in range(shape.STEM)], 2)
        x = torch.relu(torch.nn.functional.linear(x, *self.parts["stem"]))
        for i, dilation in enumerate(m.dilations):
            x = x + torch.relu(torch.nn.functional.linear(shape.shifted(x, shape.TAPS, dilation), *self.parts[f"blk.{i}"]))
        speech = self.model.speech(self.memory(x)[0])
        return shape.add_speech(torch.nn.functional.linear(x, *self.parts["head"]), speech)


def stacked(x):
    """Features of TAPS_OWN steps, TAP_STEPS apart, newest first (wake_session_features)."""
    pad = torch.nn.functional.pad(x, (0, 0, (TAPS_OWN - 1) * TAP_STEPS, 0))
    return torch.cat([pad[(TAPS_OWN - 1 - k) * TAP_STEPS:][:len(x)] for k in range(TAPS_OWN)], 1)


@torch.no_grad()
def background_of(model, shards, hours=1.5):
    """Mean and covariance (lower half, row by row) of the stacked features over speech of the training split: a stretch of every clip."""
    from windows import Store
    store, total, outer, n = Store(shards, "train"), 0.0, 0.0, 0
    clips = [c for c in store.role("neg") if c["frames"] >= 200]
    most = max(int(hours * 360000 / len(clips)), 200)
    for clip in clips:
        mel = store.mel[clip["start"]:clip["start"] + min(clip["frames"], most)].float()
        x = stacked(model.features(mel[None])[0])[34:].double()   # the net sees silence before its first frames
        total, outer, n = total + x.sum(0), outer + x.T @ x, n + len(x)
    mean = total / n
    covariance = outer / n - mean[:, None] * mean[None]
    rows, columns = torch.tril_indices(len(mean), len(mean))
    return mean.float().numpy(), covariance[rows, columns].float().numpy()


def dump(model, path):
    """u32 frames, u32 steps, u32 outputs; frames x 80 f32 log-mel; steps x outputs f32 logits. Speech-like noise, fixed seed."""
    rng = np.random.default_rng(7)
    frames = 400
    slow = np.repeat(rng.normal(0, 2.5, (frames // 8, shape.BANDS)), 8, 0)
    mel = (-5 + slow + rng.normal(0, 1, (frames, shape.BANDS))).astype(np.float32)
    mel[150:170] = -23.02585
    with torch.no_grad():
        out = Folded(model)(torch.from_numpy(mel)[None])[0].numpy().astype(np.float32)
    with open(path, "wb") as f:
        f.write(np.array([frames, len(out), out.shape[1]], "<u4").tobytes() + mel.tobytes() + out.tobytes())


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--checkpoint")
    ap.add_argument("--thresholds", help="written by evaluate.py")
    ap.add_argument("--gguf", help="an exported file to write anew, in place of --checkpoint and --thresholds")
    ap.add_argument("--out", required=True)
    ap.add_argument("--shards", help="folder of prepare.py: also write what words are enrolled against")
    ap.add_argument("--dump")
    args = ap.parse_args()
    torch.set_num_threads(1)
    if args.gguf:
        model = shape.WakeNet(words=len(sources.WORDS))
        load_gguf(model, args.gguf)
        detector = detector_of(args.gguf)
        model.eval()
    else:
        model, detector = load_checkpoint(args.checkpoint), json.loads(Path(args.thresholds).read_text())
    background = background_of(model, args.shards) if args.shards else None
    write(model, detector, background, args.out)
    if args.dump:
        dump(model, args.dump)


if __name__ == "__main__":
    main()
