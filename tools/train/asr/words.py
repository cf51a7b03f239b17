"""Transcripts to lower-case words, and words to phones."""
import re
import subprocess

import phones

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen").split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
SPOKEN = {"a.m": "a m", "p.m": "p m", "etc.": "et cetera", "mr.": "mister", "mrs.": "missus",
          "dr.": "doctor", "st.": "saint", "&": "and", "%": "percent", "e-num": "e num"}


def number(value):
    """A whole number from 0 to 999,999 in words."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10] + (" " + ONES[value % 10] if value % 10 else "")
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if value >= size:
            rest = " " + number(value % size) if value % size else ""
            return number(value // size) + f" {name}" + rest
    raise ValueError(value)


def normalise(text):
    """Lower-case words, apostrophes kept; None where digits cannot be read safely."""
    text = text.lower().replace("\u2019", "'").replace("\u2014", " ").replace("--", " ")
    for written, said in SPOKEN.items():
        text = re.sub(r"(?<!\w)" + re.escape(written) + r"(?!\w)", said, text)
    if re.search(r"\d{4}|\d[.,:]\d|[$#@/]", text):
        return None
    text = re.sub(r"\d+", lambda found: " " + number(int(found.group())) + " ", text)
    text = re.sub(r"[^a-z' ]", " ", text)
    return " ".join(word for word in (w.strip("'") if w not in ("'em",) else w
                                      for w in text.split()) if word)


def transcript(name, label):
    """Words of a label of set `name`, or None where the label does not fix them."""
    if name == "alphanumeric":
        kind, _, value = label.partition(": ")
        if kind == "digits":
            return " ".join(ONES[int(digit)] for digit in value if digit.isdigit())
        return " ".join(c for c in value.lower() if c.isalpha()) if kind == "spelt" else None
    if re.fullmatch(r"\s*", label) or "NOT:" in label or "NOISE:" in label:
        return None
    return normalise(label)


class Lexicon:
    """cmudict without stress, all pronunciations; flite's letter rules for words outside."""

    def __init__(self, path):
        self.table = {}
        with open(path, encoding="latin-1") as file:
            for line in file:
                fields = line.split("#")[0].split()
                if fields:
                    word = fields[0].split("(")[0]
                    said = tuple(phone.rstrip("012") for phone in fields[1:])
                    variants = self.table.setdefault(word, [])
                    if said not in variants:
                        variants.append(said)

    def pronunciations(self, word):
        """All pronunciations of a word as tuples of phone names."""
        if word not in self.table:
            self.table[word] = [guess(word)]
        return self.table[word]


def guess(word):
    """A pronunciation by flite's letter-to-sound rules."""
    said = subprocess.run(["t2p", word], capture_output=True, text=True, check=True).stdout.split()
    map_ = {"PAU": None, "AX": "AH", "DX": "T", "IX": "IH", "AXR": "ER", "H#": None}
    names = [name.upper().rstrip("0123456789") for name in said]
    names = [map_.get(name, name) for name in names]
    return tuple(name for name in names if name in phones.INDEX)
