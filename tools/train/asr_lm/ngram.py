"""Trigram language models in numpy: counting, smoothing, mixing, entropy pruning, quantising.

A model holds, for words numbered 0 .. V-1 and the marks BOS = V and EOS = V + 1, the logarithms

    uni[w]                    ln P(w), all words and EOS (BOS: -99)
    key2, p2                  ln P(w | a) for the listed pairs, key = a B + w, sorted
    key3, p3                  ln P(w | a b) for the listed triples, key = (a B + b) B + w, sorted
    bo1[a]                    back-off weight of history a (0 = ln 1 where nothing is listed)
    ctx, bo2                  back-off weights of histories a b, key = a B + b, sorted

Smoothing is interpolated absolute discounting with three discounts an order (Chen and Goodman 1998).
Lower orders use plain counts, not continuation counts: after heavy pruning the back-off distribution is used
often, and Kneser-Ney's is then wrong (Chelba et al., "Study on interaction between entropy pruning and
Kneser-Ney smoothing", 2010). Pruning follows Stolcke, "Entropy-based pruning of backoff language models", 1998.
"""

import numpy as np

B = np.uint64(1 << 16)
SHIFT = np.uint64(16)
MASK = np.uint64(0xFFFF)


def ids_of(path, index, unknown=0xFFFF):
    """uint16 stream of a text file with BOS and EOS around each line."""
    bos, eos = len(index), len(index) + 1
    get = index.get
    parts, chunk = [], []
    for line in open(path, encoding="utf-8"):
        chunk.append(bos)
        chunk.extend([get(w, unknown) for w in line.split()])
        chunk.append(eos)
        if len(chunk) > 4_000_000:
            parts.append(np.array(chunk, np.uint16))
            chunk = []
    parts.append(np.array(chunk, np.uint16))
    return np.concatenate(parts)


def _merge(a, b):
    if a is None:
        return b
    keys = np.concatenate([a[0], b[0]])
    counts = np.concatenate([a[1], b[1]])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    first = np.concatenate([[True], keys[1:] != keys[:-1]])
    return keys[first], np.add.reduceat(counts, np.flatnonzero(first))


def count(streams, vocabulary):
    """Counts of orders 1 to 3 over uint16 streams: (c1, (key2, c2), (key3, c3))."""
    c1, two, three = np.zeros(vocabulary + 2, np.int64), None, None
    for stream in streams:
        for start in range(0, len(stream), 20_000_000):
            # Two words of overlap; a gram belongs to the chunk that holds its last word.
            t = stream[max(start - 2, 0) : start + 20_000_000].astype(np.uint64)
            lead = min(start, 2)
            bad = (t == MASK)
            c1 += np.bincount(t[lead:][~bad[lead:]].astype(np.int64), minlength=vocabulary + 2)
            ends = t == np.uint64(vocabulary + 1)
            ok2 = ~(bad[:-1] | bad[1:] | ends[:-1])
            ok3 = ok2[:-1] & ok2[1:]
            k2 = (t[:-1] << SHIFT) | t[1:]
            k3 = (k2[:-1] << SHIFT) | t[2:]
            first2, first3 = max(lead - 1, 0), 0
            two = _merge(two, np.unique(k2[first2:][ok2[first2:]], return_counts=True))
            three = _merge(three, np.unique(k3[first3:][ok3[first3:]], return_counts=True))
    return c1, two, three


def _discounts(counts):
    n1, n2, n3, n4 = (max(int((counts == k).sum()), 1) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    d = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    return np.clip(d, [0.3, 0.5, 0.7], [0.98, 1.9, 2.9])


def _discounted(counts, discounts):
    d = np.where(counts == 1, discounts[0], np.where(counts == 2, discounts[1], discounts[2]))
    return np.minimum(d, counts)


def _groups(contexts):
    """Of a sorted array: unique values, first positions, and the group number of each item."""
    first = np.concatenate([[True], contexts[1:] != contexts[:-1]])
    return contexts[first], np.flatnonzero(first), np.cumsum(first) - 1


class Model:
    """See the top of the file."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self.bos, self.eos = vocabulary, vocabulary + 1

    def bigram(self, a, w):
        """ln P(w | a), arrays."""
        a, w = np.asarray(a, np.uint64), np.asarray(w, np.uint64)
        value, seen = _find(self.key2, self.p2, (a << SHIFT) | w)
        return np.where(seen, value, self.bo1[a.astype(np.int64)] + self.uni[w.astype(np.int64)])

    def trigram(self, ab, w):
        """ln P(w | a b), arrays; ab = a B + b."""
        ab, w = np.asarray(ab, np.uint64), np.asarray(w, np.uint64)
        value, seen = _find(self.key3, self.p3, (ab << SHIFT) | w)
        weight, known = _find(self.ctx, self.bo2, ab)
        return np.where(seen, value, np.where(known, weight, 0.0) + self.bigram(ab & MASK, w))

    def fill_back_off(self):
        """Back-off weights from the listed probabilities, lower order first."""
        a = self.key2 >> SHIFT
        names, starts, _ = _groups(a)
        lower = np.exp(self.uni[(self.key2 & MASK).astype(np.int64)])
        self.bo1 = np.zeros(self.vocabulary + 2)
        self.bo1[names.astype(np.int64)] = _weight(np.exp(self.p2), lower, starts)
        ab = self.key3 >> SHIFT
        self.ctx, starts, _ = _groups(ab) if len(ab) else (ab, np.zeros(0, np.int64), None)
        lower = np.exp(self.bigram(ab & MASK, self.key3 & MASK))
        self.bo2 = _weight(np.exp(self.p3), lower, starts)

    def perplexity(self, stream):
        """Of a uint16 stream; (perplexity, share of unknown words). Unknown words are skipped."""
        t = stream.astype(np.uint64)
        bad = t == MASK
        total, n = 0.0, 0
        last, before = t[1:-1], t[:-2]
        ok = ~bad[2:] & ~bad[1:-1] & (t[2:] != self.bos) & (before != self.eos) & (last != self.eos) & ~bad[:-2]
        lp = self.trigram((before[ok] << SHIFT) | last[ok], t[2:][ok])
        total, n = lp.sum(), ok.sum()
        ok = ~bad[1:] & (t[:-1] == self.bos)
        lp = self.bigram(t[:-1][ok], t[1:][ok])
        return float(np.exp(-(total + lp.sum()) / (n + ok.sum()))), float(bad.mean())


def stored(tensor, name, old_words, index):
    """Model `name` of a finished file (tensors by name, its words), renumbered; grams of words that the
    vocabulary no longer holds are left out."""
    get = lambda part: tensor[f"ngram.{name}.{part}"]  # noqa: E731
    size, gone = len(index), int(MASK)
    to = np.array([index.get(w, gone) for w in old_words] + [size, size + 1], np.uint64)
    model = Model(size)
    model.uni, model.bo1 = np.full(gone + 1, np.log(1e-7)), np.zeros(gone + 1)
    model.uni[to.astype(np.int64)] = get("unigram") / 1024.0
    model.bo1[to.astype(np.int64)] = get("back_off") / 1024.0
    model.uni, model.bo1 = model.uni[: size + 2], model.bo1[: size + 2]
    model.uni[model.bos] = -99.0
    numbers = np.arange(len(to))
    first = to[np.repeat(numbers, np.diff(get("bigram.first")))]
    second = to[get("bigram.word").view(np.uint16)]
    keep = (first != MASK) & (second != MASK)
    model.key2 = (first << SHIFT | second)[keep]
    model.p2 = get("bigram.table")[get("bigram.code").view(np.uint8)].astype(np.float64)[keep]
    first = to[np.repeat(numbers, np.diff(get("context.first")))]
    second = to[get("context.word").view(np.uint16)]
    kept = (first != MASK) & (second != MASK)
    contexts = first << SHIFT | second
    model.ctx = contexts[kept]
    model.bo2 = get("context.table")[get("context.code").view(np.uint8)].astype(np.float64)[kept]
    group = np.repeat(np.arange(len(contexts)), np.diff(get("context.trigram")))
    third = to[get("trigram.word").view(np.uint16)]
    keep = kept[group] & (third != MASK)
    model.key3 = (contexts[group] << SHIFT | third)[keep]
    model.p3 = get("trigram.table")[get("trigram.code").view(np.uint8)].astype(np.float64)[keep]
    return model


def _find(keys, values, wanted):
    if len(keys) == 0:
        return np.zeros(len(wanted)), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return values[at], keys[at] == wanted


def _weight(p, lower, starts):
    """ln of the back-off weight of each group of listed words."""
    if len(p) == 0:
        return np.zeros(0)
    left = np.maximum(1 - np.add.reduceat(p, starts), 1e-6)
    left_lower = np.maximum(1 - np.add.reduceat(lower, starts), 1e-6)
    return np.log(left / left_lower)


def estimate(counts, vocabulary):
    """A model of all the grams counted."""
    c1, (key2, c2), (key3, c3) = counts
    model = Model(vocabulary)
    c1 = c1.astype(np.float64)
    c1[vocabulary] = 0  # BOS is never predicted
    d = _discounts(c1[c1 > 0])
    taken = _discounted(c1, d) * (c1 > 0)
    spread = taken.sum() / (vocabulary + 1)
    p1 = (c1 - taken + spread) / c1.sum()
    p1[vocabulary] = 1e-43
    model.uni = np.log(p1)
    p2, bo = _order(key2, c2, p1[(key2 & MASK).astype(np.int64)])
    model.key2, model.p2 = key2, np.log(p2)
    model.bo1 = np.zeros(vocabulary + 2)
    model.bo1[bo[0].astype(np.int64)] = np.log(bo[1])
    at = np.searchsorted(key2, key3 & np.uint64(0xFFFFFFFF))
    p3, bo = _order(key3, c3, p2[at])
    model.key3, model.p3 = key3, np.log(p3)
    model.ctx, model.bo2 = bo[0], np.log(bo[1])
    return model


def _order(keys, counts, lower):
    """Interpolated discounting of one order: probabilities and (contexts, back-off weights)."""
    contexts, starts, group = _groups(keys >> SHIFT)
    taken = _discounted(counts, _discounts(counts))
    total = np.add.reduceat(counts, starts).astype(np.float64)
    weight = np.add.reduceat(taken, starts) / total
    return (counts - taken) / total[group] + weight[group] * lower, (contexts, weight)


def mix(models, shares):
    """Static linear interpolation over the union of the listed grams."""
    out = Model(models[0].vocabulary)
    out.uni = np.log(sum(s * np.exp(m.uni) for m, s in zip(models, shares)))
    out.key2 = np.unique(np.concatenate([m.key2 for m in models]))
    out.p2 = np.log(sum(s * np.exp(m.bigram(out.key2 >> SHIFT, out.key2 & MASK)) for m, s in zip(models, shares)))
    out.key3 = np.unique(np.concatenate([m.key3 for m in models]))
    out.p3 = np.log(sum(s * np.exp(m.trigram(out.key3 >> SHIFT, out.key3 & MASK)) for m, s in zip(models, shares)))
    out.fill_back_off()
    return out


def _loss(p, lower, back_off, starts, group, history):
    """Stolcke's relative entropy of leaving out each listed gram; all in logarithms but `history`."""
    e, el = np.exp(p), np.exp(lower)
    left = np.maximum(1 - np.add.reduceat(e, starts), 1e-6)[group]
    left_lower = np.maximum(1 - np.add.reduceat(el, starts), 1e-6)[group]
    new = np.log((left + e) / (left_lower + el))
    return -history * (e * (lower + new - p) + left * (new - back_off[group]))


def losses(model):
    """Of each listed pair and triple: what leaving it out costs (relative change of perplexity, about)."""
    ab = model.key3 >> SHIFT
    contexts, starts, group = _groups(ab)
    prior = np.exp(model.uni)
    prior[model.bos] = prior[model.eos]
    a, b = (contexts >> SHIFT), (contexts & MASK)
    history = prior[a.astype(np.int64)] * np.exp(model.bigram(a, b))
    lower = model.bigram(ab & MASK, model.key3 & MASK)
    loss3 = _loss(model.p3, lower, model.bo2, starts, group, history[group])
    a = model.key2 >> SHIFT
    names, starts, group = _groups(a)
    lower = model.uni[(model.key2 & MASK).astype(np.int64)]
    loss2 = _loss(model.p2, lower, model.bo1[names.astype(np.int64)], starts, group, prior[a.astype(np.int64)])
    return loss2, loss3


def kept(model, lost, threshold):
    """Which pairs and triples stay: those that lose more than the threshold, and the pairs that triples need."""
    keep3 = lost[1] > threshold
    contexts = _groups(model.key3[keep3] >> SHIFT)[0] if keep3.any() else model.key3[:0]
    keep2 = lost[0] > threshold
    keep2[np.searchsorted(model.key2, contexts)] = True
    return keep2, keep3, len(contexts)


def prune(model, lost, threshold):
    """Leave out the grams whose loss is below the threshold."""
    out = Model(model.vocabulary)
    out.uni = model.uni
    keep, keep3, _ = kept(model, lost, threshold)
    out.key3, out.p3 = model.key3[keep3], model.p3[keep3]
    out.key2, out.p2 = model.key2[keep], model.p2[keep]
    out.fill_back_off()
    return out


def codebook(values, size=255):
    """Quantile codebook: (table of 256 floats, codes below `size`). Code 255 stays free: the look-ahead keeps code + 1
    in a byte."""
    if len(values) == 0:
        return np.zeros(256, np.float32), np.zeros(0, np.uint8)
    order = np.sort(values)
    cuts = np.unique(order[np.linspace(0, len(order) - 1, size + 1).astype(np.int64)])
    inner = cuts[1:-1]
    codes = np.searchsorted(inner, values, side="right")
    sums = np.bincount(codes, values, minlength=size)
    n = np.maximum(np.bincount(codes, minlength=size), 1)
    return np.pad((sums / n).astype(np.float32), (0, 256 - size)), codes.astype(np.uint8)


def tensors(model, name):
    """name -> array as stored (see docs/internals/asr.md), and the model with its values quantised."""
    v = model.vocabulary + 2
    prefix = f"ngram.{name}."
    t2, q2 = codebook(model.p2)
    t3, q3 = codebook(model.p3)
    tb, qb = codebook(model.bo2)
    uni = np.clip(np.round(model.uni * 1024), -32767, 32767).astype(np.int16)
    bo1 = np.clip(np.round(model.bo1 * 1024), -32767, 32767).astype(np.int16)
    first2 = np.searchsorted(model.key2 >> SHIFT, np.arange(v + 1, dtype=np.uint64))
    firstc = np.searchsorted(model.ctx >> SHIFT, np.arange(v + 1, dtype=np.uint64))
    first3 = np.searchsorted(model.key3 >> SHIFT, model.ctx)
    out = {
        "unigram": uni, "back_off": bo1,
        "bigram.first": first2.astype(np.int32), "bigram.word": (model.key2 & MASK).astype(np.uint16).view(np.int16),
        "bigram.code": q2.view(np.int8), "bigram.table": t2,
        "context.first": firstc.astype(np.int32), "context.word": (model.ctx & MASK).astype(np.uint16).view(np.int16),
        "context.code": qb.view(np.int8), "context.table": tb,
        "context.trigram": np.append(first3, len(model.key3)).astype(np.int32),
        "trigram.word": (model.key3 & MASK).astype(np.uint16).view(np.int16), "trigram.code": q3.view(np.int8),
        "trigram.table": t3,
    }
    stored = Model(model.vocabulary)
    stored.uni, stored.bo1 = uni / 1024.0, bo1 / 1024.0
    stored.key2, stored.p2 = model.key2, t2[q2].astype(np.float64)
    stored.key3, stored.p3 = model.key3, t3[q3].astype(np.float64)
    stored.ctx, stored.bo2 = model.ctx, tb[qb].astype(np.float64)
    return {prefix + k: a for k, a in out.items()}, stored
