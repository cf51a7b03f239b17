"""Words, their pronunciations and the prefix tree of the search."""

import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
import phones  # noqa: E402

EXTRA = {
    "am": ["EY EH M"], "pm": ["P IY EH M"], "linnet": ["L IH N AH T", "L IH N IH T"],
    "unmute": ["AH N M Y UW T"], "factorial": ["F AE K T AO R IY AH L"], "fitbit": ["F IH T B IH T"],
    "audiobook": ["AO D IY OW B UH K"], "yeap": ["Y EH P"],
    "celsius": ["S EH L S IY AH S"], "etcetera": ["EH T S EH T ER AH"],
}
VOICELESS = set("P T K F TH".split())
SIBILANT = set("S Z SH ZH CH JH".split())


def _plain(names):
    return tuple(phones.encode(names))


def read_cmudict(path):
    """word -> list of tuples of phone numbers; stress removed, no doubles, order kept."""
    found = {}
    for line in open(path, encoding="utf-8"):
        word, *rest = line.split("#")[0].split()
        word = word.split("(")[0]
        if word.replace("'", "").isalpha() and word.isascii():
            said = _plain(rest)
            if said not in found.setdefault(word, []):
                found[word].append(said)
    for word, said in EXTRA.items():
        for one in said:
            if _plain(one.split()) not in found.setdefault(word, []):
                found[word].append(_plain(one.split()))
    return found


def guess(words, program, table):
    """Pronunciations of words outside cmudict by the voice's letter-to-sound model (tools/bench/pronounce)."""
    plain = [w for w in words if w.isalpha() and len(w) > 3 and set(w) & set("aeiouy")]
    done = subprocess.run([program, table], input="\n".join(plain), text=True, capture_output=True, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    return {word: [_plain(said)] for word, *said in rows if said}


def possessive(said):
    """Pronunciation of X's from that of X."""
    last = phones.PHONES[said[-1]]
    if last in SIBILANT:
        return said + _plain(["IH", "Z"])
    return said + _plain(["S" if last in VOICELESS else "Z"])


def pronunciations(word, known):
    """All known ways to say a word; [] when there is none. Possessives follow their owner."""
    if word in known:
        return known[word]
    if word.endswith("'s") and word[:-2] in known:
        return [possessive(said) for said in known[word[:-2]]]
    if word.endswith("'ll") and word[:-3] in known:
        return [said + _plain(["AH", "L"]) for said in known[word[:-3]]]
    if word.endswith("'d") and word[:-2] in known:
        return [said + _plain(["D"]) for said in known[word[:-2]]]
    return []


class Tree:
    """Prefix tree in breadth-first order: node 0 is the root, children of a node are contiguous.

    children[n], phone[n] and endings[n] (words that end at n) are bytes; `word` lists the word numbers
    of the endings in node order. The root's phone is SIL.
    """

    def __init__(self, said):
        root = {}
        for number, ways in enumerate(said):
            for way in ways:
                node = root
                for phone in way:
                    node = node.setdefault(phone, {})
                node.setdefault(None, []).append(number)
        self.phone, self.children, self.endings, self.word = [], [], [], []
        level, phone_of = [root], [0]
        while level:
            below, below_phone = [], []
            for node, phone in zip(level, phone_of):
                words = sorted(set(node.get(None, [])))
                keys = sorted(k for k in node if k is not None)
                self.phone.append(phone)
                self.children.append(len(keys))
                self.endings.append(len(words))
                self.word.extend(words)
                below.extend(node[k] for k in keys)
                below_phone.extend(keys)
            level, phone_of = below, below_phone
        if max(self.endings) > 255 or max(self.children) > 255:
            raise ValueError("too many homophones")

    def tensors(self):
        """name -> array, as stored."""
        return {
            "lexicon.children": np.array(self.children, np.uint8).view(np.int8),
            "lexicon.phone": np.array(self.phone, np.uint8).view(np.int8),
            "lexicon.endings": np.array(self.endings, np.uint8).view(np.int8),
            "lexicon.word": np.array(self.word, np.uint16).view(np.int16),
        }


def choose(counts_required, counts_more, known, limit):
    """The vocabulary: every pronounceable word of the first counter, then the most frequent of the second.

    `counts_required` must have been cut to what is worth a place already."""
    chosen = {w for w in counts_required if pronunciations(w, known)}
    for word, _ in counts_more.most_common():
        if len(chosen) >= limit:
            break
        if pronunciations(word, known):
            chosen.add(word)
    return sorted(chosen)
