"""A small writer of GGUF v3 files, the container of all our weights.

    w = GgufWriter("linnet-wake")
    w.add_u32("linnet-wake.frames", 40)
    w.add_strings("linnet-wake.words", ["jarvis", "computer"])
    w.add_tensor("conv.weight", weight, "F16")      # numpy [out][in] -> ne = {in, out}
    w.add_tensor("conv.bias", bias)                 # F32 unless told otherwise
    w.write("assets/models/wake-f16.gguf")

Tensors are numpy arrays (or anything np.asarray takes) in row-major order. Types: F32, F16, Q8_0 (quantised here),
I8, I16, I32 (for tables and raw blobs). Values are checked: no NaN or infinity, nothing beyond F16's range.
"""
import os
import struct

import numpy as np

ALIGNMENT = 32
TENSOR_TYPES = {"F32": 0, "F16": 1, "Q8_0": 8, "I8": 24, "I16": 25, "I32": 26}
_PLAIN = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "I16": np.int16, "I32": np.int32}
_U32, _I32, _F32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9


def quantize_q8_0(a):
    """Rows in blocks of 32: f16 scale, 32 x i8. Rounds half away from zero, as the C tool and ggml do."""
    a = np.ascontiguousarray(a, np.float32)
    if a.shape[-1] % 32:
        raise ValueError(f"Q8_0 rows must be a multiple of 32, got {a.shape}")
    blocks = a.reshape(-1, 32)
    d = np.abs(blocks).max(axis=1) / np.float32(127)
    inv = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d > 0)
    x = blocks * inv[:, None]
    q = (np.sign(x) * np.floor(np.abs(x) + np.float32(0.5))).astype(np.int8)
    out = np.empty((len(blocks), 34), np.uint8)
    out[:, :2] = d.astype(np.float16).reshape(-1, 1).view(np.uint8)
    out[:, 2:] = q.view(np.uint8)
    return out.tobytes()


def _string(s):
    b = s if isinstance(s, bytes) else s.encode("utf-8")
    return struct.pack("<Q", len(b)) + b


class GgufWriter:
    def __init__(self, architecture):
        self._entries = {}
        self._tensors = {}
        self.add_string("general.architecture", architecture)

    def _add(self, key, value_type, payload):
        if key in self._entries:
            raise ValueError(f"key {key!r} added twice")
        self._entries[key] = _string(key) + struct.pack("<I", value_type) + payload

    def add_u32(self, key, value):
        self._add(key, _U32, struct.pack("<I", value))

    def add_i32(self, key, value):
        self._add(key, _I32, struct.pack("<i", value))

    def add_f32(self, key, value):
        self._add(key, _F32, struct.pack("<f", value))

    def add_bool(self, key, value):
        self._add(key, _BOOL, struct.pack("<B", bool(value)))

    def add_string(self, key, value):
        self._add(key, _STRING, _string(value))

    def add_strings(self, key, values):
        values = list(values)
        head = struct.pack("<IQ", _STRING, len(values))
        self._add(key, _ARRAY, head + b"".join(map(_string, values)))

    def add_f32s(self, key, values):
        a = np.asarray(values, "<f4").ravel()
        self._add(key, _ARRAY, struct.pack("<IQ", _F32, a.size) + a.tobytes())

    def add_i32s(self, key, values):
        a = np.asarray(values, "<i4").ravel()
        self._add(key, _ARRAY, struct.pack("<IQ", _I32, a.size) + a.tobytes())

    def add_u32s(self, key, values):
        a = np.asarray(values, "<u4").ravel()
        self._add(key, _ARRAY, struct.pack("<IQ", _U32, a.size) + a.tobytes())

    def add_tensor(self, name, array, kind="F32"):
        a = np.asarray(array)
        if name in self._tensors:
            raise ValueError(f"tensor {name!r} added twice")
        if not 1 <= len(name.encode()) < 64 or not 1 <= a.ndim <= 4 or a.size == 0:
            raise ValueError(f"tensor {name!r}: name below 64 bytes, 1 to 4 dimensions, got shape {a.shape}")
        if kind == "Q8_0":
            data = quantize_q8_0(a)
        else:
            with np.errstate(over="ignore"):
                data = np.ascontiguousarray(a).astype(_PLAIN[kind])
            if kind in ("F32", "F16") and not np.isfinite(data).all():
                raise ValueError(f"tensor {name!r} holds values that are not finite as {kind}")
            if kind.startswith("I") and not np.array_equal(data, a):
                raise ValueError(f"tensor {name!r} does not fit into {kind}")
            data = data.tobytes()
        self._tensors[name] = (tuple(reversed(a.shape)), TENSOR_TYPES[kind], data)

    def add_blob(self, name, data):
        """Raw bytes as a vector of I8."""
        self.add_tensor(name, np.frombuffer(bytes(data), np.int8), "I8")

    def write(self, path):
        """Written beside and renamed, so that a reader never meets half a file."""
        head = [b"GGUF", struct.pack("<IQQ", 3, len(self._tensors), len(self._entries))]
        head += self._entries.values()
        offset = 0
        for name, (ne, kind, data) in self._tensors.items():
            head.append(_string(name) + struct.pack(f"<I{len(ne)}QIQ", len(ne), *ne, kind, offset))
            offset += -(-len(data) // ALIGNMENT) * ALIGNMENT
        head = b"".join(head)
        temporary = f"{path}.part"
        with open(temporary, "wb") as f:
            f.write(head + bytes(-len(head) % ALIGNMENT))
            for _, _, data in self._tensors.values():
                f.write(data + bytes(-len(data) % ALIGNMENT))
        os.replace(temporary, path)
