"""The kernels that this build holds, by name, and which one runs.

>>> nad.simd.supported()
['avx512', 'avx2', 'baseline']
>>> nad.simd.force("avx2")  # or set the environment variable NAD_SIMD
>>> nad.simd.active()
'avx2'

Every kernel gives bit for bit the same scores.
"""

from __future__ import annotations

from nad import _core

__all__ = ["active", "compiled", "force", "supported"]


def compiled() -> list[str]:
    """All kernels in this build, best first."""
    return _core.simd_compiled()


def supported() -> list[str]:
    """Those that this processor can run, best first."""
    return _core.simd_supported()


def active() -> str:
    """The one that runs: the forced one, else the one that ``NAD_SIMD`` names, else the best supported."""
    return _core.simd_active()


def force(name: str) -> None:
    """Make a kernel run, for the whole process; ``"auto"`` goes back to the automatic choice."""
    _core.simd_force(name)
