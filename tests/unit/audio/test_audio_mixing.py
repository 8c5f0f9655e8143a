"""Two voices in one."""

from array import array

import pytest

from offhook.audio.mixing import mixed


def samples(*values: int) -> bytes:
    """Of these values."""
    return array("h", values).tobytes()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((1, -2, 3), (10, 20, -30), (11, 18, -27)),
        ((30_000, -30_000, 5), (30_000, -30_000, 5), (32_767, -32_768, 10)),
        ((0, 0, 0), (7, 0, -7), (7, 0, -7)),
        ((7, 0, -7), (0, 0, 0), (7, 0, -7)),
        ((), (), ()),
    ],
)
def test_they_are_added_and_held_within_16_bits(
    one: tuple[int, ...], other: tuple[int, ...], both: tuple[int, ...]
) -> None:
    """Silence on one side leaves the other as it is."""
    assert mixed(samples(*one), samples(*other)) == samples(*both)


def test_lengths_must_agree() -> None:
    """Nothing is left out in silence."""
    with pytest.raises(ValueError, match="cannot be mixed"):
        mixed(samples(1), samples(1, 2))
