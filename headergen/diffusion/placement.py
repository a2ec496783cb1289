"""Lay a model's parts on the hardware: in which precision, order and company they fit. Pure.

Memory is predicted as the weights that a stage holds, plus what the work itself takes. A
prediction that is too low ends in a crash and one that is too high in a refusal, so allowances are
rounded up; where memory runs out all the same, `attempts` goes on down the list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from headergen.diffusion.families import smallest
from headergen.diffusion.families.family import Family, Model
from headergen.errors import PlacementError
from headergen.wording import gigabytes

# Bytes of one element of a safetensors dtype.
_ELEMENT_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "I8": 1, "U8": 1}
_COMPUTE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

# RAM of the worker beside weights: Python, torch and the CUDA runtime's host side. The first two
# were measured (0.5 GB); the rest is an allowance, untried.
_LIBRARIES_BYTES = 1_500_000_000
# One tensor on its way from the file to the device: the largest is an embedding table or an FFN.
_IN_TRANSIT_BYTES = 800_000_000

# What is kept free of VRAM beside a prediction where any placement leaves it free: 5% and 0.3 GB,
# for the desktop and fragments. An allowance: no real card was at hand.
_VRAM_MARGIN_FACTOR = 1.05
_VRAM_MARGIN_BYTES = 300_000_000

BITS = ("", "8bit", "4bit")


@dataclass(frozen=True)
class Part:
    """One part of a checkpoint that bears weights: bytes on disk by safetensors dtype.

    A `quantized` part takes in memory what it takes on disk, whatever the compute dtype.
    """

    name: str
    bytes_by_dtype: Mapping[str, int]
    quantized: bool = False

    @property
    def parameters(self) -> int:
        """How many numbers the part holds."""
        return sum(
            size // _ELEMENT_BYTES.get(dtype, 1) for dtype, size in self.bytes_by_dtype.items()
        )


@dataclass(frozen=True)
class Hardware:
    """The device to paint on, and the RAM beside it; VRAM is None on a CPU.

    `capability` is CUDA's compute capability, (7, 5) for Turing, (8, 9) for Ada. `bfloat16` says
    whether the device computes in it natively, `quantizable` whether the library that quantises
    is there. `card` is the name of the GPU.
    """

    device: str
    vram_free_bytes: int | None
    ram_available_bytes: int
    capability: tuple[int, int] | None
    bfloat16: bool
    quantizable: bool = True
    card: str | None = None


@dataclass(frozen=True)
class Placement:
    """How a model's parts are laid on the hardware.

    `stages` are the parts on the device together, in order. `quantization` maps parts that are
    quantised while loading to `8bit` or `4bit`. Peaks are predictions.
    """

    device: str
    dtype: str
    stages: tuple[tuple[str, ...], ...]
    vae_tiling: bool
    peak_ram_bytes: int
    peak_vram_bytes: int
    quantization: Mapping[str, str] = field(default_factory=dict)

    @property
    def bits(self) -> str | None:
        """The `8bit` or `4bit` of all parts that are quantised while loading."""
        return next(iter(self.quantization.values()), None)

    def describe(self) -> str:
        """Say in a line where the model is, in what precision and stages, and what it takes."""
        how = [f"on {self.device} in {self.dtype}"]
        if self.bits:
            bits = self.bits.removesuffix("bit")
            how.append(f"{' and '.join(self.quantization)} in {bits} bits")
        if len(self.stages) > 1:
            how.append(f"in {len(self.stages)} stages")
        if self.vae_tiling:
            how.append("decoding by tiles")
        needs = f"{gigabytes(self.peak_ram_bytes)} of RAM"
        if self.peak_vram_bytes:
            needs = f"{gigabytes(self.peak_vram_bytes)} of VRAM and {needs}"
        return f"{', '.join(how)}; needs about {needs}"


def ladder(
    model: Model,
    parts: Sequence[Part],
    hardware: Hardware,
    render_size: tuple[int, int],
    *,
    dtype: str | None = None,
    name: str | None = None,
) -> tuple[Placement, ...]:
    """List placements of `model`, the best that fits first and below it what to try after it.

    `render_size` is in px. `dtype` replaces the precision that would be chosen, and `name` what
    messages call the model.

    Raises:
        PlacementError: None fits; says what is short by how much.
    """
    every = list(candidates(model, parts, hardware, render_size, dtype))
    for has_room in (_fits_with_margin, _fits):
        for at, each in enumerate(every):
            if has_room(each, hardware):
                return tuple(every[at:])
    raise _nothing_fits(name or model.name, every, hardware)


def _fits(placement: Placement, hardware: Hardware) -> bool:
    return not shortage(placement, hardware)


def _fits_with_margin(placement: Placement, hardware: Hardware) -> bool:
    """Return whether a placement fits though its prediction of VRAM is a little too low."""
    wanted = int(placement.peak_vram_bytes * _VRAM_MARGIN_FACTOR) + _VRAM_MARGIN_BYTES
    free = hardware.vram_free_bytes
    return _fits(placement, hardware) and (free is None or wanted <= free)


def candidates(
    model: Model,
    parts: Sequence[Part],
    hardware: Hardware,
    render_size: tuple[int, int],
    dtype: str | None = None,
) -> Iterator[Placement]:
    """List every placement of `model` by preference, whether it fits or not.

    Not quantised comes before 8 bit and 4 bit; the VAE whole before by tiles, because tiles change
    the picture and stages don't; fewer stages before more.
    """
    dtype = dtype or compute_dtype(model, hardware)
    for bits in BITS if hardware.quantizable else BITS[:1]:
        for tiling in (False, True):
            for stages in _stagings(model.family, parts):
                yield _placement(model, parts, hardware, render_size, dtype, bits, stages, tiling)


def compute_dtype(model: Model, hardware: Hardware) -> str:
    """Choose the precision of the computation: the model's own where the device has it.

    A CPU hardly knows float16 and takes bfloat16. Turing (compute capability 7.5) has no bfloat16:
    torch emulates it, correctly but slowly. A model that is published in bfloat16 may overflow in
    float16, so emulation it is, and its weights stay small; unless the family can be clamped.
    """
    family = model.family
    if hardware.device == "cpu":
        return "bfloat16"
    if family.clamps and family.dtype == "bfloat16" and not hardware.bfloat16:
        return "float16"
    return family.dtype


def safer_dtype(model: Model, dtype: str, hardware: Hardware) -> str | None:
    """Choose a precision with a wider range or more digits than `dtype`, if there is one."""
    if dtype == "float16" and (hardware.bfloat16 or model.family.dtype == "bfloat16"):
        return "bfloat16"
    return "float32" if dtype != "float32" else None


def _stagings(family: Family, parts: Sequence[Part]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """All at once; encoders apart; each role apart."""
    by_role = {
        role: tuple(part.name for part in parts if family.role(part.name) == role)
        for role in ("encoder", "denoiser", "decoder")
    }
    encoders, denoiser, decoder = by_role.values()
    yield (encoders + denoiser + decoder,)
    yield (encoders, denoiser + decoder)
    yield (encoders, denoiser, decoder)


def _placement(
    model: Model,
    parts: Sequence[Part],
    hardware: Hardware,
    render_size: tuple[int, int],
    dtype: str,
    bits: str,
    stages: tuple[tuple[str, ...], ...],
    tiling: bool,
) -> Placement:
    family = model.family
    quantization = {
        part.name: bits
        for part in parts
        if bits and not part.quantized and family.role(part.name) != "decoder"
    }
    named = {part.name: part for part in parts}
    pixels = render_size[0] * render_size[1]
    held = max(
        sum(_weight_bytes(family, named[name], dtype, quantization) for name in stage)
        + max(_work_bytes(family, name, dtype, pixels, tiling) for name in stage)
        for stage in stages
    )
    in_ram = _LIBRARIES_BYTES + _host_bytes(family, stages, named, hardware, dtype, quantization)
    on_cpu = hardware.device == "cpu"
    if on_cpu:
        in_ram += max(_work_bytes(family, part.name, dtype, pixels, tiling) for part in parts)
    return Placement(
        device=hardware.device,
        dtype=dtype,
        stages=stages,
        vae_tiling=tiling,
        quantization=quantization,
        peak_ram_bytes=in_ram,
        peak_vram_bytes=0 if on_cpu else held,
    )


def _weight_bytes(family: Family, part: Part, dtype: str, quantization: Mapping[str, str]) -> int:
    """What a part's weights take on the device."""
    if part.quantized:
        return sum(part.bytes_by_dtype.values())
    if bits := quantization.get(part.name):
        return int(part.parameters * family.quantized_bytes[part.name][bits])
    # A VAE that overflows in float16 is loaded in float32 (`force_upcast`).
    wide = family.role(part.name) == "decoder" and dtype == "float16"
    return part.parameters * (4 if wide else _COMPUTE_BYTES[dtype])


def _work_bytes(family: Family, part: str, dtype: str, pixels: int, tiling: bool) -> int:
    """What the work of the part named `part` takes beside weights."""
    role, size = family.role(part), _COMPUTE_BYTES[dtype]
    if role == "encoder":
        return family.encode_bytes
    if role == "denoiser":
        return family.denoise_bytes * pixels * size // 2
    size = 4 if dtype == "float16" else size
    return (family.decode_tiled_bytes if tiling else family.decode_bytes) * pixels * size // 2


def _host_bytes(
    family: Family,
    stages: tuple[tuple[str, ...], ...],
    named: Mapping[str, Part],
    hardware: Hardware,
    dtype: str,
    quantization: Mapping[str, str],
) -> int:
    """What loading takes in RAM: on a CPU what a stage holds, else one tensor on its way.

    A part that is on disk in the very dtype is mapped and not copied. It counts all the same: every
    step reads all of it, and from the disk if the RAM does not hold it.
    """
    if hardware.device != "cpu":
        return _IN_TRANSIT_BYTES
    held = {name: _weight_bytes(family, part, dtype, quantization) for name, part in named.items()}
    return max(sum(held[name] for name in stage) for stage in stages)


def shortage(placement: Placement, hardware: Hardware) -> dict[str, int]:
    """Say which memory is short, by how many bytes."""
    short = {"RAM": placement.peak_ram_bytes - hardware.ram_available_bytes}
    if hardware.vram_free_bytes is not None:
        short["VRAM"] = placement.peak_vram_bytes - hardware.vram_free_bytes
    return {kind: size for kind, size in short.items() if size > 0}


def _nothing_fits(name: str, every: Sequence[Placement], hardware: Hardware) -> PlacementError:
    """Tell of the placement that comes nearest."""
    nearest = min(every, key=lambda each: sum(shortage(each, hardware).values()))
    short = shortage(nearest, hardware)
    needs = {"RAM": nearest.peak_ram_bytes, "VRAM": nearest.peak_vram_bytes}
    words = " and ".join(
        f"{gigabytes(needs[kind])} of {kind}, {gigabytes(size)} more than is free"
        for kind, size in short.items()
    )
    advice = ["close other programs"]
    if not hardware.quantizable:
        advice.append("install sdnq beside torch, with which headergen quantises the model")
    if "VRAM" in short:
        advice.append("set a smaller image.width and image.height")
    advice.append(f"choose {smallest().name}, the smallest model")
    return PlacementError(
        f"{name} does not fit on this machine: it needs at least {words}",
        remedy="choose one:\n" + "\n".join(f"- {each}" for each in advice),
    )
