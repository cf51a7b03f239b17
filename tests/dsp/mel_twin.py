#!/usr/bin/env python3
"""mel_twin.py MEL_DUMP: dsp/mel.c and the trainers' mel.py give the same frames.

Within 1e-4 in all bands down to 50 dB below the loudest of the frame. Below that the rounding of a single precision FFT
shows (the twin's is in double precision): there within 0.03.
"""
import subprocess
import sys
from pathlib import Path

TOLERANCE, FAINT_TOLERANCE = 1e-4, 0.03
FAINT = 50 / 10 * 2.302585  # 50 dB of power, as a natural logarithm

try:
    import numpy as np
except ImportError:
    print("SKIP: numpy is not installed")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "train" / "common"))
import mel  # noqa: E402


def signals():
    random = np.random.default_rng(1)
    t = np.arange(2 * mel.RATE) / mel.RATE
    yield "noise", random.uniform(-0.5, 0.5, mel.RATE)
    yield "tones", 0.3 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 3000 * t) + random.normal(0, 1e-3, len(t))
    yield "sweep and silence", np.where(t < 1, 0.5 * np.sin(2 * np.pi * 2000 * t * t), 0) + random.normal(0, 1e-4, len(t))
    yield "too short", np.zeros(399)


def main():
    for name, sound in signals():
        sound = sound.astype(np.float32)
        dump = subprocess.run([sys.argv[1]], input=sound.tobytes(), capture_output=True, check=True)
        ours = np.frombuffer(dump.stdout, np.float32).reshape(-1, mel.BINS)
        twin = mel.log_mel(sound)
        if ours.shape != twin.shape:
            sys.exit(f"{name}: shape {ours.shape} is not {twin.shape}")
        if not ours.size:
            continue
        difference = np.abs(ours - twin)
        faint = twin < twin.max(axis=1, keepdims=True) - FAINT
        loud, quiet = float(difference[~faint].max()), float(difference[faint].max(initial=0.0))
        print(f"{name}: {len(ours)} frames, largest difference {loud:.2g}, in faint bands {quiet:.2g}")
        if loud > TOLERANCE or quiet > FAINT_TOLERANCE:
            sys.exit(f"{name}: expected at most {TOLERANCE}, in faint bands {FAINT_TOLERANCE}")


if __name__ == "__main__":
    main()
