"""The acoustic model: phones -> encoder -> durations; frames (phone state + place in phone) -> decoder -> features.

Everything is a matmul over shifted copies of rows, so that the C twin (models/tts/tts_net.c) needs no convolution.
A decoder row stands for PAIR frames. Outputs a frame: BANDS normalised envelope values, normalised log F0,
voicing logit, three aperiodicity logits.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from features import BANDS
from linguistics import COLUMNS

WIDTH = 256
HIDDEN = 384
ENCODER_BLOCKS = 4
DILATIONS = (1, 2, 1, 2, 1, 2)
PAIR = 2
PLACE = 32
OUT = BANDS + 5


def shifted(x, reach, dilation=1):
    """(B, T, C) -> (B, T, (2 reach + 1) C): the rows around each row, zeros beyond the ends."""
    pad = reach * dilation
    t = x.shape[1]
    padded = F.pad(x, (0, 0, pad, pad))
    return torch.cat([padded[:, i * dilation: i * dilation + t] for i in range(2 * reach + 1)], -1)


class Block(nn.Module):
    """x + W2 relu(W1 [norm(x) at t-d, t, t+d])."""

    def __init__(self, width, hidden, reach, dilation, dropout):
        super().__init__()
        self.reach, self.dilation = reach, dilation
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear((2 * reach + 1) * width, hidden)
        self.down = nn.Linear(hidden, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask):
        h = F.relu(self.up(shifted(self.norm(x) * mask, self.reach, self.dilation)))
        return x + self.drop(self.down(h))


def place_features(index, length):
    """(…) frame index in its phone and the phone's length -> (…, PLACE)."""
    index, length = index.float(), length.float()
    frac = (index + 0.5) / length
    bumps = torch.relu(1.0 - (frac[..., None] * 13.0 - torch.arange(14.0)).abs())
    steps = torch.arange(8.0)
    head = (torch.clamp(index, max=7.0)[..., None] == steps).float()
    tail = (torch.clamp(length - 1 - index, max=7.0)[..., None] == steps).float()
    return torch.cat([bumps, head, tail, torch.log(length)[..., None] / 3.0, torch.ones_like(frac)[..., None]], -1)


class Acoustic(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.ModuleList(nn.Embedding(n, WIDTH) for n in COLUMNS)
        self.encoder = nn.ModuleList(Block(WIDTH, HIDDEN, 2, 1, 0.1) for _ in range(ENCODER_BLOCKS))
        self.encoder_norm = nn.LayerNorm(WIDTH)
        self.duration_up = nn.Linear(3 * WIDTH, WIDTH)
        self.duration_out = nn.Linear(WIDTH, 1)
        self.place = nn.Linear(PAIR * PLACE, WIDTH, bias=False)
        self.decoder = nn.ModuleList(Block(WIDTH, HIDDEN, 1, d, 0.0) for d in DILATIONS)
        self.drop = nn.Dropout(0.1)
        self.decoder_norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, PAIR * OUT)
        for e in self.embed:
            nn.init.normal_(e.weight, std=0.3)
        self.register_buffer("mean", torch.zeros(OUT))
        self.register_buffer("std", torch.ones(OUT))
        self.register_buffer("duration_stats", torch.tensor([2.0, 0.6]))

    def encode(self, ids, mask):
        """ids (B, P, 6), mask (B, P, 1) -> states (B, P, WIDTH), normalised log durations (B, P)."""
        x = sum(e(ids[..., i]) for i, e in enumerate(self.embed))
        for block in self.encoder:
            x = block(x, mask)
        x = self.encoder_norm(x) * mask
        return x, self.duration_out(F.relu(self.duration_up(shifted(x, 1))))[..., 0]

    def decode(self, states, place, mask):
        """states (B, T, WIDTH) encoder rows repeated, place (B, T, PLACE), T even -> (B, T, OUT)."""
        b, t, _ = states.shape
        rows = states.reshape(b, t // PAIR, PAIR, WIDTH).mean(2)
        x = self.drop(rows + self.place(place.reshape(b, t // PAIR, PAIR * PLACE)))
        mask = mask[:, ::PAIR]
        for block in self.decoder:
            x = block(x, mask)
        return self.out(self.decoder_norm(x)).reshape(b, t, OUT)

    def forward(self, ids, phone_mask, phone_of_frame, place, frame_mask):
        states, durations = self.encode(ids, phone_mask)
        frames = torch.gather(states, 1, phone_of_frame[..., None].expand(-1, -1, WIDTH))
        return self.decode(frames, place, frame_mask), durations
