"""Write the trained acoustic model as GGUF (architecture linnet-tts), and read one back to train on.

    export.py --work DIR --out assets/models/tts-f16.gguf [--vectors tests/tts/vectors] [--text-gguf ...]

Matrices become F16, vectors F32. The per-band spread of the predictions on held-out speech, against that of the
recordings, is folded into feature.std (global variance). --vectors writes what the C tests compare with.
"""
import argparse
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
from gguf_writer import GgufWriter  # noqa: E402
from features import BANDS, HOP, RATE  # noqa: E402
from model import DILATIONS, ENCODER_BLOCKS, HIDDEN, PAIR, WIDTH, Acoustic, place_features  # noqa: E402

EMBEDDINGS = ("phone", "stress", "place", "break", "left", "since")


def tensor_names():
    """GGUF name -> name in the PyTorch state."""
    names = {f"embed.{n}": f"embed.{i}.weight" for i, n in enumerate(EMBEDDINGS)}
    for ours, theirs, count in (("enc", "encoder", ENCODER_BLOCKS), ("dec", "decoder", len(DILATIONS))):
        for i in range(count):
            for part in ("norm", "up", "down"):
                for kind in ("weight", "bias"):
                    names[f"{ours}.{i}.{part}.{kind}"] = f"{theirs}.{i}.{part}.{kind}"
    for ours, theirs in (("enc_norm", "encoder_norm"), ("dec_norm", "decoder_norm"), ("duration.up", "duration_up"),
                         ("duration.out", "duration_out"), ("out", "out")):
        for kind in ("weight", "bias"):
            names[f"{ours}.{kind}"] = f"{theirs}.{kind}"
    names["place.weight"] = "place.weight"
    names["feature.mean"] = "mean"
    return names


def half_rounded(model):
    """The model with its matrices rounded as the file holds them."""
    for p in model.parameters():
        if p.dim() == 2 and p.shape[0] > 1:
            p.data = p.data.half().float()
    return model


def spread(model, feat):
    """std of the recordings / std of the predictions, per band, on held-out speech."""
    from train import batches, load, normalised
    _, dev = load(feat)
    want, got = [], []
    with torch.no_grad():
        for b in batches(dev, np.random.default_rng(0)):
            out, _ = model(b["ids"], b["pmask"], b["of"], b["place"], b["mask"])
            keep = b["mask"][..., 0] > 0
            got.append(out[keep][:, :BANDS])
            want.append(normalised(model, b["target"])[keep][:, :BANDS])
    return (torch.cat(want).std(0) / torch.cat(got).std(0)).clamp(1.0, 1.3).numpy()


def write(model, gain, args):
    state = {k: v.detach().numpy().astype(np.float32) for k, v in model.state_dict().items()}
    w = GgufWriter("linnet-tts")
    w.add_string("general.name", "Linnet's voice: kathleen")
    w.add_string("general.license", "Apache-2.0")
    for key, value in (("width", WIDTH), ("hidden", HIDDEN), ("bands", BANDS), ("hop", HOP), ("sample_rate", RATE),
                       ("encoder_blocks", ENCODER_BLOCKS), ("pair", PAIR)):
        w.add_u32("linnet-tts." + key, value)
    w.add_i32s("linnet-tts.dilations", DILATIONS)
    w.add_f32("linnet-tts.duration_mean", float(state["duration_stats"][0]))
    w.add_f32("linnet-tts.duration_std", float(state["duration_stats"][1]))
    w.add_f32("linnet-tts.sharpen", args.sharpen)
    w.add_f32("linnet-tts.melody_gain", args.melody_gain)
    w.add_string("linnet-tts.vocoder", "pulse")
    for name, theirs in tensor_names().items():
        a = state[theirs]
        if a.ndim == 2 and a.shape[0] == 1:
            a = a[0]
        w.add_tensor(name, a, "F16" if a.ndim == 2 else "F32")
    std = state["std"].copy()
    std[:BANDS] *= gain
    w.add_tensor("feature.std", std, "F32")
    w.add_tensor("feature.gain", gain.astype(np.float32), "F32")
    w.write(str(args.out))


def load_into(model, path):
    """Weights of a file that write() made, into a model (to go on training from the committed file)."""
    from gguf import GGUFReader
    reader = GGUFReader(str(path))
    tensors = {t.name: np.array(t.data, np.float32) for t in reader.tensors}
    state = model.state_dict()
    with torch.no_grad():
        for name, theirs in tensor_names().items():
            state[theirs].copy_(torch.from_numpy(tensors[name].reshape(state[theirs].shape)))
        std = tensors["feature.std"].copy()
        std[:BANDS] /= tensors["feature.gain"]
        model.std.copy_(torch.from_numpy(std))
        for i, key in enumerate(("duration_mean", "duration_std")):
            model.duration_stats[i] = float(reader.fields["linnet-tts." + key].parts[-1][0])


def vectors(model, gain, folder):
    """A short made-up sentence through the net: inputs, states, log durations, features as flat F32 files."""
    rng = np.random.default_rng(5)
    count = 23
    ids = np.stack([rng.integers(0, n, count) for n in (40, 3, 4, 4, 5, 5)], 1)
    durations = rng.integers(1, 12, count)
    durations[-1] += durations.sum() % 2
    of = torch.repeat_interleave(torch.arange(count), torch.from_numpy(durations))
    starts = np.cumsum(durations) - durations
    index = torch.arange(int(durations.sum())) - torch.from_numpy(starts)[of]
    place = place_features(index, torch.from_numpy(durations)[of])[None]
    with torch.no_grad():
        mask = torch.ones(1, count, 1)
        states, logd = model.encode(torch.from_numpy(ids)[None], mask)
        out = model.decode(states[:, of], place, torch.ones(1, len(of), 1))[0]
    std = model.std.clone()
    std[:BANDS] *= torch.from_numpy(gain)
    out[:, :BANDS + 1] = out[:, :BANDS + 1] * std[:BANDS + 1] + model.mean[:BANDS + 1]
    out[:, BANDS + 1:] = torch.sigmoid(out[:, BANDS + 1:])
    logd = logd[0] * model.duration_stats[1] + model.duration_stats[0]
    folder.mkdir(parents=True, exist_ok=True)
    ids.astype(np.uint8).tofile(folder / "phones.u8")
    durations.astype(np.uint16).tofile(folder / "durations.u16")
    logd.numpy().astype(np.float32).tofile(folder / "log_durations.f32")
    out.numpy().astype(np.float32).tofile(folder / "features.f32")


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--work", required=True, type=pathlib.Path)
    ap.add_argument("--feat", required=True, type=pathlib.Path)
    ap.add_argument("--out", required=True, type=pathlib.Path)
    ap.add_argument("--sharpen", type=float, default=0.5)
    ap.add_argument("--melody-gain", type=float, default=1.1)
    ap.add_argument("--no-gain", action="store_true", help="leave the spread of the predictions as it is")
    ap.add_argument("--vectors", type=pathlib.Path)
    args = ap.parse_args()
    torch.set_num_threads(1)
    model = Acoustic()
    model.load_state_dict(torch.load(args.work / "model.pt", weights_only=False)["model"])
    model = half_rounded(model.eval())
    gain = np.ones(BANDS, np.float32) if args.no_gain else spread(model, args.feat)
    write(model, gain.astype(np.float32), args)
    print("gain", np.round(gain[::8], 2), "bytes", args.out.stat().st_size)
    if args.vectors:
        vectors(model, gain, args.vectors)


if __name__ == "__main__":
    main()
