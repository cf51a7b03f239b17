"""What the acoustic model is told about each phone, from the rows and punctuation that prepare.py wrote.

The C twin is models/tts/tts_phrase.c; keep the two alike. Columns of the result (one row a phone):
phone 0-39, stress 0-2, place in word (1 first | 2 last), the kind of break its phrase ends with
(0 pause without punctuation, 1 comma spoken without a pause, 2 comma with a pause, 3 end of sentence),
words left in the phrase 0-4, words since its start 0-4.
"""
import numpy as np

COLUMNS = (40, 3, 4, 4, 5, 5)


def phrases(rows, punct):
    """[(first word, last word, break kind)] of an utterance."""
    paused = set()
    for i in range(1, len(rows)):
        if rows[i][0] == 0 and rows[i - 1][2] >= 0:
            paused.add(int(rows[i - 1][2]))
    out, start, last = [], 0, len(punct) - 1
    for w in range(len(punct)):
        comma = punct[w] != " "
        if w == last:
            out.append((start, w, 3))
        elif w in paused:
            out.append((start, w, 2 if comma else 0))
        elif comma:
            out.append((start, w, 1))
        else:
            continue
        start = w + 1
    return out


def describe(rows, punct):
    spans = phrases(rows, punct)
    of_word = {w: s for s in spans for w in range(s[0], s[1] + 1)}
    out, word = np.zeros((len(rows), len(COLUMNS)), np.int64), -1
    for i, (phone, stress, w, place) in enumerate(rows):
        if w >= 0:
            word = int(w)
            first, last, kind = of_word[word]
            out[i] = (phone, stress, place, kind, min(last - word, 4), min(word - first, 4))
        else:
            out[i] = (0, 0, 3, of_word[word][2] if word >= 0 else 3, 0, 0 if word >= 0 else 4)
    return out
