#!/usr/bin/env python3
"""How often one phone follows another in running English: the table models/typed/typed_bigram.h.

  phone_bigram.py --data DIR --lexicon cmudict.dict --out models/typed/typed_bigram.h [--words N]

Sentences of text_general, each word by its first pronunciation, silence at both ends; add-one counts, ln P in hundredths.
"""
import argparse
import re
from pathlib import Path

import numpy as np

PHONES = ("SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH").split()
HEAD = """/* ln P(phone | phone before) of running English in hundredths, rows by the phone before, in the
 * order of phones.h. Made by tools/train/wake/phone_bigram.py from %d words of text_general.
 *
 * Thread: any. */
#ifndef LINNET_MODELS_TYPED_BIGRAM_H
#define LINNET_MODELS_TYPED_BIGRAM_H

#include <stdint.h>

#include "phones.h"

/* clang-format off */
static const int16_t typed_bigram[PHONE_COUNT][PHONE_COUNT] = {
"""


def lexicon(path):
    words = {}
    for line in Path(path).read_text(encoding="latin1").splitlines():
        cells = line.split("#")[0].split()
        if len(cells) > 1 and not line.startswith(";"):
            words.setdefault(cells[0].lower(), [PHONES.index(re.sub(r"\d", "", p)) for p in cells[1:]])
    return words


def sentences(folder):
    for path in sorted(Path(folder).rglob("*.txt")):
        for line in path.open(encoding="utf-8", errors="ignore"):
            yield from re.split(r"[.?!;:]\s", line.lower())


def count(args):
    words, counts, seen = lexicon(args.lexicon), np.ones((len(PHONES), len(PHONES))), 0
    for sentence in sentences(Path(args.data) / "text_general"):
        known = [words[w] for w in re.findall(r"[a-z']+", sentence) if w in words]
        if len(known) < 3:
            continue
        path = np.array([0] + [p for w in known for p in w] + [0])
        np.add.at(counts, (path[:-1], path[1:]), 1)
        seen += len(known)
        if seen >= args.words:
            break
    return counts, seen


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--lexicon", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--words", type=int, default=400000)
    args = ap.parse_args()
    counts, seen = count(args)
    table = np.rint(100 * np.log(counts / counts.sum(1, keepdims=True))).astype(int)
    with open(args.out, "w") as out:
        out.write(HEAD % seen)
        for row in table:
            cells = [f"{v}," for v in row]
            lines = [" ".join(cells[i:i + 14]) for i in range(0, len(cells), 14)]
            out.write("    {" + "\n     ".join(lines)[:-1] + "},\n")
        out.write("};\n/* clang-format on */\n\n#endif\n")


if __name__ == "__main__":
    main()
