"""Build the recogniser's lexicon and language models: `python build.py --work DIR --data DIR --out FILE`.

Reads the texts that corpora.py wrote and cmudict, writes one GGUF (`linnet-asr-lm`) with the word list, the prefix
tree and two trigrams: "general" for transcription and "assistant" for requests. Prints the perplexity of
held-out text before and after pruning.
"""

import argparse
import collections
import pathlib
import sys
import time

import numpy as np

import lexicon
import ngram

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
from gguf_writer import GgufWriter  # noqa: E402

STARTED = time.time()
TYPES = {"int8": "I8", "int16": "I16", "int32": "I32", "float32": "F32"}


def say(*what):
    print(f"[{time.time() - STARTED:6.0f} s]", *what, flush=True)


def word_counts(path):
    counter = collections.Counter()
    for line in open(path, encoding="utf-8"):
        counter.update(line.split())
    return counter


def vocabulary(args):
    """Word list and pronunciations."""
    known = lexicon.read_cmudict(args.data / "text_speech/speech/cmudict/cmudict.dict")
    required = word_counts(args.work / "assistant.txt")
    required = collections.Counter({w: n for w, n in required.items() if n >= args.min_assistant})
    if args.pronounce:
        unknown = [w for w, n in required.items() if n >= args.min_guess and not lexicon.pronunciations(w, known)]
        known.update(lexicon.guess(unknown, args.pronounce, args.text))
    missing = [(n, w) for w, n in required.items() if not lexicon.pronunciations(w, known)]
    say(f"{len(missing)} assistant words without a pronunciation, e.g.", sorted(missing, reverse=True)[:30])
    more = collections.Counter(dict.fromkeys(args.old_words, 1))
    for name, weight in (("general.txt", 2), ("books.txt", 1)):
        if not args.old_words and (args.work / name).exists():
            for word, n in word_counts(args.work / name).items():
                more[word] += weight * n
    if args.pronounce:
        common = args.old_words or [w for w, n in more.most_common(2 * args.words) if n >= args.min_guess_general]
        known.update(lexicon.guess([w for w in common if not lexicon.pronunciations(w, known)], args.pronounce, args.text))
    words = lexicon.choose(required, more, known, args.words)
    said = [lexicon.pronunciations(w, known) for w in words]
    say(f"{len(words)} words, {sum(map(len, said))} pronunciations")
    return words, said


def read_old(path):
    """Words and tensors of a finished file (needs the package gguf)."""
    from gguf import GGUFReader

    tensor = {t.name: np.array(t.data) for t in GGUFReader(path).tensors}
    return tensor["lexicon.text"].tobytes().decode().split("\0")[:-1], tensor


def train(names, args, index):
    streams = [ngram.ids_of(args.work / n, index) for n in names if (args.work / n).exists()]
    counts = ngram.count(streams, len(index))
    say(names, f"{sum(map(len, streams)) / 1e6:.1f} M tokens, grams {len(counts[1][0])} {len(counts[2][0])}")
    return counts


def drop_rare(counts, least):
    """Without triples seen fewer times than `least`: they would be pruned anyway."""
    c1, two, (key3, c3) = counts
    keep = c3 >= least
    return c1, two, (key3[keep], c3[keep])


def fit(model, size, label):
    """Prune until the listed grams take about `size` bytes."""
    low, high = -9.5, -6.0
    lost = ngram.losses(model)
    for _ in range(12):
        middle = (low + high) / 2
        pairs, triples, contexts = ngram.kept(model, lost, 10**middle)
        taken = 3 * pairs.sum() + 3 * triples.sum() + 7 * contexts
        low, high = (middle, high) if taken > size else (low, middle)
        if abs(taken / size - 1) < 0.01:
            break
    best = ngram.prune(model, lost, 10**middle)
    say(f"{label}: threshold 1e{middle:.2f}, {len(best.key2)} pairs, {len(best.ctx)} contexts, {len(best.key3)} triples, {taken / 1e6:.2f} MB")
    return best


def report(model, args, index, label):
    for path in sorted(args.work.glob("dev_*.txt")):
        perplexity, unknown = model.perplexity(ngram.ids_of(path, index))
        say(f"  {label} on {path.stem}: perplexity {perplexity:.1f}, unknown {100 * unknown:.2f} %")


def write(args, words, said, models):
    gguf = GgufWriter("linnet-asr-lm")
    gguf.add_u32("linnet-asr-lm.words", len(words))
    gguf.add_strings("linnet-asr-lm.models", list(models))
    text = "".join(w + "\0" for w in words).encode()
    arrays = {"lexicon.text": np.frombuffer(text, np.int8), **lexicon.Tree(said).tensors()}
    for name, model in models.items():
        arrays.update(ngram.tensors(model, name)[0])
    for name, array in arrays.items():
        gguf.add_tensor(name, array, TYPES[array.dtype.name])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    gguf.write(str(args.out))
    say(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with the unpacked data sets")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder that corpora.py filled")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--words", type=int, default=50000)
    parser.add_argument("--min-assistant", type=int, default=1)
    parser.add_argument("--pronounce", help="program tools/bench/pronounce, for words outside cmudict")
    parser.add_argument("--text", default="assets/text/en-us.gguf", help="the voice's lexicon, for --pronounce")
    parser.add_argument("--min-guess", type=int, default=6, help="least count of an assistant word worth guessing")
    parser.add_argument("--min-guess-general", type=int, default=15, help="the same of a word of the general texts")
    parser.add_argument("--general-size", type=float, default=8.5e6, help="bytes")
    parser.add_argument("--assistant-size", type=float, default=3.5e6, help="bytes")
    parser.add_argument("--general-from", help="take the general model of this finished file (minutes saved)")
    parser.add_argument("--general-share", type=float, default=0.25, help="of the general model in the assistant's")
    args = parser.parse_args()
    args.old_words, tensor = read_old(args.general_from) if args.general_from else ([], {})
    words, said = vocabulary(args)
    index = {w: i for i, w in enumerate(words)}
    assistant = ngram.estimate(train(["assistant.txt"], args, index), len(words))
    report(assistant, args, index, "assistant alone")
    models = {}
    if args.general_from:
        models["general"] = ngram.stored(tensor, "general", args.old_words, index)
        report(models["general"], args, index, "general, as it was")
        mixture = ngram.mix([assistant, models["general"]], [1 - args.general_share, args.general_share])
    elif (args.work / "general.txt").exists():
        counts = train(["general.txt", "books.txt"], args, index)
        general = ngram.estimate(drop_rare(counts, 2 if len(counts[2][0]) > 5_000_000 else 1), len(words))
        del counts
        report(general, args, index, "general, all grams")
        pruned = fit(general, args.general_size, "general")
        report(pruned, args, index, "general, pruned")
        small = fit(general, 2 * args.assistant_size, "general for the mixture")
        del general
        mixture = ngram.mix([assistant, small], [1 - args.general_share, args.general_share])
        models["general"] = pruned
    else:
        mixture = assistant
    models["assistant"] = fit(mixture, args.assistant_size, "assistant")
    report(models["assistant"], args, index, "assistant, mixed and pruned")
    for model in models.values():
        report(ngram.tensors(model, "x")[1], args, index, "quantised")
    write(args, words, said, models)


if __name__ == "__main__":
    main()
