"""The voice's acoustic features, shared by preparation, training and evaluation.

A frame is 256 samples of 24 kHz sound. Its features are BANDS log envelope values sampled on the mel
scale (natural log of power, so that a filter with that power response shapes a unit-variance excitation),
the natural log of the fundamental frequency, a voicing value in 0..1 and three band aperiodicities.
"""
import numpy as np

RATE = 24000
HOP = 256
FFT = 1024
BANDS = 80
AP_CENTRES = (1500.0, 4500.0, 8000.0)  # Hz
F0_FLOOR, F0_CEIL = 90.0, 420.0
PHONES = ("SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW "
          "V W Y Z ZH").split()
PHONE_ID = {p: i for i, p in enumerate(PHONES)}
VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


def hz_to_mel(f):
    return 2595.0 * np.log10(1.0 + np.asarray(f, np.float64) / 700.0)


def mel_to_hz(m):
    return 700.0 * (10.0 ** (np.asarray(m, np.float64) / 2595.0) - 1.0)


def band_centres():
    """Centres in Hz of the envelope's bands: equally spaced in mel, the last one at the Nyquist frequency."""
    return mel_to_hz(np.linspace(hz_to_mel(40.0), hz_to_mel(RATE / 2), BANDS))


def envelope_matrix():
    """(BANDS, FFT/2+1) triangular averaging weights, each row summing to one; narrow bands interpolate."""
    freqs = np.arange(FFT // 2 + 1) * RATE / FFT
    centres = hz_to_mel(band_centres())
    step = centres[1] - centres[0]
    weights = np.maximum(0.0, 1.0 - np.abs(hz_to_mel(freqs)[None, :] - centres[:, None]) / step)
    for i, c in enumerate(band_centres()):
        if weights[i].sum() < 1.0:
            weights[i] = np.maximum(0.0, 1.0 - np.abs(freqs - c) / (RATE / FFT))
    return weights / weights.sum(1, keepdims=True)


def bin_positions():
    """For each FFT bin, its fractional index on the band axis (clamped): the inverse of envelope_matrix."""
    freqs = np.arange(FFT // 2 + 1) * RATE / FFT
    centres = hz_to_mel(band_centres())
    return np.clip((hz_to_mel(freqs) - centres[0]) / (centres[1] - centres[0]), 0, BANDS - 1)
