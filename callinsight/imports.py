"""Libraries that import a heavy one along just because it is there."""

from __future__ import annotations

import importlib
import sys


def keep_out(heavy: str, *, of: str) -> None:
    """Import the module `of` as if the library `heavy`, which it can do without, were not there.

    Others may import it later. Nothing is done where either is imported already.
    """
    if heavy in sys.modules or of in sys.modules:
        return
    sys.modules[heavy] = None  # type: ignore[assignment]  # so an import of it fails
    try:
        importlib.import_module(of)
    finally:
        del sys.modules[heavy]
