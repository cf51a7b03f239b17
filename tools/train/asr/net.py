"""The streaming phoneme encoder: a factorised time-delay net on 30 ms frames.

README.md beside this file holds the equations and the layout of the exported file.
"""
from dataclasses import dataclass, field

import biphone
import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Shape:
    """What fixes the net's tensors and its look-ahead."""
    mel: int = 80
    subsampling: int = 3
    input_left: int = 4  # mel frames before frame 3 i
    input_right: int = 3  # mel frames after it
    width: int = 512
    bottleneck: int = 128
    final: int = 256
    left_class: list = field(default_factory=lambda: biphone.table().tolist())
    residual: float = 0.66
    floor: float = -13.0
    left: list = field(default_factory=lambda: [1, 1, 2, 2, 1, 2, 2, 3, 3, 3, 3, 3])
    right: list = field(default_factory=lambda: [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])

    @property
    def lookahead(self):
        """Mel frames after frame 3 i that output i depends on."""
        return self.input_right + self.subsampling * sum(self.right)

    @property
    def rows(self):
        """How pairs of phones become outputs."""
        return biphone.Rows(self.left_class)


def shifted(x, offset):
    """x[t + offset] for x of (batch, time, channel), zero outside."""
    if offset == 0:
        return x
    if offset < 0:
        return F.pad(x, (0, 0, -offset, 0))[:, :offset]
    return F.pad(x, (0, 0, 0, offset))[:, offset:]


class Norm(nn.Module):
    """Batch norm without affine part over (batch, time, channel)."""

    def __init__(self, width):
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("var", torch.ones(width))

    def forward(self, x):
        if not self.training:
            return (x - self.mean.to(x.dtype)) * (self.var + 1e-3).rsqrt().to(x.dtype)
        y = F.batch_norm(x.reshape(-1, x.shape[-1]), self.mean, self.var, None, None, True, 0.05,
                         1e-3)
        return y.view_as(x)


class Block(nn.Module):
    """x <- residual * x + norm(relu(up . [z(t - left or t), z(t + right or t)])), z = down . ..."""

    def __init__(self, shape, left, right):
        super().__init__()
        self.left, self.right, self.residual = left, right, shape.residual
        self.down = nn.Linear(2 * shape.width, shape.bottleneck, bias=False)
        self.up = nn.Linear(2 * shape.bottleneck, shape.width)
        self.norm = Norm(shape.width)

    def halves(self, x):
        """`down` applied to the past and the present half of its input, before the shift: cheaper."""
        width = x.shape[-1]
        both = torch.cat((self.down.weight[:, :width], self.down.weight[:, width:]))
        return F.linear(x, both).chunk(2, -1)

    def forward(self, x, dropout=0.0):
        past, here = self.halves(x)
        z = shifted(past, -self.left) + here
        pair = (z, shifted(z, self.right)) if self.right else (shifted(z, -self.left), z)
        y = self.norm(F.relu(self.up(torch.cat(pair, -1))))
        if dropout > 0.0 and self.training:
            y = y * (1.0 + dropout * (2.0 * torch.rand(y.shape[0], 1, y.shape[2]) - 1.0)).to(y.dtype)
        return self.residual * x + y


class Encoder(nn.Module):
    """Log-mel (batch, frames, 80) to unnormalised scores (batch, ceil(frames / 3), rows of the output)."""

    def __init__(self, shape=None):
        super().__init__()
        self.shape = shape = shape or Shape()
        self.register_buffer("mel_mean", torch.zeros(shape.mel))
        self.register_buffer("mel_scale", torch.ones(shape.mel))
        context = shape.input_left + 1 + shape.input_right
        self.input = nn.Linear(context * shape.mel, shape.width)
        self.input_norm = Norm(shape.width)
        self.blocks = nn.ModuleList(
            Block(shape, left, right) for left, right in zip(shape.left, shape.right))
        self.final = nn.Linear(shape.width, shape.final)
        self.final_norm = Norm(shape.final)
        self.output = nn.Linear(shape.final, shape.rows.size)

    def normalise(self, mel):
        """Floor, mean and scale of the mel input."""
        return (mel.clamp(min=self.shape.floor) - self.mel_mean) * self.mel_scale

    def forward(self, mel, dropout=0.0):
        shape = self.shape
        x = self.normalise(mel)
        spare = -x.shape[1] % shape.subsampling
        x = F.pad(x, (0, 0, shape.input_left, spare + shape.input_right))
        context = shape.input_left + 1 + shape.input_right
        x = x.unfold(1, context, shape.subsampling).transpose(2, 3).flatten(2)
        x = self.input_norm(F.relu(self.input(x)))
        for block in self.blocks:
            x = block(x, dropout)
        return self.output(self.final_norm(F.relu(self.final(x))))

    @torch.no_grad()
    def log_posteriors(self, mel):
        """What a stream gives for one whole utterance (frames, 80): the end is fed silence."""
        count = -(-len(mel) // self.shape.subsampling)
        rest = self.mel_mean.expand(self.shape.lookahead + 3, -1)
        scores = self(torch.cat((mel, rest))[None])[0, :count]
        return scores.float().log_softmax(-1)
