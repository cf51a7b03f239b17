"""The encoder as GGUF tensors and metadata, batch norm folded; README.md describes the result."""
import numpy as np
import torch

import phones
from gguf_writer import GgufWriter
from net import Encoder, Shape

ARCH = "linnet-asr"


def folded(linear, norm):
    """Weight, bias and shift such that norm(relu(linear(x))) = relu(W x + b) + shift."""
    scale = (norm.var + 1e-3).rsqrt()
    return linear.weight * scale[:, None], linear.bias * scale, -norm.mean * scale


def tensors(net, prior, trigram):
    """Name -> float32 array; matrices are (out, in)."""
    out = {"input.mean": net.mel_mean, "input.scale": net.mel_scale}
    out["input.weight"], out["input.bias"], out["input.shift"] = folded(net.input, net.input_norm)
    for number, block in enumerate(net.blocks):
        name = f"blk.{number}."
        out[name + "down.weight"] = block.down.weight
        up = folded(block.up, block.norm)
        out[name + "up.weight"], out[name + "up.bias"], out[name + "shift"] = up
    out["final.weight"], out["final.bias"], out["final.shift"] = folded(net.final, net.final_norm)
    out["output.weight"], out["output.bias"] = net.output.weight, net.output.bias
    out = {name: value.detach().float().numpy() for name, value in out.items()}
    out["output.prior"] = np.asarray(prior, np.float32)
    out["phone_trigram"] = np.asarray(trigram, np.float32).reshape(-1, len(phones.PHONES))
    return out


def metadata(shape, scale):
    """Key -> value for everything the tensors do not say; `scale` is the suggested acoustic one."""
    return {
        f"{ARCH}.mel_bins": shape.mel,
        f"{ARCH}.subsampling": shape.subsampling,
        f"{ARCH}.input_left": shape.input_left,
        f"{ARCH}.input_right": shape.input_right,
        f"{ARCH}.width": shape.width,
        f"{ARCH}.bottleneck": shape.bottleneck,
        f"{ARCH}.final": shape.final,
        f"{ARCH}.block_count": len(shape.left),
        f"{ARCH}.block_left": list(shape.left),
        f"{ARCH}.block_right": list(shape.right),
        f"{ARCH}.lookahead": shape.lookahead,
        f"{ARCH}.residual_scale": float(shape.residual),
        f"{ARCH}.input_floor": float(shape.floor),
        f"{ARCH}.acoustic_scale": float(scale),
        f"{ARCH}.phones": list(phones.PHONES),
    } | ({} if shape.rows.count == 1 else {
        f"{ARCH}.left_classes": shape.rows.count,
        f"{ARCH}.left_class": list(shape.left_class),
    })


def write(path, net, prior, trigram, scale, name):
    """Write the F16 GGUF: matrices F16, everything else F32."""
    writer = GgufWriter(ARCH)
    writer.add_string("general.name", name)
    for key, value in metadata(net.shape, scale).items():
        if isinstance(value, float):
            writer.add_f32(key, value)
        elif isinstance(value, int):
            writer.add_u32(key, value)
        elif isinstance(value[0], str):
            writer.add_strings(key, value)
        else:
            writer.add_i32s(key, value)
    for tensor, value in tensors(net, prior, trigram).items():
        writer.add_tensor(tensor, value, "F16" if value.ndim == 2 else "F32")
    writer.write(path)


def write_reference(path, net, mel):
    """A test vector: u32 frames, u32 bins, f32 mel, u32 outputs, u32 rows, f32 log-posteriors."""
    mel = np.ascontiguousarray(mel, np.float32)
    scores = net.log_posteriors(torch.from_numpy(mel)).numpy()
    with open(path, "wb") as file:
        for table in (mel, scores):
            np.asarray(table.shape, "<u4").tofile(file)
            table.astype("<f4").tofile(file)


def round_weights(net):
    """The net with its folded matrices rounded to F16, norms folded: what the file holds."""
    flat = Encoder(net.shape).eval()
    flat.load_state_dict(net.state_dict())
    with torch.no_grad():
        for linear, norm in [(flat.input, flat.input_norm), (flat.final, flat.final_norm)] + [
                (block.up, block.norm) for block in flat.blocks]:
            weight, bias, shift = folded(linear, norm)
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
            norm.mean.copy_(-shift)
            norm.var.fill_(1.0 - 1e-3)
        for parameter in flat.parameters():
            if parameter.ndim == 2:
                parameter.copy_(parameter.half().float())
    return flat


def table_of(path):
    """Name -> float32 tensor of an exported file."""
    import gguf
    return {tensor.name: torch.from_numpy(tensor.data.astype(np.float32))
            for tensor in gguf.GGUFReader(path).tensors}


def shape_of(path):
    """The shape of an exported file."""
    import gguf
    fields = gguf.GGUFReader(path).fields
    value = {key.split(".", 1)[1]: item.contents() for key, item in fields.items()
             if key.startswith(ARCH)}
    names = ("width", "bottleneck", "final", "subsampling", "input_left", "input_right")
    return Shape(mel=value["mel_bins"], residual=value["residual_scale"], floor=value["input_floor"],
                 left=list(value["block_left"]), right=list(value["block_right"]),
                 left_class=list(value.get("left_class", [0] * len(phones.PHONES))),
                 **{name: value[name] for name in names})


def read(path):
    """The encoder of an exported file (its folded norms become fixed shifts)."""
    net, table = Encoder(shape_of(path)).eval(), table_of(path)
    pairs = [("input", net.input, net.input_norm), ("final", net.final, net.final_norm)]
    pairs += [(f"blk.{n}", block.up, block.norm) for n, block in enumerate(net.blocks)]
    with torch.no_grad():
        net.mel_mean.copy_(table["input.mean"])
        net.mel_scale.copy_(table["input.scale"])
        for number, block in enumerate(net.blocks):
            block.down.weight.copy_(table[f"blk.{number}.down.weight"])
        net.output.weight.copy_(table["output.weight"])
        net.output.bias.copy_(table["output.bias"])
        for name, linear, norm in pairs:
            kind = name + ".up" if name.startswith("blk") else name
            linear.weight.copy_(table[kind + ".weight"])
            linear.bias.copy_(table[kind + ".bias"])
            norm.mean.copy_(-table[name + ".shift"])
            norm.var.fill_(1.0 - 1e-3)
    return net


def prior_of(path):
    """The prior of an exported file."""
    return table_of(path)["output.prior"]
