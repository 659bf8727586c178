"""The errors of other tools, which were measured on real models, are not shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import rnncalc
from rnncalc.cell import recurrent
from rnncalc.report import ModelReport

DEPTH, UNITS, STEPS = 10, 128, 28
WEIGHTS = 4 * (DEPTH + UNITS) * UNITS  # the matrices of an LSTM
BIASES = 2 * 4 * UNITS  # PyTorch has two a gate


def report(entry: dict[str, Any], steps: int | None = STEPS, **top: Any) -> ModelReport:
    """The report of a PyTorch model of one layer over 10 numbers a step."""
    given = {"depth": DEPTH, **({"steps": steps} if steps else {})}
    return rnncalc.parse({"framework": "pytorch", "input": given, "layers": [entry], **top}).report()


def lstm(**options: Any) -> ModelReport:
    """The LSTM that the peers were measured on: `nn.LSTM(10, 128)` over 28 steps."""
    return report({"LSTM": {"hidden_size": UNITS, **options}})


def tied() -> ModelReport:
    """An embedding of 100 x 16 whose matrix is the decoder's, too."""
    layers = [{"embedding": {"vocab": 100, "depth": 16}}, {"Linear": {"out_features": 100, "tied_to": "embedding"}}]
    return rnncalc.parse({"framework": "pytorch", "input": {"steps": 7}, "layers": layers}).report()


def test_the_multiplications_of_a_sequence_are_those_of_its_matrices() -> None:
    assert lstm().macs == STEPS * 4 * (10 + 128) * 128 == 28 * 70_656 == 1_978_368


def test_biases_are_no_multiplications_as_torchinfo_has_them() -> None:
    torchinfo = STEPS * (WEIGHTS + BIASES)  # batched, 1.8.0
    assert torchinfo == 28 * 71_680 == 2_007_040
    macs = lstm().macs
    assert macs is not None
    assert torchinfo - macs == 28 * 2 * 4 * 128
    assert lstm(bias=False).macs == macs


def test_the_units_are_no_factor_as_in_torchinfo_for_unbatched_and_packed_input() -> None:
    torchinfo = 128 * 28 * 71_680
    assert torchinfo == 256_901_120
    macs = lstm().macs
    assert macs is not None
    assert macs < torchinfo // 100


def test_the_batch_is_no_factor_of_a_sequence(run: Callable[..., Any]) -> None:
    flags = ("lstm", "--input-depth", 10, "--units", 128, "--steps", 28, "--framework", "pytorch", "-f", "json")
    one, many = (json.loads(run(*flags, "--batch", batch).out) for batch in (1, 32))
    assert one["macs"] == many["macs"] == 1_978_368
    assert one["params"]["total"] == many["params"]["total"] == 71_680


def test_parameters_agree_with_torchinfo() -> None:
    assert lstm().params == WEIGHTS + BIASES == 71_680


def test_elementwise_work_is_no_multiplication_as_thop_has_it() -> None:
    thop = 2_035_712  # 0.1.1
    assert thop == 28 * 72_704
    assert WEIGHTS + BIASES + 8 * 128 == 72_704  # biases and elementwise work beside the matrices
    assert lstm().macs_per_step == WEIGHTS == 70_656


def test_a_projection_is_not_ignored_as_by_thop() -> None:
    gates, projection = 4 * (10 + 64) * 128, 128 * 64
    assert lstm(proj_size=64).macs_per_step == gates + projection == 46_080
    assert lstm(proj_size=64).macs == 28 * 46_080 == 1_290_240
    assert lstm(proj_size=64).macs != lstm().macs


def test_a_projection_has_fewer_parameters() -> None:
    assert lstm(proj_size=64).params == 4 * (10 + 64) * 128 + 2 * 4 * 128 + 128 * 64 == 47_104


def test_a_tied_decoder_is_not_counted_twice_as_by_torchinfo() -> None:
    torchinfo = 100 * 16 + (16 * 100 + 100)  # 1.8.0
    assert torchinfo == 3_300
    assert tied().params == 100 * 16 + 100 == 1_700


def test_a_tied_decoder_still_multiplies() -> None:
    assert tied().macs_per_step == 16 * 100
    assert tied().macs == 7 * 16 * 100


@pytest.mark.parametrize(("name", "gates"), [("RNN", 1), ("LSTM", 4), ("GRU", 3)])
def test_recurrent_layers_are_not_free_as_in_fvcore(name: str, gates: int) -> None:
    found = report({name: {"hidden_size": 128}})
    assert found.macs == 28 * gates * (10 + 128) * 128
    assert found.flops is not None
    assert found.flops > 2 * found.macs


@pytest.mark.parametrize("name", recurrent())
def test_no_cell_is_free(name: str) -> None:
    given = {"framework": "paper", "input": {"depth": 10, "steps": 28}, "layers": [{name: {"units": 128}}]}
    found = rnncalc.parse(given).report()
    assert found.macs is not None
    assert found.flops is not None
    assert found.macs >= 28 * (10 + 128) * 128
    assert found.flops > 2 * found.macs


def test_what_is_unknown_is_not_zero() -> None:
    unknown = report({"LSTM": {"hidden_size": 128}}, steps=None)
    assert (unknown.macs, unknown.flops) == (None, None)
    bare = report({"LSTM": {"hidden_size": 128}}, weights={"kernel": [3, 4]})
    assert (bare.macs, bare.macs_per_step, bare.flops, bare.flops_per_step) == (None, None, None, None)


def test_every_layer_and_direction_of_a_stack_multiplies() -> None:
    found = lstm(num_layers=2, bidirectional=True)
    below, above = 4 * (10 + 128) * 128, 4 * (2 * 128 + 128) * 128
    assert found.macs == 28 * 2 * (below + above)


def test_an_embedding_is_a_lookup_and_no_product_with_its_table() -> None:
    given = {"framework": "pytorch", "input": {"steps": 7}, "layers": [{"embedding": {"vocab": 100, "depth": 16}}]}
    found = rnncalc.parse(given).report()
    assert (found.params, found.macs, found.flops) == (1_600, 0, 0)


def test_a_convolution_multiplies_at_each_position_of_its_output() -> None:
    entry = {"Conv2d": {"out_channels": 32, "kernel_size": 3, "stride": 2, "padding": 1}}
    given = {"framework": "pytorch", "input": {"shape": [3, 28, 28]}, "layers": [entry]}
    assert rnncalc.parse(given).report().macs == 3 * 3 * 3 * 32 * 14 * 14
