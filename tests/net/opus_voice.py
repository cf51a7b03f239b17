"""Opus packets from and to samples, by libopus itself through ctypes; speech by flite."""
import array
import ctypes
import ctypes.util
import pathlib
import subprocess
import wave

RATE_UP, RATE_DOWN, FRAME_MS = 16000, 24000, 20
APPLICATION_AUDIO = 2049

opus = ctypes.CDLL(ctypes.util.find_library("opus") or "libopus.so.0")
opus.opus_encoder_create.restype = opus.opus_decoder_create.restype = ctypes.c_void_p
opus.opus_encode.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int32]
opus.opus_decode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]


def encode(samples, rate=RATE_UP):
    """Packets of 20 ms of an array of 16-bit samples."""
    error = ctypes.c_int()
    encoder = opus.opus_encoder_create(rate, 1, APPLICATION_AUDIO, ctypes.byref(error))
    assert error.value == 0, f"libopus says {error.value}"
    frame, packets, packet = rate * FRAME_MS // 1000, [], ctypes.create_string_buffer(1275)
    for at in range(0, len(samples) - frame + 1, frame):
        piece = (ctypes.c_int16 * frame)(*samples[at:at + frame])
        size = opus.opus_encode(encoder, piece, frame, packet, 1275)
        assert size > 0, f"libopus says {size}"
        packets.append(packet.raw[:size])
    opus.opus_encoder_destroy(ctypes.c_void_p(encoder))
    return packets


def decode(packets, rate=RATE_DOWN):
    error = ctypes.c_int()
    decoder = opus.opus_decoder_create(rate, 1, ctypes.byref(error))
    frame, samples = rate * FRAME_MS // 1000, array.array("h")
    piece = (ctypes.c_int16 * frame)()
    for packet in packets:
        assert opus.opus_decode(decoder, packet, len(packet), piece, frame, 0) == frame
        samples.extend(piece)
    opus.opus_decoder_destroy(ctypes.c_void_p(decoder))
    return samples


def speak(text, folder, before_s=0.3, after_s=1.2):
    """16 kHz samples of a text in a voice that is not ours."""
    raw, path = pathlib.Path(folder) / "voice.wav", pathlib.Path(folder) / "voice16.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(raw)], check=True, capture_output=True)
    subprocess.run(["sox", str(raw), "-r", str(RATE_UP), "-c", "1", "-b", "16", str(path), "pad", str(before_s),
                    str(after_s)], check=True, capture_output=True)
    with wave.open(str(path)) as file:
        return array.array("h", file.readframes(file.getnframes()))
