"""Rows of the output: a phone after a class of phones; README.md says how they are used."""
import numpy as np

import phones

# By place and manner, for that is what the phone before leaves in the next: silence, lips, tongue tip without and
# with voice, tongue back and breath, hushes, nasals, r, l, then vowels by where they end.
CLASSES = [
    "SIL", "P B F V", "T TH S", "D DH Z", "K G HH", "CH JH SH ZH", "M N NG", "R ER", "L",
    "W UW UH OW AO AW", "Y IY IH EY AY OY", "AA AE AH EH",
]


def table(classes=None):
    """Class of each phone (40,)."""
    out = np.zeros(len(phones.PHONES), np.int32)
    for number, names in enumerate(CLASSES if classes is None else classes):
        for name in names.split():
            out[phones.INDEX[name]] = number
    return out


class Rows:
    """From pairs of phones to rows of the output; one class makes rows of phones."""

    def __init__(self, left_class):
        self.left_class = np.asarray(left_class, np.int32)
        self.count = int(self.left_class.max()) + 1
        self.size = self.count * len(phones.PHONES)
        pairs = self.left_class[:, None] * len(phones.PHONES) + np.arange(len(phones.PHONES))[None]
        pairs[:, phones.SIL] = phones.SIL
        self.pairs = pairs.astype(np.int32)  # [before][phone]
