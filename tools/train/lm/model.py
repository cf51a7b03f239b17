"""Llama architecture in PyTorch: RMSNorm, adjacent-pair RoPE, grouped-query attention, SwiGLU."""

import dataclasses

import torch
import torch.nn.functional as F
from torch import nn

from lmformat import VOCAB


@dataclasses.dataclass
class Shape:
    vocab: int = VOCAB
    width: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 768
    context: int = 512
    eps: float = 1e-5
    rope_base: float = 10000.0

    @property
    def head_size(self):
        return self.width // self.heads


def rope_tables(shape):
    half = torch.arange(0, shape.head_size, 2, dtype=torch.float64) / shape.head_size
    angle = torch.outer(torch.arange(shape.context, dtype=torch.float64), shape.rope_base ** -half)
    return angle.cos().float(), angle.sin().float()


def rotate(x, cos, sin):
    """x: (batch, heads, time, head_size); pairs are (0,1), (2,3), ..."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2).to(x.dtype)


class Block(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        kv = s.kv_heads * s.head_size
        self.attn_norm = nn.RMSNorm(s.width, s.eps)
        self.attn_q = nn.Linear(s.width, s.width, bias=False)
        self.attn_k = nn.Linear(s.width, kv, bias=False)
        self.attn_v = nn.Linear(s.width, kv, bias=False)
        self.attn_output = nn.Linear(s.width, s.width, bias=False)
        self.ffn_norm = nn.RMSNorm(s.width, s.eps)
        self.ffn_gate = nn.Linear(s.width, s.ffn, bias=False)
        self.ffn_up = nn.Linear(s.width, s.ffn, bias=False)
        self.ffn_down = nn.Linear(s.ffn, s.width, bias=False)

    def forward(self, x, cos, sin, mask, drop):
        s = self.s
        b, t, _ = x.shape
        y = self.attn_norm(x)
        q = self.attn_q(y).view(b, t, s.heads, -1).transpose(1, 2)
        k = self.attn_k(y).view(b, t, s.kv_heads, -1).transpose(1, 2)
        v = self.attn_v(y).view(b, t, s.kv_heads, -1).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        n = s.heads // s.kv_heads
        k, v = k.repeat_interleave(n, 1), v.repeat_interleave(n, 1)
        # Spelt out: on short rows the fused kernel's backward pass costs a fifth of a training step.
        score = q @ k.transpose(-1, -2) * s.head_size ** -0.5 + mask
        a = torch.softmax(score, -1).to(v.dtype) @ v
        x = x + drop(self.attn_output(a.transpose(1, 2).reshape(b, t, -1)))
        y = self.ffn_norm(x)
        return x + drop(self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y)))


class LanguageModel(nn.Module):
    def __init__(self, shape=None, dropout=0.0):
        super().__init__()
        self.shape = shape or Shape()
        self.token_embd = nn.Embedding(self.shape.vocab, self.shape.width)
        self.blk = nn.ModuleList(Block(self.shape) for _ in range(self.shape.layers))
        self.output_norm = nn.RMSNorm(self.shape.width, self.shape.eps)
        self.drop = nn.Dropout(dropout)
        cos, sin = rope_tables(self.shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.apply(self._init)
        for b in self.blk:
            for m in (b.attn_output, b.ffn_down):
                nn.init.normal_(m.weight, std=0.03 / (2 * self.shape.layers) ** 0.5)

    @staticmethod
    def _init(m):
        if isinstance(m, (nn.Linear, nn.Embedding)):
            nn.init.normal_(m.weight, std=0.03)

    def hidden(self, ids):
        """ids (batch, time) -> normalised states (batch, time, width)."""
        t = ids.shape[1]
        x = self.drop(self.token_embd(ids))
        mask = torch.full((t, t), float("-inf")).triu(1)
        for b in self.blk:
            x = b(x, self.cos[:t], self.sin[:t], mask, self.drop)
        return self.output_norm(x)

    def forward(self, ids):
        return F.linear(self.hidden(ids), self.token_embd.weight)
