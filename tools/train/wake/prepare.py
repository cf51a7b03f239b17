#!/usr/bin/env python3
"""Turn the sound sets into shards of log-mel frames with labels. Finished shards are skipped, so it can be restarted.

  prepare.py --data DIR --out DIR [--only NAME...]

Each shard is NAME.npz: mel f16 [frames, 80], vad u8 [frames], clips (JSON list: start, frames, role, split, word,
word_start, word_end, source, text).
"""
import argparse
import json
import random
from dataclasses import replace
from math import gcd
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import fftconvolve, resample_poly

import sources
import synth
from features import RATE, Aligner, log_mel, loudest_span, speech_labels

VAD_UNKNOWN = ("room_speech_untranscribed",)
CHUNK = 400


def read_sound(path):
    x, rate = sf.read(path, dtype="float32", always_2d=True)
    x = x[:, 0]
    g = gcd(rate, RATE)
    return resample_poly(x, RATE // g, rate // g).astype(np.float32) if rate != RATE else x


class Rooms:
    """Impulse responses drawn so that their reverberation times follow real devices' (percentiles in the data's README)."""

    def __init__(self, data, tars, rng):
        d = sources.set_dir(data, "rirs", tars)
        self.rng = rng
        times = {}
        for table in d.glob("*.tsv"):
            for line in table.read_text().splitlines():
                cells = line.split("\t")
                times[cells[0].rsplit(".", 1)[0]] = float(cells[2])
        self.rooms = []
        for path in sorted(d.glob("*.flac")):
            x = read_sound(path)
            peak = int(np.abs(x).argmax())
            self.rooms.append((times.get(path.stem, 0.35), x[peak:peak + RATE] / np.abs(x[peak])))
        self.rooms.sort(key=lambda r: r[0])
        self.times = np.array([t for t, _ in self.rooms])

    def place(self, x):
        want = np.interp(self.rng.random(), (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1), (0.05, 0.08, 0.18, 0.28, 0.6, 1.34, 1.8))
        near = np.argsort(np.abs(self.times - want))[:8]
        room = self.rooms[self.rng.choice(list(near))][1]
        # A device rarely stands right at the mouth nor at the far wall: between all of the room and a fifth of it.
        tail = room.copy()
        tail[40:] *= self.rng.uniform(0.2, 1.0)
        return fftconvolve(x, tail)[:len(x)].astype(np.float32)


class Shard:
    def __init__(self):
        self.mel, self.vad, self.clips, self.at = [], [], [], 0

    def add(self, mel, vad, meta):
        self.mel.append(mel.astype(np.float16))
        self.vad.append(vad)
        self.clips.append(dict(meta, start=self.at, frames=len(mel)))
        self.at += len(mel)

    def save(self, path):
        tmp = path.with_suffix(".tmp.npz")
        np.savez(tmp, mel=np.concatenate(self.mel), vad=np.concatenate(self.vad), clips=json.dumps(self.clips))
        tmp.rename(path)


class Maker:
    def __init__(self, rooms, rng):
        self.aligner, self.rooms, self.rng = Aligner(), rooms, rng

    def labels(self, mel, clip):
        if clip.role == "noise":
            value = 2 if clip.source == "wake_clips_community" else 0
            return np.full(len(mel), value, np.uint8)
        if clip.source in VAD_UNKNOWN or clip.text.startswith("NO"):
            return np.full(len(mel), 2, np.uint8)
        return speech_labels(mel)

    def word_of(self, x, mel, vad, clip, job):
        """(index, start, end) of the built-in word in a positive clip; the whole clip when it cannot be placed."""
        word = next(w for w in sources.WORDS if w in clip.text)
        span = self.aligner.word_span(x, clip.text, word)
        if span is None and clip.text in (word, f"hey {word}"):
            span = loudest_span(mel, vad)
        if span is None and job:
            span = self.span_of_call(mel, vad, job, word)
        span = span or (0, len(mel))
        return sources.WORDS.index(word), int(span[0]), int(span[1])

    def span_of_call(self, mel, vad, job, word):
        """The same voice says the call alone: its length places the end of the call in the longer utterance."""
        alone = log_mel(synth.render(replace(job, text=job.text[:job.text.index(word) + len(word)])))
        run = loudest_span(alone, speech_labels(alone))
        first = np.flatnonzero(vad == 1)
        if run is None or len(first) == 0:
            return None
        # A word before a pause is drawn out by about a tenth.
        return first[0], min(first[0] + int(0.92 * (run[1] - run[0])), len(mel))

    def add(self, shard, x, clip, job=None):
        mel = log_mel(x)
        if len(mel) < 10:
            return
        vad = self.labels(mel, clip)
        meta = dict(role=clip.role, split=clip.split, source=clip.source, text=clip.text, word=-1, word_start=-1, word_end=-1)
        if clip.role == "pos":
            found = self.word_of(x, mel, vad, clip, job)
            meta.update(zip(("word", "word_start", "word_end"), found))
        shard.add(mel, vad, meta)
        for _ in range(self.copies(clip)):
            shard.add(log_mel(self.rooms.place(x)), vad, dict(meta, source=clip.source + "+room"))

    def copies(self, clip):
        if clip.role == "noise" or clip.role == "eval":
            return 0
        if clip.role == "pos":
            return 1 if clip.split == "dev" else (1 if clip.source.startswith("synth") else 3)
        return int(clip.split == "train" and self.rng.random() < 0.2)


def plan(args):
    """(shard name, list of clips or jobs) in the order they are wanted."""
    groups = {}
    for clip in sources.all_clips(args.data, args.tars):
        groups.setdefault(clip.source, []).append(clip)
    spoken = synth.jobs(args.data, dict(zip(sources.WORDS, args.per_word)), args.alike, args.plain, args.seed)
    random.Random(args.seed).shuffle(spoken)
    for i in range(0, len(spoken), CHUNK):
        groups[f"synth{i // CHUNK:02d}"] = spoken[i:i + CHUNK]
    return groups


def sound_of(item):
    if isinstance(item, synth.Job):
        clip = sources.Clip(None, f"synth:{item.engine}:{item.voice}", "", item.text, item.role, item.split)
        return synth.render(item), clip, item
    return read_sound(item.path), item


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", default=sources.default_data())
    ap.add_argument("--tars", help="folder of the tar files when --data is only a cache")
    ap.add_argument("--out", required=True)
    ap.add_argument("--only", nargs="*")
    ap.add_argument("--per-word", type=int, nargs="*", default=(700, 1500), help="utterances of each word")
    ap.add_argument("--alike", type=int, default=1200)
    ap.add_argument("--plain", type=int, default=400)
    ap.add_argument("--seed", type=int, default=4)
    args = ap.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    for name, items in plan(args).items():
        path = out / f"{name}.npz"
        if path.exists() or (args.only and not any(name.startswith(o) for o in args.only)):
            continue
        rng = random.Random(f"{args.seed}{name}")
        maker, shard, failed = Maker(Rooms(args.data, args.tars, rng), rng), Shard(), 0
        for item in items:
            try:
                maker.add(shard, *sound_of(item))
            except Exception as e:
                failed += 1
                print(f"{name}: {item}: {e}"[:300], flush=True)
        shard.save(path)
        pos = sum(c["role"] == "pos" for c in shard.clips)
        print(f"{name}: {len(items)} items, {len(shard.clips)} clips ({pos} positive), {shard.at / 360000:.2f} h, {failed} failed", flush=True)


if __name__ == "__main__":
    main()
