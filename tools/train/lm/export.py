"""Writes the F16 GGUF and the reference the C tests compare with; reads weights back.

    export.py --work DIR --out assets/models/lm-f16.gguf [--ref tests/data]
"""

import argparse
import os
import struct
import sys

import numpy as np
import torch

import bpe
import decode
from lmformat import ID, N_CONTROL, N_USED_CONTROL, TOOLS, VOCAB, prompt_ids
from model import LanguageModel

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))
from gguf_writer import GgufWriter  # noqa: E402

REQUESTS = ["set a timer for five minutes", "what's twelve times seven", "wake me up at half past six tomorrow",
            "how many cups are in two gallons", "hello linnet", "who wrote the odyssey"]
TEXTS = [" set a pasta timer for five minutes", " what's the square root of eighty-one?", " 7:30  3.5 2+2\n\nxy",
         "Hello, I'm Linnet.  How can I help you?", " don't   stop we'll I'd ''s a's",
         " caf\u00e9 na\u00efve \u20ac5", "", " ", "antidisestablishmentarianism"]


def write(model, tok, path, turn=None):
    """Write the file; `turn` is the head of turn.py."""
    s = model.shape
    w = GgufWriter("llama")
    w.add_string("general.name", "linnet-lm")
    w.add_u32("general.file_type", 1)
    for key, value in (("context_length", s.context), ("embedding_length", s.width), ("block_count", s.layers),
                       ("feed_forward_length", s.ffn), ("attention.head_count", s.heads),
                       ("attention.head_count_kv", s.kv_heads), ("rope.dimension_count", s.head_size),
                       ("vocab_size", s.vocab)):
        w.add_u32("llama." + key, value)
    w.add_f32("llama.attention.layer_norm_rms_epsilon", s.eps)
    w.add_f32("llama.rope.freq_base", s.rope_base)
    w.add_string("tokenizer.ggml.model", "gpt2")
    w.add_string("tokenizer.ggml.pre", "gpt-2")
    w.add_strings("tokenizer.ggml.tokens", tok.tokens)
    w.add_strings("tokenizer.ggml.merges", [f"{a} {b}" for a, b in tok.merges])
    w.add_i32s("tokenizer.ggml.token_type",
               [3] * N_USED_CONTROL + [5] * (N_CONTROL - N_USED_CONTROL) + [1] * (VOCAB - N_CONTROL))
    w.add_u32("tokenizer.ggml.bos_token_id", ID["bos"])
    w.add_u32("tokenizer.ggml.eos_token_id", ID["end"])
    w.add_u32("tokenizer.ggml.padding_token_id", ID["pad"])
    w.add_bool("tokenizer.ggml.add_bos_token", False)
    w.add_bool("tokenizer.ggml.add_space_prefix", False)
    w.add_strings("linnet.tools", [" ".join([t] + a) for t, a in TOOLS.items()])
    for name, t in (turn or {}).items():
        w.add_f32s("linnet.turn." + name, t.flatten().tolist())
    for name, t in model.state_dict().items():
        w.add_tensor(name, t.numpy(), "F16" if t.ndim == 2 else "F32")
    w.write(path)


def read_weights(path, model=None):
    """Loads the F16/F32 tensors of an exported file into the model; returns the tokenizer's merges."""
    data = open(path, "rb").read()
    at = 8

    def take(fmt):
        nonlocal at
        v = struct.unpack_from("<" + fmt, data, at)
        at += struct.calcsize("<" + fmt)
        return v[0]

    def text():
        nonlocal at
        n = take("Q")
        at += n
        return data[at - n:at].decode()

    sizes = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            item, n = take("I"), take("Q")
            return [value(item) for _ in range(n)]
        return take(sizes[kind])

    n_tensors, n_kv = take("Q"), take("Q")
    keys = {}
    for _ in range(n_kv):
        key = text()
        keys[key] = value(take("I"))
    table = []
    for _ in range(n_tensors):
        name, dims = text(), take("I")
        ne = [take("Q") for _ in range(dims)]
        table.append((name, ne[::-1], take("I"), take("Q")))
    merges = [tuple(m.split(" ")) for m in keys["tokenizer.ggml.merges"]]
    if model is None:
        return merges
    base = -(-at // 32) * 32
    state = {}
    for name, shape, kind, offset in table:
        a = np.frombuffer(data, {0: "<f4", 1: "<f2"}[kind], int(np.prod(shape)), base + offset)
        state[name] = torch.from_numpy(a.reshape(shape).astype(np.float32))
    model.load_state_dict(state)
    return merges


def reference(model, tok, path):
    """Prompts, their logits, 16 plain greedy tokens, and the answers under the grammar."""
    w = GgufWriter("linnet-test")
    w.add_u32("lm.cases", len(REQUESTS))
    for k, request in enumerate(REQUESTS):
        ids = prompt_ids(tok, request)
        greedy = list(ids)
        for _ in range(16):
            greedy.append(int(decode.logits_after(model, greedy).argmax()))
        w.add_string(f"lm.{k}.request", request)
        w.add_i32s(f"lm.{k}.prompt", ids)
        w.add_i32s(f"lm.{k}.greedy", greedy[len(ids):])
        got, _ = decode.answer(model, tok, request)
        flat = got[0]
        if got[0] == "reply":
            flat = f"reply\t{got[1]}"
        elif got[0] != "cloud":
            flat = "\t".join([got[0]] + [f"{a}={v}" for a, v in got[1]])
        w.add_string(f"lm.{k}.answer", flat)
        with torch.no_grad():
            rows = model(torch.tensor([ids]))[0].numpy()
        w.add_tensor(f"lm.{k}.logits", rows if k == 0 else rows[-1:])
    w.add_u32("lm.texts", len(TEXTS))
    for k, t in enumerate(TEXTS):
        w.add_string(f"lm.text.{k}", t)
        w.add_i32s(f"lm.text.{k}.ids", tok.encode(t) if t else [])
    w.write(path)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--work", required=True)
    ap.add_argument("--checkpoint", default="cooldown.pt")
    ap.add_argument("--out", required=True)
    ap.add_argument("--ref", help="folder for lm_ref.gguf")
    args = ap.parse_args()
    torch.set_num_threads(1)
    tok = bpe.Tokenizer.load(os.path.join(args.work, "merges.txt"))
    model = LanguageModel().eval()
    ck = torch.load(os.path.join(args.work, args.checkpoint), weights_only=True)
    model.load_state_dict(ck["model"])
    write(model, tok, args.out)
    again = LanguageModel().eval()
    assert read_weights(args.out, again) == tok.merges
    if args.ref:
        reference(again, tok, os.path.join(args.ref, "lm_ref.gguf"))
    print(f"{args.out}: {os.path.getsize(args.out)} bytes after {ck['state']['tokens']} tokens of this phase")


if __name__ == "__main__":
    main()
