"""Training windows: frames of many clips spliced together, with the word ends and speech labels that belong to them."""
import json
from pathlib import Path

import numpy as np
import torch

SILENCE = 0          # row 0 of the store is digital silence
RAW, FRAMES = 400, 320  # frames gathered and frames left after the tempo warp (at most 1.25)
NEVER = -10000


class Store:
    """All shards in memory: mel f16 [N, 80], speech labels u8 [N], clips with global starts."""

    def __init__(self, folder, split):
        mel, vad, self.clips, at = [np.full((1, 80), -23.02585, np.float16)], [np.zeros(1, np.uint8)], [], 1
        for path in sorted(Path(folder).glob("*.npz")):
            shard = np.load(path)
            m, v = shard["mel"], shard["vad"]
            for clip in json.loads(str(shard["clips"])):
                if clip["split"] == split:
                    a, n = clip["start"], clip["frames"]
                    mel.append(m[a:a + n])
                    vad.append(v[a:a + n])
                    self.clips.append(dict(clip, start=at))
                    at += n
        self.mel = torch.from_numpy(np.concatenate(mel))
        self.vad = np.concatenate(vad)

    def role(self, *roles):
        return [c for c in self.clips if c["role"] in roles]


def weight_of(clip):
    """How often a clip without a word of ours is drawn, per frame of it."""
    s, text = clip["source"], clip["text"]
    if s.startswith("synth"):
        return 1.5
    if s.startswith("wake_clips_community"):
        return 5.0   # most "computer" recordings come from there: the channel must not be the mark of the word
    if s.startswith(("librispeech", "tsp", "room_speech")):
        return 2.0
    return 0.5 if s.startswith(("speech_commands", "free_spoken")) else 1.0


class Sampler:
    def __init__(self, store, seed, words=2):
        self.store, self.rng, self.words = store, np.random.default_rng(seed), words
        self.neg = store.role("neg")
        self.noise = store.role("noise")
        self.base = np.array([c["frames"] * weight_of(c) for c in self.neg], np.float64)
        self.noise_p = self._p([c["frames"] for c in self.noise])
        self.pos = [[c for c in store.role("pos") if c["word"] == w] for w in range(words)]
        self.pos_p = [self._p([self.pos_weight(c, cs) for c in cs]) for cs in self.pos]
        self.base_p = self._p(self.base)
        self.set_hardness(np.zeros(len(self.neg)))

    @staticmethod
    def _p(weights):
        w = np.asarray(weights, np.float64)
        return w / w.sum()

    @staticmethod
    def pos_weight(clip, clips):
        """Real recordings take half of the draws however few they are."""
        real = [not c["source"].startswith("synth") for c in clips]
        share = 0.5
        count = sum(real) if not clip["source"].startswith("synth") else len(real) - sum(real)
        return share / count

    def set_hardness(self, score):
        """Clips the net fires on (score in 0..1) come up to twenty times as often."""
        self.neg_p = self._p(self.base * (1 + 20 * np.asarray(score)))

    def clip_rows(self, clip, n=None):
        rows = np.arange(clip["start"], clip["start"] + clip["frames"])
        if n is None or len(rows) <= n:
            return rows
        a = self.rng.integers(0, len(rows) - n + 1)
        return rows[a:a + n]

    def pause(self, n):
        """Digital silence, or a stretch of recorded noise."""
        if n <= 0 or self.rng.random() < 0.5:
            return np.full(max(n, 0), SILENCE)
        rows = self.clip_rows(self.noise[self.rng.choice(len(self.noise), p=self.noise_p)], n)
        return np.concatenate([rows, np.full(n - len(rows), SILENCE)])

    def filler(self, n):
        """n frames of other speech, clips joined with pauses of 0-0.4 s."""
        parts, left = [], n
        while left > 0:
            part = self.clip_rows(self.neg[self.rng.choice(len(self.neg), p=self.neg_p)], left)
            gap = np.full(min(int(self.rng.integers(0, 40)), left - len(part)), SILENCE)
            parts += [part, gap]
            left -= len(part) + len(gap)
        return np.concatenate(parts)[:n]

    def around(self, n, spoken):
        if n <= 0:
            return np.zeros(0, np.int64)
        return self.filler(n) if self.rng.random() < spoken else self.pause(n)

    def positive(self):
        """A word somewhere in the window; (rows, per-frame gain, word, word start, word end)."""
        word = int(self.rng.integers(self.words))
        clip = self.pos[word][self.rng.choice(len(self.pos[word]), p=self.pos_p[word])]
        a, b = clip["word_start"], clip["word_end"]
        rows = self.clip_rows(clip)
        if self.rng.random() < 0.5:       # speech goes on at once after the word
            rows = rows[:b + int(self.rng.integers(2, 12))]
        if self.rng.random() < 0.35:      # or ends right before it
            cut = max(a - int(self.rng.integers(2, 12)), 0)
            rows, a, b = rows[cut:], a - cut, b - cut
        end = int(self.rng.integers(min(max(b - a + 4, 40), RAW - 60), RAW - 60))
        if end < b:
            rows, a, b = rows[b - end:], a - (b - end), end
        before = self.around(end - b, 0.4)
        rows, a, b = np.concatenate([before, rows]), a + len(before), b + len(before)
        own = (len(before), min(len(rows), RAW))
        after = self.around(RAW - len(rows), 0.6)
        return np.concatenate([rows, after])[:RAW], own, word, max(a, 0), b

    def fragment(self):
        """Only the first or the last half of a word: not the word."""
        word = int(self.rng.integers(self.words))
        clip = self.pos[word][self.rng.choice(len(self.pos[word]), p=self.pos_p[word])]
        a, b = clip["word_start"], clip["word_end"]
        rows = self.clip_rows(clip)
        if b - a < 20 or b - a > 130:
            return self.negative()
        mid = a + int((b - a) * self.rng.uniform(0.4, 0.6))
        rows = rows[:mid] if self.rng.random() < 0.6 else rows[mid:]
        n = int(self.rng.integers(0, 150))
        head = self.around(n, 0.5)
        rows = np.concatenate([head, rows[:RAW - n]])
        return np.concatenate([rows, self.around(RAW - len(rows), 0.7)])[:RAW], (0, 0), -1, NEVER, NEVER

    def negative(self):
        return self.filler(RAW), (0, 0), -1, NEVER, NEVER

    def sparse(self):
        """Pieces of speech far apart: where the net learns what is no speech, however loud."""
        parts, n = [], 0
        while n < RAW:
            gap = self.pause(int(self.rng.integers(30, 160)))
            clip = self.neg[self.rng.choice(len(self.neg), p=self.base_p)]
            parts += [gap, self.clip_rows(clip, int(self.rng.integers(40, 200)))]
            n += len(parts[-1]) + len(gap)
        shift = int(self.rng.integers(0, min(n - RAW, 60) + 1))
        return np.concatenate(parts)[shift:shift + RAW], (0, 0), -1, NEVER, NEVER

    def nothing(self):
        return np.concatenate([self.pause(200), self.pause(200)]), (0, 0), -1, NEVER, NEVER

    def noise_rows(self, far):
        """A bed of noise as long as a window, or of far speech."""
        if far:
            return self.filler(RAW)
        parts, n = [], 0
        while n < RAW:
            rows = self.clip_rows(self.noise[self.rng.choice(len(self.noise), p=self.noise_p)], RAW - n)
            parts.append(rows)
            n += len(rows)
        return np.concatenate(parts)

    def batch(self, size):
        kinds = self.rng.choice(5, size, p=(0.34, 0.28, 0.06, 0.06, 0.26))
        makers = (self.positive, self.negative, self.fragment, self.nothing, self.sparse)
        made = [makers[k]() for k in kinds]
        far = self.rng.random(size) < 0.08
        return {
            "rows": np.stack([m[0] for m in made]), "own": np.array([m[1] for m in made]),
            "word": np.array([m[2] for m in made]), "start": np.array([m[3] for m in made]),
            "end": np.array([m[4] for m in made]), "noise": np.stack([self.noise_rows(f) for f in far]),
            "far": far,
        }
