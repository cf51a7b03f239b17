"""Reading sound files and changing their rate."""
import subprocess
from math import gcd

import numpy as np
import soundfile
from scipy.signal import resample_poly


def resample(sound, old, new):
    """`sound` at `old` Hz as float32 at `new` Hz (polyphase, linear phase)."""
    if old == new:
        return sound.astype(np.float32)
    common = gcd(old, new)
    return resample_poly(sound, new // common, old // common).astype(np.float32)


def read(path, rate=16000):
    """Mono float32 samples of a file (Opus, FLAC, WAV), at `rate` Hz."""
    try:
        sound, old = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:  # some older libsndfile stumbles over the end of long Opus files
        return read_by_ffmpeg(path, rate)
    return resample(sound.mean(1), old, rate)


def read_by_ffmpeg(path, rate):
    """The same by the ffmpeg program."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(rate),
                          "-f", "f32le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32).copy()


def to_pcm16(sound):
    """Float sound as 16-bit integers, clipped."""
    return np.clip(np.round(sound * 32768.0), -32768, 32767).astype(np.int16)


def manifest(folder):
    """(path, seconds, speaker, text) of each row of a set's manifest.tsv."""
    rows = []
    with open(folder / "manifest.tsv", encoding="utf-8") as file:
        for line in file:
            name, seconds, speaker, text = (line.rstrip("\n").split("\t") + ["", "", ""])[:4]
            rows.append((folder / name, float(seconds), speaker, text))
    return rows
