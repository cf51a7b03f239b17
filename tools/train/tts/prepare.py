"""Turn a folder of recordings (manifest.tsv + NNNNN.opus) into aligned phones and acoustic features.

    prepare.py --data DIR --cmudict FILE --out DIR [--shard I --shards N]

Each utterance becomes OUT/NNNNN.npz (phones with stress, word index, punctuation after the word, duration in
frames; envelope, log F0, voicing, aperiodicity). Finished files are skipped, so a second run resumes.
Needs pocketsphinx (alignment), pyworld (analysis; with setuptools < 81), soundfile, scipy.
"""
import argparse
import pathlib
import re
import sys
import tempfile

import numpy as np
import pyworld
import soundfile
from pocketsphinx import Decoder
from scipy.signal import resample_poly

from features import (AP_CENTRES, BANDS, F0_CEIL, F0_FLOOR, FFT, HOP, PHONE_ID, RATE, VOWELS, envelope_matrix)

# Words of the recordings that the dictionary lacks.
EXTRA = {
    "springy": "S P R IH1 NG IY0", "provocateurs": "P R OW0 V AA2 K AH0 T ER1 Z",
    "unquenchable": "AH0 N K W EH1 N CH AH0 B AH0 L", "nightglow": "N AY1 T G L OW2",
    "tomfoolery": "T AA0 M F UW1 L ER0 IY0", "seafaring": "S IY1 F EH2 R IH0 NG",
    "disconcerning": "D IH2 S K AH0 N S ER1 N IH0 NG", "roadmate": "R OW1 D M EY2 T",
    "mcfee": "M AH0 K F IY1", "kerfoot": "K ER1 F UH2 T", "dennin": "D EH1 N IH0 N",
    "selden": "S EH1 L D AH0 N", "hanrahan": "HH AE1 N R AH0 HH AE2 N", "daughtry": "D AO1 T R IY0",
    "nakata": "N AA0 K AA1 T AH0", "doane": "D OW1 N", "brodie": "B R OW1 D IY0", "jeanne": "JH IY1 N",
}
TOKEN = re.compile(r"[a-z']+|[.,;:?!]|--?")


def load_dictionary(path):
    words = {}
    for line in open(path, encoding="utf-8"):
        head, _, rest = line.split("#")[0].strip().partition(" ")
        if head:
            words.setdefault(re.sub(r"\(\d+\)$", "", head), []).append(rest.split())
    for word, phones in EXTRA.items():
        words.setdefault(word, [phones.split()])
    return words


def pronunciations(words, word):
    """All pronunciations; possessives of known words follow the last sound."""
    if word in words:
        return words[word]
    if word.endswith("'s") and word[:-2] in words:
        out = []
        for p in words[word[:-2]]:
            last = p[-1].rstrip("012")
            sibilant = last in ("S", "Z", "SH", "ZH", "CH", "JH")
            out.append(p + (["IH0", "Z"] if sibilant else ["S"] if last in ("P", "T", "K", "F", "TH") else ["Z"]))
        return out
    return None


def tokenise(text, words):
    """[(word, punctuation after it)], or None when a word is unknown."""
    out = []
    for tok in TOKEN.findall(text.lower().replace("’", "'")):
        if not tok[0].isalpha() and tok[0] != "'":
            if out and tok != "-":
                out[-1] = (out[-1][0], tok[0])
            continue
        tok = tok if tok in words else tok.strip("'")
        if not tok:
            continue
        if not pronunciations(words, tok):
            return None
        out.append((tok, ""))
    return out


def make_decoder(words, vocabulary, folder):
    path = pathlib.Path(folder) / "words.dict"
    with open(path, "w") as f:
        for word in sorted(vocabulary):
            for i, p in enumerate(pronunciations(words, word)):
                name = word if i == 0 else f"{word}({i + 1})"
                f.write(name + " " + " ".join(x.rstrip("012") for x in p) + "\n")
    return Decoder(samprate=16000, dict=str(path), lm=None, wip=0.005, silprob=0.05, fillprob=1e-10,
                   loglevel="FATAL")


def align(decoder, samples16, tokens):
    """[(word index or -1, variant, phone, start, length in 10 ms frames)] or None."""
    raw = (np.clip(samples16, -1, 1) * 32767).astype(np.int16).tobytes()
    try:
        decoder.set_align_text(" ".join(t for t, _ in tokens))
        for _ in range(2):
            decoder.start_utt()
            decoder.process_raw(raw, full_utt=True)
            decoder.end_utt()
            if _ == 0:
                decoder.set_alignment()
    except RuntimeError:
        return None
    out, index = [], -1
    for word in decoder.get_alignment():
        name = word.name
        silent = name.startswith("<") or name.startswith("[") or name.startswith("+")
        if not silent:
            index += 1
            if re.sub(r"\(\d+\)$", "", name) != tokens[index][0]:
                return None
        m = re.search(r"\((\d+)\)$", name)
        for phone in word:
            out.append((-1 if silent else index, int(m.group(1)) - 1 if m else 0,
                        "SIL" if silent else phone.name, phone.start, phone.duration))
    return out if index == len(tokens) - 1 else None


def phone_table(segments, words, tokens, frames):
    """Rows (phone, stress 0-2, word index or -1, place in word: 1 first | 2 last), durations in 256-sample frames."""
    rows, edges = [], []
    position = {}
    for w, variant, name, start, _ in segments:
        k = position.get(w, 0) if w >= 0 else 0
        position[w] = k + 1
        stress, place = 0, 0
        if w >= 0:
            p = pronunciations(words, tokens[w][0])[variant]
            if p[k].rstrip("012") != name:
                raise ValueError("alignment and dictionary disagree")
            stress = int(p[k][-1]) if name in VOWELS else 0
            place = (1 if k == 0 else 0) | (2 if k == len(p) - 1 else 0)
        if rows and w < 0 and rows[-1][0] == 0:
            continue
        rows.append((PHONE_ID[name], stress, w, place))
        edges.append(round(start * 160 * 1.5 / HOP))
    edges = np.minimum(np.array(edges + [frames]), frames)
    edges[0] = 0
    return np.array(rows, np.int16), np.diff(edges).astype(np.int16)


def analyse(x):
    """Envelope (T, BANDS), log F0 (T,), voicing (T,), aperiodicity (T, 3)."""
    period = 1000.0 * HOP / RATE
    f0, times = pyworld.harvest(x, RATE, f0_floor=F0_FLOOR, f0_ceil=F0_CEIL, frame_period=period)
    f0 = pyworld.stonemask(x, f0, times, RATE)
    spectrum = pyworld.cheaptrick(x, f0, times, RATE, fft_size=FFT)
    ap = pyworld.d4c(x, f0, times, RATE, fft_size=FFT)
    freqs = np.arange(FFT // 2 + 1) * RATE / FFT
    bands = np.stack([ap[:, (freqs > c * 0.6) & (freqs < c * 1.4)].mean(1) for c in AP_CENTRES], 1)
    voiced = (f0 > 0) & (bands.mean(1) < 0.98)
    if voiced.sum() < 5:
        raise ValueError("no voice found")
    t = np.arange(len(f0))
    logf0 = np.interp(t, t[voiced], np.log(f0[voiced]))
    env = np.log(np.maximum(spectrum, 1e-16)) @ envelope_matrix().T
    return (env.astype(np.float16), logf0.astype(np.float32), voiced.astype(np.float32), bands.astype(np.float32))


def trimmed(x, pad):
    """Cut silence beyond pad samples at both ends (level relative to the loudest 20 ms)."""
    block = RATE // 50
    level = np.sqrt((x[: len(x) // block * block].reshape(-1, block) ** 2).mean(1))
    loud = np.nonzero(level > level.max() * 0.02)[0]
    return x[max(0, loud[0] * block - pad): (loud[-1] + 1) * block + pad]


def process(path, text, decoder, words):
    tokens = tokenise(text, words)
    if not tokens:
        raise ValueError("unknown word")
    x, rate = soundfile.read(path)
    assert rate == RATE, rate
    x = trimmed(x.astype(np.float64), RATE // 8)
    x *= 0.08 / np.sqrt((x ** 2).mean())
    segments = align(decoder, resample_poly(x, 2, 3), tokens)
    if segments is None:
        raise ValueError("does not align")
    env, logf0, voiced, ap = analyse(x)
    rows, durations = phone_table(segments, words, tokens, len(env))
    if (durations < 1).any():
        durations = np.maximum(durations, 1)
        durations[np.argmax(durations)] -= durations.sum() - len(env)
    punct = np.array([p or " " for _, p in tokens])
    return dict(rows=rows, durations=durations, punct=punct, env=env, logf0=logf0, voiced=voiced, ap=ap,
                words=np.array([w for w, _ in tokens]))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--data", required=True, type=pathlib.Path)
    ap.add_argument("--cmudict", required=True)
    ap.add_argument("--out", required=True, type=pathlib.Path)
    ap.add_argument("--shard", type=int, default=0)
    ap.add_argument("--shards", type=int, default=1)
    args = ap.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    words = load_dictionary(args.cmudict)
    items = [line.rstrip("\n").split("\t") for line in open(args.data / "manifest.tsv", encoding="utf-8")]
    vocabulary = {w for item in items for w, _ in tokenise(item[3], words) or []}
    with tempfile.TemporaryDirectory() as folder:
        decoder = make_decoder(words, vocabulary, folder)
        for item in items[args.shard::args.shards]:
            target = args.out / (pathlib.Path(item[0]).stem + ".npz")
            if target.exists():
                continue
            try:
                np.savez(target, text=item[3], **process(args.data / item[0], item[3], decoder, words))
            except ValueError as e:
                print(item[0], e, file=sys.stderr)
    print("done", len(list(args.out.glob("*.npz"))), "of", len(items))


if __name__ == "__main__":
    main()
