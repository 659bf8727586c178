"""Sizes as people write them."""

from __future__ import annotations

import numpy as np
import pytest

from rnncalc.sizes import DTYPES, byte_count, size


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (128, 128),
        (128.0, 128),
        ("128", 128),
        ("1_000", 1_000),
        ("10k", 10_000),
        ("10K", 10_000),
        ("1.5M", 1_500_000),
        ("2B", 2_000_000_000),
        ("1e3", 1_000),
        ("1E+3", 1_000),
        (" 10k ", 10_000),
        ("010", 10),
        ("0.5k", 500),
        ("1.000", 1),
    ],
)
def test_a_size_is_what_it_looks_like(written: object, meant: int) -> None:
    assert size(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2MiB", 2 * 1024 * 1024),
        ("500KB", 500_000),
        ("500kB", 500_000),
        ("1KiB", 1024),
        ("1.5KiB", 1536),
        ("1B", 1),
        ("2GiB", 2 * 1024**3),
        ("1TB", 10**12),
        ("7", 7),
        ("450k", 450_000),
    ],
)
def test_bytes_have_decimal_and_binary_units(written: str, meant: int) -> None:
    assert size(written, unit="bytes") == meant


def test_a_b_is_a_billion_scalars_but_one_byte() -> None:
    assert (size("2B"), size("2B", unit="bytes")) == (2_000_000_000, 2)


def test_the_largest_size_is_exact() -> None:
    assert size("9223372036854775807") == size(2**63 - 1) == 9223372036854775807


@pytest.mark.parametrize("value", ["9223372036854775808", 2**63, 10**30, "1e400", 0, -1, "0", "-0", "-5", "-10k"])
def test_a_size_beyond_the_range_is_told_the_range(value: object) -> None:
    with pytest.raises(ValueError, match=r"out of range; a whole number from 1 to 2\^63 - 1 is needed"):
        size(value)


@pytest.mark.parametrize("value", [1.5, "1.5", "1.2345k", 0.5, "0.0001k"])
def test_a_fraction_of_one_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        size(value)


@pytest.mark.parametrize(
    "value",
    [
        "10x",
        "",
        " ",
        "k",
        "NaN",
        "inf",
        "1__0",
        "_1",
        "1_",
        "1,000",
        "10m",
        "1:30",
        "2MiB",
        "one",
        "1e-1",
        "--1",
        "10kk",
    ],
)
def test_what_is_no_size_is_told_what_to_write(value: str) -> None:
    with pytest.raises(ValueError, match=r"not a size; write a whole number such as 128, 1_000, 10k or 1\.5M"):
        size(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_float_that_is_no_number_is_no_size(value: float) -> None:
    with pytest.raises(ValueError, match="not a size"):
        size(value)


@pytest.mark.parametrize("value", [True, False, None, [128], {"units": 128}, b"128", 1j])
def test_other_types_are_no_sizes(value: object) -> None:
    with pytest.raises(ValueError, match="not a number; write a whole number such as 128 or 10k"):
        size(value)


def test_the_unit_of_the_other_kind_is_refused_with_an_example_of_the_right_one() -> None:
    with pytest.raises(ValueError, match="such as 2MiB or 500KB"):
        size("1M2", unit="bytes")


def test_a_limit_may_be_nothing() -> None:
    assert size(0, least=0) == size("0", least=0) == 0


@pytest.mark.parametrize("value", ["9" * 5_000_000, "1" + "_0" * 100_000, ["x" * 1_000_000]])
def test_a_huge_value_gives_a_short_message(value: object) -> None:
    with pytest.raises(ValueError, match="not a") as error:
        size(value)
    assert len(str(error.value)) < 200


def test_an_int_of_thousands_of_digits_is_out_of_range() -> None:
    with pytest.raises(ValueError, match="out of range"):
        size(10**5000)


@pytest.mark.parametrize("value", ["１２８", "٣", "1２"])
def test_a_size_is_written_in_ascii_digits(value: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        size(value)


@pytest.mark.parametrize("value", [np.int64(3), np.uint8(3), np.float32(3), np.array(3)])
def test_a_number_of_numpy_is_a_number(value: object) -> None:
    assert size(value) == 3
    assert type(size(value)) is int


def test_a_truth_value_of_numpy_is_no_number() -> None:
    with pytest.raises(ValueError, match="true is not a number"):
        size(np.True_)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float64", 56), ("float32", 28), ("bfloat16", 14), ("float16", 14), ("int8", 7), ("int4", 4)],
)
def test_seven_scalars_take_the_bytes_of_their_dtype(dtype: str, expected: int) -> None:
    assert byte_count(7, dtype) == expected  # int4: 28 bits are three and a half bytes, so four


@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes_are_exact_beyond_every_machine_word(dtype: str) -> None:
    assert byte_count(8 * 10**40, dtype) == DTYPES[dtype] * 10**40
