"""Build the text asset of the voice and the recogniser: pronunciations and a letter-to-sound model.

    lexicon.py --cmudict FILE --out assets/text/en-us.gguf [--held-out tests/text/held_out.tsv]

The letter-to-sound model is a joint n-gram over (letter, phones) units: letters and phones of every word are
aligned by Viterbi EM with each letter giving no, one or two phones; the units' n-gram is smoothed by absolute
discounting with Kneser-Ney counts and pruned. One word in twenty (by hash) is kept out of its training and
scored with the search that models/text/g2p.c runs too. Layout of the file: docs/models/tts.md.
"""
import argparse
import collections
import re
import sys
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "common"))
from gguf_writer import GgufWriter  # noqa: E402
from features import PHONE_ID  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz'"
ORDER = 7
BLOCK = 16
MAX_PHONES = 40
BEAM = 24
STEP = 16.0  # quantised log probabilities: value / STEP, negated


def phone_code(name):
    """Phone id in the low six bits, stress above."""
    stress = int(name[-1]) if name[-1].isdigit() else 0
    return PHONE_ID[name.rstrip("012")] | stress << 6


def read_cmudict(path):
    words = collections.OrderedDict()
    for line in open(path, encoding="utf-8"):
        head, _, rest = line.split("#")[0].strip().partition(" ")
        word = re.sub(r"\(\d+\)$", "", head)
        if word and re.fullmatch(r"[a-z'.-]+", word) and len(word) < 60:
            phones = [phone_code(p) for p in rest.split()]
            if 0 < len(phones) <= MAX_PHONES:
                words.setdefault(word, [])
                if phones not in words[word]:
                    words[word].append(phones)
    return words


def pack_lexicon(words):
    """Blocks of BLOCK words, front coded: shared, suffix length, suffix, variants x (count, codes)."""
    blob, index, last = bytearray(), [], b""
    for i, word in enumerate(sorted(words)):
        w = word.encode()
        if i % BLOCK == 0:
            index.append(len(blob))
            last = b""
        shared = 0
        while shared < min(len(w), len(last)) and w[shared] == last[shared]:
            shared += 1
        blob += bytes([shared, len(w) - shared]) + w[shared:] + bytes([len(words[word])])
        for phones in words[word]:
            blob += bytes([len(phones)]) + bytes(phones)
        last = w
    return np.frombuffer(bytes(blob), np.int8), np.array(index, np.int32)


# Alignment --------------------------------------------------------------------------------------------------------

def symbols(pairs):
    """Dense phone symbols 1..S (0 pads) from phone codes."""
    codes = sorted({p for _, phones in pairs for p in phones})
    return codes, {c: i + 1 for i, c in enumerate(codes)}


def viterbi(letters, phones, lengths, counts, cost0, cost1, cost2):
    """Best moves (words, letters) of 0, 1 or 2 phones for a batch of padded words; total cost."""
    n, width = letters.shape
    P = phones.shape[1]
    rows = np.arange(n)
    best = np.full((n, P + 1), 1e9, np.float32)
    best[:, 0] = 0
    moves = np.zeros((n, width, P + 1), np.int8)
    for i in range(width):
        l = letters[:, i]
        stay = best + cost0[l][:, None]
        one = np.full_like(best, 1e9)
        one[:, 1:] = best[:, :-1] + cost1[l[:, None], phones]
        two = np.full_like(best, 1e9)
        two[:, 2:] = best[:, :-2] + cost2[l[:, None], phones[:, :-1], phones[:, 1:]]
        options = np.stack([stay, one, two])
        pick = options.argmin(0)
        live = (i < lengths)[:, None]
        moves[:, i] = np.where(live, pick, 0)
        best = np.where(live, np.take_along_axis(options, pick[None], 0)[0], best)
    total = best[rows, counts]
    at, out = counts.copy(), np.zeros((n, width), np.int8)
    for i in range(width - 1, -1, -1):
        live = i < lengths
        m = np.where(live, moves[rows, i, at], 0)
        out[:, i] = m
        at = at - m
    return out, total


def align(pairs, iterations=8):
    """[[(letter, (phones…)), …]] for the pairs that align."""
    codes, number = symbols(pairs)
    S = len(codes) + 1
    letters = np.zeros((len(pairs), max(len(w) for w, _ in pairs)), np.int64)
    phones = np.zeros((len(pairs), max(len(p) for _, p in pairs)), np.int64)
    for i, (w, p) in enumerate(pairs):
        letters[i, :len(w)] = [LETTERS.index(c) for c in w]
        phones[i, :len(p)] = [number[c] for c in p]
    lengths, counts = np.array([len(w) for w, _ in pairs]), np.array([len(p) for _, p in pairs])
    L = len(LETTERS)
    c0, c1, c2 = np.full(L, 5.0), np.full((L, S), 1.0), np.full((L, S, S), 6.0)
    for l, p in [("p", "F"), ("g", "F")]:
        c1[LETTERS.index(l), number[phone_code(p)]] = 3.0
    for _ in range(iterations):
        tables = [t.astype(np.float32) for t in (c0, c1, c2)]
        n0, n1, n2 = np.zeros(L), np.zeros((L, S)), np.zeros((L, S, S))
        moved = []
        for s in range(0, len(pairs), 20000):
            e = min(len(pairs), s + 20000)
            out, total = viterbi(letters[s:e], phones[s:e], lengths[s:e], counts[s:e], *tables)
            out[total > 1e8] = -1
            moved.append(out)
            at = np.zeros(e - s, np.int64)
            for i in range(letters.shape[1]):
                ok = (i < lengths[s:e]) & (total < 1e8)
                for k, table in ((0, n0), (1, n1), (2, n2)):
                    r = np.nonzero(ok & (out[:, i] == k))[0]
                    l = letters[s:e][r, i]
                    if k == 0:
                        np.add.at(table, l, 1)
                    elif k == 1:
                        np.add.at(table, (l, phones[s:e][r, at[r]]), 1)
                    else:
                        np.add.at(table, (l, phones[s:e][r, at[r]], phones[s:e][r, at[r] + 1]), 1)
                at += np.where(ok, np.maximum(out[:, i], 0), 0)
        total = n0 + n1.sum(1) + n2.sum((1, 2)) + 1
        c0 = -np.log((n0 + 0.1) / total)
        c1 = -np.log((n1 + 0.05) / total[:, None])
        c2 = -np.log((n2 + 0.001) / total[:, None, None]) + 1.0
    moved = np.concatenate(moved)
    result = []
    for i, (w, p) in enumerate(pairs):
        if moved[i, 0] < 0:
            continue
        at, units = 0, []
        for j, c in enumerate(w):
            k = moved[i, j]
            units.append((c, tuple(p[at:at + k])))
            at += k
        result.append(units)
    return result


# The n-gram -------------------------------------------------------------------------------------------------------

def keep_common(aligned, least=8):
    count = collections.Counter(u for units in aligned for u in units)
    good = {u for u, c in count.items() if c >= least}
    return [u for u in aligned if all(x in good for x in u)], sorted(good)


class Ngram:
    """Interpolated absolute discounting; Kneser-Ney counts below the top order. Unit 0 opens, unit 1 closes a word."""

    def __init__(self, sequences, order, cut):
        self.order = order
        counts = [collections.Counter() for _ in range(order + 1)]
        for seq in sequences:
            s = (0,) * 1 + seq + (1,)
            for n in range(1, order + 1):
                for i in range(len(s) - n + 1):
                    if i + n > 1:
                        counts[n][s[i:i + n]] += 1
        top = [None] * (order + 1)
        for n in range(1, order + 1):
            if n == order:
                top[n] = counts[n]
                continue
            kn = collections.Counter()
            for gram in counts[n + 1]:
                kn[gram[1:]] += 1
            for gram, c in counts[n].items():
                if gram[0] == 0:
                    kn[gram] = c
            top[n] = kn
        self.prob, self.backoff = {}, {}
        self._estimate(top, cut)

    def _estimate(self, counts, cut):
        below = None
        for n in range(1, self.order + 1):
            ones = sum(1 for c in counts[n].values() if c == 1)
            twos = sum(1 for c in counts[n].values() if c == 2)
            d = ones / (ones + 2 * twos + 1)
            total, kinds = collections.Counter(), collections.Counter()
            for gram, c in counts[n].items():
                if gram == (0,):
                    continue
                total[gram[:-1]] += c
                kinds[gram[:-1]] += 1
            probs = {}
            vocabulary = max(1, len(counts[1]))
            for gram, c in counts[n].items():
                if gram == (0,):
                    continue
                h = gram[:-1]
                base = 1.0 / vocabulary if n == 1 else self.lookup(gram[1:], below)
                probs[gram] = max(c - d, 0) / total[h] + d * kinds[h] / total[h] * base
            for h in total:
                if n > 1:
                    self.backoff[h] = d * kinds[h] / total[h]
            self.prob.update(probs)
            below = n
        self._prune(counts, cut)

    def lookup(self, gram, _=None):
        scale = 1.0
        while gram not in self.prob and len(gram) > 1:
            scale *= self.backoff.get(gram[:-1], 1.0)
            gram = gram[1:]
        return scale * self.prob.get(gram, 1e-9)

    def _prune(self, counts, cut):
        """Drop long grams that are rare and hardly better than their back-off, then renormalise the weights."""
        for n in range(self.order, 2, -1):
            prefixes = {g[:-1] for g in self.prob if len(g) == n + 1}
            for gram in [g for g in self.prob if len(g) == n and g not in prefixes]:
                gain = np.log(self.prob[gram] / (self.backoff[gram[:-1]] * self.lookup(gram[1:])))
                if counts[n][gram] * gain < cut:
                    del self.prob[gram]
        self._renormalise()

    def _renormalise(self):
        kids = collections.defaultdict(list)
        for g in self.prob:
            if len(g) > 1:
                kids[g[:-1]].append(g)
        self.backoff = {h: b for h, b in self.backoff.items() if h in kids}
        for h in sorted(kids, key=len):
            left = 1.0 - sum(self.prob[g] for g in kids[h])
            low = 1.0 - sum(self.lookup(g[1:]) for g in kids[h])
            self.backoff[h] = max(left, 1e-4) / max(low, 1e-4)


def pack_ngram(model, units):
    """Breadth-first trie: (unit i16, logp u8, back-off u8, first child i32); last node of a level closes it."""
    levels = [[()]]
    kids = collections.defaultdict(list)
    for g in sorted(model.prob):
        kids[g[:-1]].append(g)
    kids[()] = sorted(set(kids[()]) | {(0,)})
    order, first = [()], []
    at = 0
    while at < len(order):
        node = order[at]
        first.append(len(order))
        order += kids.get(node, [])
        at += 1
    first.append(len(order))
    unit = np.array([g[-1] if g else 0 for g in order], np.int16)
    quant = lambda p: min(255, int(round(-np.log(max(p, 1e-7)) * STEP)))
    logp = np.array([quant(model.prob.get(g, 1e-7)) for g in order], np.uint8)
    back = np.array([np.clip(round(-np.log(model.backoff.get(g, 1.0)) * STEP) + 64, 0, 255) for g in order], np.uint8)
    table = np.zeros((len(units), 4), np.int8)
    for i, (letter, phones) in enumerate(units):
        row = [LETTERS.index(letter) if letter else 255, len(phones), *phones]
        table[i, :len(row)] = np.array(row, np.uint8).view(np.int8)
    return unit, logp.view(np.int8), back.view(np.int8), np.array(first, np.int32), table


# The search, as the C code does it --------------------------------------------------------------------------------

def search(model, by_letter, units, word, beam=BEAM):
    hyps = [(0.0, (0,), ())]
    for c in word:
        new = []
        for score, history, phones in hyps:
            for u in by_letter.get(c, []):
                p = model.lookup((history + (u,))[-model.order:])
                new.append((score - np.log(p), (history + (u,))[-(model.order - 1):], phones + units[u][1]))
        hyps = sorted(new)[:beam]
    ended = sorted((s - np.log(model.lookup((h + (1,))[-model.order:])), p) for s, h, p in hyps)
    return list(ended[0][1]) if ended else []


def held(word):
    return zlib.crc32(word.encode()) % 20 == 0


def score(model, units, tests):
    by_letter = collections.defaultdict(list)
    for i, u in enumerate(units):
        by_letter[u[0]].append(i)
    right = plain = 0
    for word, variants in tests:
        got = search(model, by_letter, units, word)
        right += got in variants
        plain += [g & 63 for g in got] in [[v & 63 for v in p] for p in variants]
    return right / len(tests), plain / len(tests)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--cmudict", required=True)
    ap.add_argument("--out", type=Path)
    ap.add_argument("--held-out", type=Path, help="write 600 held-out words for the C test here")
    ap.add_argument("--cut", type=float, default=1.0)
    ap.add_argument("--order", type=int, default=ORDER)
    args = ap.parse_args()
    words = read_cmudict(args.cmudict)
    plain = {w: v for w, v in words.items() if re.fullmatch("[a-z']+", w)}
    pairs = [(w, p) for w, v in plain.items() if not held(w) for p in v[:2]]
    aligned, good = keep_common(align(pairs))
    print(f"{len(words)} words, {len(pairs)} pairs, {len(aligned)} aligned, {len(good)} units", flush=True)
    units = [("", ()), ("", ())] + good
    number = {u: i + 2 for i, u in enumerate(good)}
    model = Ngram([tuple(number[u] for u in seq) for seq in aligned], args.order, args.cut)
    print("n-grams", [sum(1 for g in model.prob if len(g) == n) for n in range(1, args.order + 1)], flush=True)
    tests = [(w, v) for w, v in plain.items() if held(w) and "'" not in w]
    tests = [tests[i] for i in range(0, len(tests), max(1, len(tests) // 600))][:600]
    print("held-out words right: with stress %.3f, phones alone %.3f" % score(model, units, tests), flush=True)
    if args.out:
        write(args, words, model, units)
    if args.held_out:
        names = {v: k for k, v in PHONE_ID.items()}
        with open(args.held_out, "w") as f:
            for w, v in tests:
                f.write(w + "\t" + "\t".join(" ".join(names[c & 63] for c in p) for p in v) + "\n")


def write(args, words, model, units):
    blob, index = pack_lexicon(words)
    unit, logp, back, first, table = pack_ngram(model, units)
    w = GgufWriter("linnet-text")
    w.add_string("general.name", "cmudict pronunciations and letter-to-sound, US English")
    w.add_string("general.license", "BSD-2-Clause")
    w.add_u32("linnet-text.lexicon.words", len(words))
    w.add_u32("linnet-text.lexicon.block", BLOCK)
    w.add_u32("linnet-text.g2p.order", args.order)
    w.add_f32("linnet-text.g2p.step", STEP)
    w.add_tensor("lexicon.blob", blob, "I8")
    w.add_tensor("lexicon.index", index, "I32")
    w.add_tensor("g2p.units", table, "I8")
    w.add_tensor("g2p.node.unit", unit, "I16")
    w.add_tensor("g2p.node.logp", logp, "I8")
    w.add_tensor("g2p.node.backoff", back, "I8")
    w.add_tensor("g2p.node.first", first, "I32")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    w.write(str(args.out))
    print("wrote", args.out, args.out.stat().st_size)


if __name__ == "__main__":
    main()
