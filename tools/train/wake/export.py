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


def load_checkpoint(path):
    """The averaged weights of a checkpoint, ready to run."""
    model = shape.WakeNet(words=len(sources.WORDS))
    state = torch.load(path, map_location="cpu")
    model.load_state_dict({k: v for k, v in state["ema"].items() if not k.startswith("phones.")})
    return model.eval()


def layers(model):
    """(name, matrix, bias) of every layer, norms folded in."""
    for name, layer in [("stem", model.stem)] + [(f"blk.{i}", b) for i, b in enumerate(model.blocks)]:
        yield (name, *layer.folded())
    yield "head", model.head.weight, model.head.bias


def load_gguf(model, path):
    """Weights of an exported file back into a net, so that training can go on from what is committed."""
    from gguf import GGUFReader
    tensors = {t.name: torch.from_numpy(np.array(t.data, np.float32)) for t in GGUFReader(path).tensors}
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


def write(model, detector, path):
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
    w.add_tensor("norm.mean", model.mean.numpy())
    w.add_tensor("norm.scale", model.scale.numpy())
    for name, weight, bias in layers(model):
        w.add_tensor(f"{name}.weight", weight.detach().numpy(), "F16")
        w.add_tensor(f"{name}.bias", bias.detach().numpy())
    w.write(path)


class Folded(torch.nn.Module):
    """The net as the file holds it: folded, matrices rounded to half precision."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.parts = {n: (w.detach().half().float(), b.detach()) for n, w, b in layers(model)}

    def forward(self, mel):
        m = self.model
        x = (mel.clamp(min=shape.FLOOR) - m.mean) * m.scale
        x = torch.nn.functional.pad(x, (0, 0, shape.STEM - shape.STRIDE, 0))
        n = (x.shape[1] - shape.STEM) // shape.STRIDE + 1
        x = torch.cat([x[:, k:k + shape.STRIDE * (n - 1) + 1:shape.STRIDE] for k in range(shape.STEM)], 2)
        x = torch.relu(torch.nn.functional.linear(x, *self.parts["stem"]))
        for i, dilation in enumerate(m.dilations):
            x = x + torch.relu(torch.nn.functional.linear(shape.shifted(x, shape.TAPS, dilation), *self.parts[f"blk.{i}"]))
        return torch.nn.functional.linear(x, *self.parts["head"])


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
    ap.add_argument("--checkpoint", required=True)
    ap.add_argument("--thresholds", required=True, help="written by evaluate.py")
    ap.add_argument("--out", required=True)
    ap.add_argument("--dump")
    args = ap.parse_args()
    model = load_checkpoint(args.checkpoint)
    write(model, json.loads(Path(args.thresholds).read_text()), args.out)
    if args.dump:
        dump(model, args.dump)


if __name__ == "__main__":
    main()
