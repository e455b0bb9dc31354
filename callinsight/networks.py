"""Networks on ONNX Runtime: one thread, so that the same input gives the same bytes."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NETWORK = "model.onnx"
NUMBERS = "model.onnx.data"  # its large tensors, so that they are mapped and not read


def open_network(folder: Path, *, arena: bool = False) -> Any:
    """The session of the network in a verified folder of weights.

    With an `arena` it keeps what its longest input took and takes no more, which is less where
    inputs are short; without one it gives back the memory of a long input.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = arena
    session = onnxruntime.InferenceSession(
        folder / NETWORK, options, providers=["CPUExecutionProvider"]
    )
    _give_back()
    return session


def _give_back() -> None:
    """Return to the system what loading has freed; only glibc keeps much of it."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim:
            trim(0)
