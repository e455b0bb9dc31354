"""Networks on ONNX Runtime: one thread, so that the same input gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NETWORK = "model.onnx"


def open_network(folder: Path) -> Any:
    """The session of the network in a verified folder of weights.

    Without an arena it gives back the memory of a long input.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        folder / NETWORK, options, providers=["CPUExecutionProvider"]
    )
