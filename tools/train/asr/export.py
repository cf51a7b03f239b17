"""Write the committed F16 GGUF of a checkpoint and the test vector of its weights.

    export.py --work DIR [--checkpoint FILE] --out assets/models/asr-f16.gguf --ref tests/data
"""
import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import data  # noqa: E402
import layout  # noqa: E402
import prepare  # noqa: E402
import realign  # noqa: E402
import words  # noqa: E402
from net import Encoder  # noqa: E402

SCALE = {"ce": 0.5, "mmi": 0.7}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--ref", type=Path)
    args = parser.parse_args()
    newest = max((args.work / f"{stage}.pt" for stage in SCALE if (args.work / f"{stage}.pt").exists()),
                 key=lambda path: path.stat().st_mtime, default=None)
    state = torch.load(args.checkpoint or newest, weights_only=False)
    net = Encoder().eval()
    net.load_state_dict(state["average"])
    net = layout.round_weights(net)
    lexicon = words.Lexicon(args.work / "cmudict.dict")
    rows = net.shape.rows
    everything = data.load(args.work, prepare.names_in(args.work), lexicon, rows)
    prior = np.zeros(rows.size)
    if state["stage"] == "ce":
        prior = realign.prior_of(everything, rows).numpy()
    trigram = data.phone_trigram(data.trainable(everything, True))
    layout.write(args.out, net, prior, trigram, SCALE[state["stage"]], "Linnet phoneme encoder")
    if args.ref:
        spoken = next(u for u in everything if u.name == "synth_dev" and 150 <= u.frames)
        layout.write_reference(args.ref / "asr_ref.bin", net, spoken.mel[:180])


if __name__ == "__main__":
    main()
