"""Write noise.mel (features of the noise sets) and NAME.room (training speech through rooms).

    noise.py --data DIR --work DIR [--rooms]
"""
import argparse
import os
import random
import sys
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import audio  # noqa: E402
import mel  # noqa: E402
import prepare  # noqa: E402

NOISES = ("noise_esc10", "noise_speech_commands", "noise_felixchenfy")
SPEECH = ("room_speech_untranscribed", "librispeech_untranscribed")


def write_noise(data, work):
    """noise.mel: all noises, then a tenth of the untranscribed speech as babble."""
    rng = random.Random(3)
    with open(work / "noise.part", "wb") as file:
        for name in NOISES + SPEECH:
            for path, _, _, _ in audio.manifest(data / name / name):
                if name in NOISES or rng.random() < 0.1:
                    sound = audio.read(path) + 1e-5 * np.random.default_rng(4).normal(size=1)
                    mel.log_mel(sound).astype(np.float16).tofile(file)
    os.rename(work / "noise.part", work / "noise.mel")


def responses(folder):
    """Room responses from the direct sound on, unit energy, at most 0.8 s, late ones less often."""
    out = []
    for path in sorted(folder.glob("*.flac")):
        sound = audio.read(path)[:16000 * 2]
        peak = int(np.abs(sound).argmax())
        sound = sound[max(0, peak - 16):][:12800]
        energy = np.cumsum(sound[::-1] ** 2)[::-1]
        late = np.searchsorted(-energy, -energy[0] * 1e-3) / 16000.0  # time to -30 dB
        if late < 0.6:
            out.append((sound / np.sqrt(energy[0])).astype(np.float32))
    return out


def write_rooms(name, data, work, rooms):
    """NAME.room: every training utterance through a room; the others as they are."""
    rng = random.Random(name)
    sound = np.memmap(work / f"{name}.pcm", np.int16, "r")
    with open(work / f"{name}.room.part", "wb") as file:
        for start, count, _, frames, split, _, _ in prepare.table(work, name):
            dry = sound[start:start + count].astype(np.float32) / 32768.0
            wet = fftconvolve(dry, rng.choice(rooms))[:count] if split == "train" else dry
            wet *= np.sqrt((dry ** 2).sum() / max(1e-9, (wet ** 2).sum()))
            mel.log_mel(wet).astype(np.float16).tofile(file)
    os.rename(work / f"{name}.room.part", work / f"{name}.room")
    print(f"{name}: rooms done", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("LINNET_DATA", "../data"), type=Path)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--rooms", action="store_true")
    args = parser.parse_args()
    if not (args.work / "noise.mel").exists():
        write_noise(args.data, args.work)
    rooms = responses(args.data / "rirs" / "rirs") if args.rooms else []
    for name in prepare.names_in(args.work) if args.rooms else []:
        ready = (args.work / f"{name}.tsv").exists() and not (args.work / f"{name}.room").exists()
        if ready and "dev" not in name:
            write_rooms(name, args.data, args.work, rooms)


if __name__ == "__main__":
    main()
