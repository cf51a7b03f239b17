"""Speech labels and word ends for the wake and voice-activity net, over the project's log-mel (tools/train/common/mel.py)."""
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
from mel import HOP, RATE, log_mel  # noqa: E402, F401


def _close_and_open(active, gap=12, island=5):
    """Fill pauses of at most `gap` frames (stops, not pauses) and drop bursts shorter than `island`."""
    out = active.copy()
    for value, limit in ((False, gap), (True, island)):
        edges = np.flatnonzero(np.diff(np.concatenate(([not out[0]], out, [not out[-1]]))))
        for a, b in zip(edges[:-1], edges[1:]):
            if out[a] == value and b - a <= limit and a > 0 and b < len(out):
                out[a:b] = not value
    return out


def speech_labels(mel):
    """Per frame 1 speech, 0 none, 2 cannot say, from the energy of a clean recording."""
    if len(mel) < 20:
        return np.full(len(mel), 2, np.uint8)
    energy = np.log(np.exp(np.maximum(mel[:, 6:72], -15.0)).sum(1))
    energy = np.convolve(np.pad(energy, 2, mode="edge"), np.ones(5) / 5, "valid")
    low, high = np.percentile(energy, 4), np.percentile(energy, 97)
    if high - low < 3.5:
        return np.full(len(mel), 2, np.uint8)
    line = max(low + 1.8, high - 7.8)
    out = _close_and_open(energy > line).astype(np.uint8)
    unsure = (np.abs(energy - line) < 0.5) & (out == 0)
    out[unsure] = 2
    return out


class Aligner:
    """Word times by pocketsphinx's forced alignment; None where it fails."""

    def __init__(self):
        from pocketsphinx import Decoder
        self.decoder = Decoder(loglevel="FATAL", wip=0.005, silprob=0.05, fillprob=1e-10)

    def words(self, x, text):
        known = [w.strip(".,?!;:\"'") for w in text.lower().split()]
        known = [w for w in known if w]
        if not all(self.decoder.lookup_word(w) for w in known):
            return None
        peak = np.abs(x).max() + 1e-9
        pcm = (x * (0.5 / peak) * 32767).astype(np.int16).tobytes()
        try:
            self.decoder.set_align_text(" ".join(known))
            self.decoder.start_utt()
            self.decoder.process_raw(pcm, full_utt=True)
            self.decoder.end_utt()
        except RuntimeError:
            return None
        if self.decoder.hyp() is None:
            return None
        return [(s.word.split("(")[0], s.start_frame, s.end_frame + 1) for s in self.decoder.seg()]

    def word_span(self, x, text, word):
        for name, start, end in self.words(x, text) or ():
            if name == word:
                return start, end
        return None


def loudest_span(mel, labels):
    """The speech run that holds most energy: the word of a clip with nothing else in it."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], labels == 1, [0]))))
    runs = list(zip(edges[::2], edges[1::2]))
    if not runs:
        return None
    power = np.exp(mel[:, 6:72]).sum(1)
    return max(runs, key=lambda r: power[r[0]:r[1]].sum())
