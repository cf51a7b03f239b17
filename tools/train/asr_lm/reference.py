"""Random probabilities of the committed language models, for the C test: `python reference.py FILE.gguf OUT.txt`.

Reads the stored tables back from the GGUF (with the pip package `gguf`), independently of ngram.py's arrays.
"""

import random
import sys

import numpy as np
from gguf import GGUFReader


class Stored:
    """One model as the file holds it; probabilities by plain dictionary walks."""

    def __init__(self, tensor, name, words):
        self.get = lambda part: tensor[f"ngram.{name}.{part}"]
        self.words = words
        self.uni, self.bo = self.get("unigram") / 1024.0, self.get("back_off") / 1024.0
        self.first, self.firstc = self.get("bigram.first"), self.get("context.first")
        self.first3 = self.get("context.trigram")

    def listed(self, first, last, words, codes, table, word):
        row = self.get(words).view(np.uint16)[first:last]
        at = np.flatnonzero(row == word)
        return self.get(table)[self.get(codes).view(np.uint8)[first + at[0]]] if len(at) else None

    def pair(self, b, w):
        found = self.listed(self.first[b], self.first[b + 1], "bigram.word", "bigram.code", "bigram.table", w)
        return self.bo[b] + self.uni[w] if found is None else found

    def score(self, a, b, w):
        row = self.get("context.word").view(np.uint16)[self.firstc[a] : self.firstc[a + 1]]
        at = np.flatnonzero(row == b)
        if len(at) == 0:
            return self.pair(b, w)
        c = self.firstc[a] + at[0]
        found = self.listed(self.first3[c], self.first3[c + 1], "trigram.word", "trigram.code", "trigram.table", w)
        weight = self.get("context.table")[self.get("context.code").view(np.uint8)[c]]
        return weight + self.pair(b, w) if found is None else found


def main():
    reader = GGUFReader(sys.argv[1])
    tensor = {t.name: np.array(t.data) for t in reader.tensors}
    names = tensor["lexicon.text"].tobytes().decode().split("\0")[:-1]
    marks = names + ["<s>", "</s>"]
    rng = random.Random(5)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for name in ("assistant", "general"):
            model = Stored(tensor, name, len(names))
            pairs = len(tensor[f"ngram.{name}.context.word"])
            for _ in range(200):
                if rng.random() < 0.6:
                    c = rng.randrange(pairs)
                    a = int(np.searchsorted(model.firstc, c, side="right")) - 1
                    b = int(model.get("context.word").view(np.uint16)[c])
                    low, high = model.first3[c], model.first3[c + 1]
                    w = int(model.get("trigram.word").view(np.uint16)[rng.randrange(low, high)])
                else:
                    a, b, w = (rng.randrange(len(names)) for _ in range(3))
                if rng.random() < 0.3:
                    w = rng.randrange(len(names))
                if a == len(names) + 1 or b >= len(names):
                    continue
                out.write(f"{name} {marks[a]} {marks[b]} {marks[w]} {model.score(a, b, w):.6f}\n")


if __name__ == "__main__":
    main()
