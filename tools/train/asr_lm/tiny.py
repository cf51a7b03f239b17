"""Write the small lexicon and random trigram that the search is checked with: `python tiny.py --out tests/data`.

Seven words are few enough to try every sentence; among them are beginnings of others, homophones, a word of one
phone and one with two ends.
"""

import argparse
import pathlib
import random

import build
import lexicon
import ngram

SAID = {
    "a": ["AH", "EY"], "ate": ["EY T"], "cat": ["K AE T"], "cats": ["K AE T S"], "eight": ["EY T"],
    "of": ["AH V", "AH F"], "tact": ["T AE K T"],
}


class Options:
    """What build.write reads."""

    def __init__(self, out):
        self.out = out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("tests/data"))
    folder = parser.parse_args().out
    words = sorted(SAID)
    said = [[lexicon._plain(one.split()) for one in SAID[w]] for w in words]
    rng = random.Random(3)
    streams = []
    for _ in range(60):
        sentence = [rng.randrange(len(words)) for _ in range(rng.randint(1, 5))]
        streams += [len(words), *sentence, len(words) + 1]
    counts = ngram.count([ngram.np.array(streams, ngram.np.uint16)], len(words))
    full = ngram.estimate(counts, len(words))
    build.write(Options(folder / "asr_tiny_lm.gguf"), words, said,
                {"assistant": full, "general": ngram.prune(full, ngram.losses(full), 1e-3)})


if __name__ == "__main__":
    main()
