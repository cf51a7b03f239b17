"""Byte-level BPE in the GPT-2 manner: trainer, encoder, decoder."""

import collections
import heapq
import re

from lmformat import CONTROL, N_BYTES, N_CONTROL, VOCAB

# The GPT-2 expression for text without letters or digits beyond what `re` calls \w.
SPLIT = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:_|[^\s\w])+|\s+(?!\S)|\s+")


def byte_table():
    """byte -> printable character, as GPT-2 does it."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


BYTE_TO_CHAR = byte_table()
CHAR_TO_BYTE = {c: b for b, c in BYTE_TO_CHAR.items()}


def to_chars(text):
    return "".join(BYTE_TO_CHAR[b] for b in text.encode("utf-8"))


def train(counts, n_merges):
    """counts: pre-token -> occurrences. Returns the list of merges (left, right), best first."""
    words = [list(to_chars(w)) for w in counts]
    freq = list(counts.values())
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, w in enumerate(words):
        for p in zip(w, w[1:]):
            pairs[p] += freq[i]
            where[p].add(i)
    heap = [(-n, p) for p, n in pairs.items()]
    heapq.heapify(heap)
    merges, seen = [], set(BYTE_TO_CHAR.values())
    while len(merges) < n_merges and heap:
        n, pair = heapq.heappop(heap)
        if -n != pairs[pair]:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        new = pair[0] + pair[1]
        if new in seen:  # the same text from another pair would need a second id
            pairs[pair] = 0
            continue
        seen.add(new)
        merges.append(pair)
        touched = set()
        for i in where.pop(pair):
            w, out, k = words[i], [], 0
            for p in zip(w, w[1:]):
                pairs[p] -= freq[i]
            while k < len(w):
                if k + 1 < len(w) and (w[k], w[k + 1]) == pair:
                    out.append(new)
                    k += 2
                else:
                    out.append(w[k])
                    k += 1
            words[i] = out
            for p in zip(out, out[1:]):
                pairs[p] += freq[i]
                where[p].add(i)
                touched.add(p)
        for p in touched:
            heapq.heappush(heap, (-pairs[p], p))
    return merges


class Tokenizer:
    """Encoder and decoder for one list of merges; ids as in README.md."""

    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.rank = {m: r for r, m in enumerate(self.merges)}
        self.tokens = list(CONTROL) + [BYTE_TO_CHAR[b] for b in range(256)]
        self.tokens += [a + b for a, b in self.merges]
        self.id = {t: i for i, t in enumerate(self.tokens) if i >= N_CONTROL}
        self.cache = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            return cls([line.rstrip("\n").split(" ") for line in f])

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(f"{a} {b}\n" for a, b in self.merges)

    def _word(self, word):
        parts = list(to_chars(word))
        while len(parts) > 1:
            best = min(range(len(parts) - 1),
                       key=lambda i: self.rank.get((parts[i], parts[i + 1]), 1 << 30))
            if (parts[best], parts[best + 1]) not in self.rank:
                break
            parts[best:best + 2] = [parts[best] + parts[best + 1]]
        return [self.id[p] for p in parts]

    def encode(self, text):
        ids = []
        for w in SPLIT.findall(text):
            if w not in self.cache:
                self.cache[w] = self._word(w)
            ids += self.cache[w]
        return ids

    def decode(self, ids):
        chars = "".join(self.tokens[i] for i in ids if i >= N_CONTROL)
        return bytes(CHAR_TO_BYTE[c] for c in chars).decode("utf-8", "replace")


assert N_CONTROL + N_BYTES < VOCAB
