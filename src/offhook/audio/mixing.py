"""Two voices in one: samples added, and held where 16 bits end."""

from array import array
from operator import add

LOWEST, HIGHEST = -32768, 32767


def mixed(one: bytes, other: bytes) -> bytes:
    """The sum of two pieces of 16-bit little-endian samples of the same length. Raises ValueError otherwise."""
    if len(one) != len(other):
        raise ValueError(f"{len(one)} octets cannot be mixed with {len(other)}")
    if not other.strip(b"\0"):
        return one
    if not one.strip(b"\0"):
        return other
    return summed(memoryview(one).cast("h"), memoryview(other).cast("h"))


def summed(one: "array[int] | memoryview[int]", other: "array[int] | memoryview[int]") -> bytes:
    """The same of samples that are numbers already, as many in one as in the other."""
    sums = list(map(add, one, other))
    try:
        return array("h", sums).tobytes()
    except OverflowError:
        return array("h", (max(LOWEST, min(HIGHEST, value)) for value in sums)).tobytes()
