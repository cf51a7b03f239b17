"""The wake and voice-activity net: a causal time-delay net over log-mel frames.

One step for every two frames (20 ms). Step s sees frames up to 2s+1; nothing looks ahead. Histories start at zero in the
normalised domain, so a stream's first step needs no special case.

  stem    x0[s] = relu(W [f(2s-2) f(2s-1) f(2s) f(2s+1)] + b)          f = (max(mel, floor) - mean) * scale
  block   x' [s] = x[s] + relu(W [x[s-2d] x[s-d] x[s]] + b)            d = the block's dilation
  head    logits[s] = W x[s] + b                                       speech, then one per word
  memory  h[s] = GRU(x[s], h[s-1]); speech logit += w h[s]             gates reset, update, new, as PyTorch's GRU

The words see 1.36 s; the memory lets voice activity know what the room sounds like. Everything is a matrix over concatenated steps:
rows of 320, 192 and 64, so that int8 blocks of 32 fit.
"""
import torch
import torch.nn.functional as F
from torch import nn

BANDS, STEM, STRIDE, TAPS = 80, 4, 2, 3
CHANNELS = 64
MEMORY = 64
DILATIONS = (1, 2, 4, 8, 2, 4, 8, 4)
# Frames quieter than this say nothing that 16-bit sound could carry reliably, so they are all the same silence.
FLOOR = -12.0


def shifted(x, taps, dilation):
    """[B, S, C] -> [B, S, taps * C]: each step with the ones `dilation` apart before it, oldest first."""
    span, n = (taps - 1) * dilation, x.shape[1]
    x = F.pad(x, (0, 0, span, 0))
    return torch.cat([x[:, k * dilation:k * dilation + n] for k in range(taps)], 2)


def add_speech(logits, speech):
    return torch.cat([logits[:, :, :1] + speech, logits[:, :, 1:]], 2)


class Layer(nn.Module):
    """relu of a normalised matrix product; the norm folds into matrix and bias at export."""

    def __init__(self, width, channels):
        super().__init__()
        self.linear = nn.Linear(width, channels, bias=False)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x):
        y = self.linear(x)
        return F.relu(self.norm(y.reshape(-1, y.shape[2])).reshape(y.shape))

    def folded(self):
        k = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        return self.linear.weight * k[:, None], self.norm.bias - self.norm.running_mean * k


class WakeNet(nn.Module):
    """[batch, frames, 80] log-mel -> [batch, frames // 2, 1 + words] logits, speech first."""

    def __init__(self, words=2, channels=CHANNELS, dilations=DILATIONS):
        super().__init__()
        self.register_buffer("mean", torch.zeros(BANDS))
        self.register_buffer("scale", torch.ones(BANDS))
        self.dilations = dilations
        self.stem = Layer(STEM * BANDS, channels)
        self.blocks = nn.ModuleList(Layer(TAPS * channels, channels) for _ in dilations)
        self.head = nn.Linear(channels, 1 + words)
        nn.init.normal_(self.head.weight, std=0.05)
        nn.init.constant_(self.head.bias, -2.0)
        self.memory = nn.GRU(channels, MEMORY, batch_first=True)
        self.speech = nn.Linear(MEMORY, 1, bias=False)
        self.folded = False   # weights of a file: the norms are in the matrices already and must stay still
        nn.init.zeros_(self.speech.weight)

    def train(self, mode=True):
        super().train(mode)
        if self.folded:
            for layer in [self.stem, *self.blocks]:
                layer.norm.eval()
        return self

    def features(self, mel):
        x = (mel.clamp(min=FLOOR) - self.mean) * self.scale
        x = F.pad(x, (0, 0, STEM - STRIDE, 0))
        n = (x.shape[1] - STEM) // STRIDE + 1
        x = torch.cat([x[:, k:k + STRIDE * (n - 1) + 1:STRIDE] for k in range(STEM)], 2)
        x = self.stem(x)
        for block, dilation in zip(self.blocks, self.dilations):
            x = x + block(shifted(x, TAPS, dilation))
        return x

    def forward(self, mel, state=None):
        """(logits, the memory's last state [batch, MEMORY])"""
        x = self.features(mel)
        with torch.autocast("cpu", enabled=False):
            x = x.float()
            h, last = self.memory(x, None if state is None else state[None])
            return add_speech(self.head(x), self.speech(h)), last[0]


def field():
    """Frames of history a step can see."""
    return STEM + STRIDE * (TAPS - 1) * sum(DILATIONS)
