"""Random numbers with an address.

Every random choice in the program is made by a generator derived from what it is for
(`derive(seed, scenario, "patient", turn)`), so that it is the same in every process, on every machine and in
any order of execution. Nothing here knows what the numbers are used for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def digest(*address: object) -> bytes:
    """Hash an address, 32 bytes; parts are told apart by a separator that none may contain."""
    return hashlib.sha256("\x1f".join(map(str, address)).encode()).digest()


def derive(*address: object) -> np.random.Generator:
    """Give the generator that lives at this address."""
    import numpy as np  # most of the program wants a digest, and a screen need not wait for numpy

    return np.random.Generator(np.random.PCG64(int.from_bytes(digest(*address)[:16], "big")))


def uniform(*address: object) -> float:
    """Give one number in [0, 1) that belongs to this address; cheaper than a generator for a single draw."""
    return int.from_bytes(digest(*address)[:7], "big") / 2**56
