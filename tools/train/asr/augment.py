"""Batched augmentation of log-mel features: pace, vocal tract, channel, noise, masks."""
import math

import numpy as np
import torch
from torch.nn import functional as F

import mel


def uniform(shape, low, high, generator):
    """Uniform random numbers."""
    return low + (high - low) * torch.rand(shape, generator=generator)


def warped_bins(scale):
    """Source bin (fractional) of each bin when frequencies are multiplied by `scale` (batch,)."""
    to_mel = lambda hz: 2595.0 * torch.log10(1.0 + hz / 700.0)
    low, high = (to_mel(torch.tensor(hz)) for hz in (mel.LOW_HZ, mel.HIGH_HZ))
    step = (high - low) / (mel.BINS + 1)
    centres = low + step * torch.arange(1, mel.BINS + 1)
    hz = 700.0 * (10.0 ** (centres / 2595.0) - 1.0)
    return ((to_mel(hz[None] * scale[:, None]) - low) / step - 1.0).clamp(0, mel.BINS - 1)


def warp(values, lengths, labels, strength, generator):
    """Change pace (up to 12 %) and formants (up to 14 %) at once; labels follow."""
    batch, longest, bins = values.shape
    pace = 1.0 + strength * uniform(batch, -0.12, 0.12, generator)
    tract = 1.0 + strength * uniform(batch, -0.14, 0.14, generator)
    new = (lengths / pace).long()
    time = torch.arange(int(new.max()))[None] * pace[:, None]
    time = torch.minimum(time, (lengths - 1)[:, None].float())
    place = torch.stack(torch.broadcast_tensors(
        warped_bins(tract)[:, None] * (2.0 / (bins - 1)) - 1.0,
        time[:, :, None] * (2.0 / max(1, longest - 1)) - 1.0), -1)
    out = F.grid_sample(values[:, None], place, "bilinear", "border", True)[:, 0]
    return out, new, labels.gather(1, time.round().long().clamp(max=longest - 1))


def channel(batch, strength, generator):
    """A smooth random equaliser and a gain, ln units, (batch, 1, bins)."""
    place = torch.linspace(0, math.pi, mel.BINS)[None, :, None] * torch.arange(1, 6)
    weight = torch.randn((batch, 1, 5), generator=generator) * 0.5 * strength
    gain = uniform((batch, 1), -5.0, 2.0, generator) * strength
    return ((torch.cos(place) * weight).sum(-1) + gain)[:, None]


def narrow_band(batch, strength, generator):
    """What a tenth or so lose above 4 kHz, ln units, (batch, 1, bins)."""
    narrow = torch.rand((batch, 1), generator=generator) < 0.15 * strength
    depth = uniform((batch, 1), 6.0, 14.0, generator)
    cut = depth * torch.sigmoid((torch.arange(mel.BINS)[None] - 59.5) / 1.0)
    return (narrow * cut)[:, None]


def loudness(values):
    """ln of the mean power of the louder half of the frames, (batch, 1, 1)."""
    power = values.logsumexp(-1)
    keep = max(1, power.shape[1] // 2)
    return power.topk(keep, 1).values.logsumexp(1)[:, None, None] - math.log(keep)


class Noises:
    """Pieces of noise, as features, to be added under speech."""

    def __init__(self, work):
        path = work / "noise.mel"
        self.values = np.memmap(path, np.float16, "r").reshape(-1, mel.BINS)

    def draw(self, batch, frames, generator):
        """A random piece for each utterance."""
        limit = len(self.values) - frames
        starts = torch.randint(limit, (batch,), generator=generator).tolist()
        pieces = np.stack([self.values[start:start + frames] for start in starts])
        return torch.from_numpy(pieces.astype(np.float32))


def add_noise(values, noises, strength, generator):
    """Noise at 0 to 25 dB under most utterances, a faint even floor under all."""
    batch, frames, _ = values.shape
    snr = uniform((batch, 1, 1), 0.0, 25.0, generator) + 60.0 * (
        torch.rand((batch, 1, 1), generator=generator) > 0.6 * strength)
    noise = noises.draw(batch, frames, generator)
    level = loudness(values)
    gain = level - loudness(noise) - snr * (math.log(10.0) / 10.0)
    floor = level - uniform((batch, 1, 1), 9.0, 22.0, generator)
    return torch.logaddexp(torch.logaddexp(values, noise + gain), floor.expand_as(values) - 3.0)


def masks(values, strength, fill, generator):
    """Two bands and two stretches of time hidden behind the mean."""
    batch, frames, bins = values.shape
    hidden = torch.zeros((batch, frames, bins), dtype=torch.bool)
    for axis, size, widest in ((2, bins, 16), (2, bins, 16), (1, frames, 20), (1, frames, 20)):
        width = (torch.rand((batch, 1), generator=generator) * widest * strength).long()
        start = (torch.rand((batch, 1), generator=generator) * (size - width)).long()
        place = torch.arange(size)[None]
        inside = (place >= start) & (place < start + width)
        hidden |= inside[:, None, :] if axis == 2 else inside[:, :, None]
    return torch.where(hidden, fill, values)


def augment(values, lengths, labels, noises, fill, strength, generator):
    """All of it; returns features, lengths and labels."""
    values, lengths, labels = warp(values, lengths, labels, strength, generator)
    values = values + channel(len(values), strength, generator)
    values = add_noise(values, noises, strength, generator)
    values = values - narrow_band(len(values), strength, generator)
    return masks(values, strength, fill, generator), lengths, labels
