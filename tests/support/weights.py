"""The tensors of a safetensors file as bytes, without numpy (which has no bfloat16) and torch."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import NamedTuple


class Tensor(NamedTuple):
    """One tensor: safetensors dtype such as `BF16`, shape, and its little-endian numbers."""

    dtype: str
    shape: list[int]
    data: bytes


def load(file: Path) -> dict[str, Tensor]:
    """Return the tensors of `file` by name."""
    content = file.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    found = {}
    for name, each in header.items():
        if name != "__metadata__":
            first, end = each["data_offsets"]
            data = content[start + first : start + end]
            found[name] = Tensor(each["dtype"], each["shape"], data)
    return found


def save(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write `tensors` to `file`."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, (dtype, shape, data) in tensors.items():
        end = offset + len(data)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(each.data for each in tensors.values())
    file.write_bytes(len(text).to_bytes(8, "little") + text + data)


def fill(file: Path, name: str, value: float) -> None:
    """Replace all numbers of a tensor in bfloat16 by one."""
    tensors = load(file)
    upper_half = struct.pack("<f", value)[2:]
    data = upper_half * (len(tensors[name].data) // 2)
    save(file, tensors | {name: tensors[name]._replace(data=data)})
