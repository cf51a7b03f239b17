"""Write the small random encoder and its test vector that the C tests check against."""
import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import layout  # noqa: E402
from net import Encoder, Shape  # noqa: E402


def random_net(shape, seed):
    """An encoder with random weights and random norm statistics, so that every term matters."""
    torch.manual_seed(seed)
    net = Encoder(shape).eval()
    with torch.no_grad():
        net.mel_mean.copy_(torch.linspace(-4.0, -7.0, shape.mel))
        net.mel_scale.fill_(0.25)
        for norm in [net.input_norm, net.final_norm] + [block.norm for block in net.blocks]:
            norm.mean.uniform_(0.0, 0.3)
            norm.var.uniform_(0.2, 0.6)
    return net


def write(folder, name, shape):
    """A file of random weights and its test vector."""
    net = layout.round_weights(random_net(shape, 1))
    rng = np.random.default_rng(2)
    trigram = np.log(rng.dirichlet(np.ones(40), (40, 40)))
    layout.write(folder / f"{name}.gguf", net, np.zeros(shape.rows.size), trigram, 1.0,
                 name.replace("_", " ") + " random")
    smooth = np.cumsum(rng.normal(0, 0.7, (151, 80)), 0)
    mel = np.clip(-6.0 + smooth - smooth.mean(0), -16.0, 8.0)
    layout.write_reference(folder / f"{name}_ref.bin", net, mel)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/data", type=Path)
    parser.add_argument("--full", type=Path, help="also a random file of the full shape (for timing)")
    args = parser.parse_args()
    small = {"width": 64, "bottleneck": 32, "final": 32, "left": [1, 2, 3, 3], "right": [1, 1, 0, 1]}
    write(args.out, "asr_tiny", Shape(left_class=[0] * 40, **small))
    write(args.out, "asr_tiny_biphone", Shape(**small))
    if args.full:
        net = layout.round_weights(random_net(Shape(), 3))
        rng = np.random.default_rng(2)
        trigram = np.log(rng.dirichlet(np.ones(40), (40, 40)))
        layout.write(args.full, net, np.zeros(net.shape.rows.size), trigram, 1.0, "asr random")


if __name__ == "__main__":
    main()
