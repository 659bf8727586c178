"""Every framework and every class in it: each piece of the cell has one place, and finds its way back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.arrangement import Arrangement, LayoutError
from rnncalc.cell import Cell, find, names, recurrent
from rnncalc.errors import SpecError
from rnncalc.layer import Layer
from rnncalc.layout import Entry, Names, formula
from rnncalc.network import Model
from rnncalc.packing import pack, reads, unpack
from rnncalc.trace import POLICIES, Trace, trace
from tests import samples

pytestmark = pytest.mark.usefixtures("schema_agrees")

SIZES = {"input_depth": 5, "units": 7, "projection": 3}
CELLS = recurrent()
TYPES = tuple(name for name in (*names("rnncalc.cells"), *names("rnncalc.layers")) if name != "weights")


def cells_of(entry: Entry) -> list[Cell]:
    found = [cell for name in TYPES if (cell := find(name))]
    common = {each.cell for each in layouts.COMMON} if entry.cell == "*" else ()
    return [c for c in found if entry.cell in (c.base, "*") and c.base not in common and entry.has_rank(c.rank)]


def choices(entry: Entry, cell: Cell) -> Iterator[dict[str, Any]]:
    """All that a class lets one choose: flags both ways, sizes with and without."""
    values: dict[str, list[Any]] = {}
    for key, default in cell.options.items():
        if key in entry.fixed:
            values[key] = [entry.fixed[key]]
        elif (key in entry.free or entry.cell == "*") and isinstance(default, bool):
            values[key] = [False, True]
        elif (key in entry.free or entry.cell == "*") and cell.kinds[key] == "int | None":
            values[key] = [None, samples.SIZES[key]]
        elif isinstance(default, bool):
            values[key] = [default]
    for chosen in product(*values.values()):
        yield {key: value for key, value in zip(values, chosen) if value is not None}


def cases() -> Iterator[Any]:
    for framework in layouts.NAMES:
        for entry in layouts.find(framework).entries:
            for cell in cells_of(entry):
                for policy in entry.bias:
                    for options in choices(entry, cell):
                        name = cell.name if entry.cell == "*" else entry.class_name(cell.rank or 1)
                        told = "-".join([framework, name, policy, *(key for key, v in options.items() if v is True)])
                        yield pytest.param(framework, entry, cell, policy, options, id=told)


CASES = list(cases())
ARGUMENTS = ("framework", "entry", "cell", "policy", "options")
every_class = pytest.mark.parametrize(ARGUMENTS, CASES)
every_text = every_class


def built(framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]) -> Model:
    """A model of one layer of this class."""
    plain = cell.rank and not entry.named
    form = "" if "*" in entry.name or entry in layouts.COMMON or plain else entry.class_name(cell.rank or 1)
    if len(entry.bias) > 1:
        options = {**options, "bias": policy}
    own = {key: value for key, value in entry.fixed.items() if key in cell.required}
    spec = samples.model(framework, cell.name, form, **options, **own)
    if entry.equal_depths is False:
        spec["inputs"] = {"asked": spec.pop("input"), "told": {"depth": 3}}
        spec["layers"][0][form or cell.name]["inputs"] = ["asked", "told"]
    model = rnncalc.parse(spec)
    assert model.layers[0].entry == entry
    assert model.layers[0].policy == policy
    return model


def sizes_of(shape: Any, sizes: Mapping[str, int] = SIZES) -> tuple[int, ...]:
    return tuple(int(size.at(sizes)) for size in shape)


def pieces_of(traced: Trace, policy: str, sizes: Mapping[str, int] = SIZES) -> dict[tuple[str, str], Any]:
    random = np.random.default_rng(8)
    return {key: random.normal(size=sizes_of(piece.shape, sizes)) for key, piece in traced.pieces(policy).items()}


@every_class
def test_every_class_stores_each_piece_exactly_once(
    framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]
) -> None:
    layer = built(framework, entry, cell, policy, options).layers[0]
    tensors = (*layer.arrangement.tensors, *layer.arrangement.buffers)
    places = Counter((b.column.gate, b.term) for stored in tensors for b in stored.blocks if b.column.read)
    assert places == dict.fromkeys(layer.trace.pieces(policy), 1)


@every_class
def test_every_class_gives_back_the_pieces_that_were_packed(
    framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]
) -> None:
    layer = built(framework, entry, cell, policy, options).layers[0]
    sizes = layer.sizes[0]
    pieces = pieces_of(layer.trace, policy, sizes)
    back = {}
    for stored in (*layer.arrangement.tensors, *layer.arrangement.buffers):
        tensor = pack(stored, sizes, pieces)
        assert tensor.shape == sizes_of(stored.shape, sizes)
        back.update(unpack(stored, sizes, tensor))
    assert back.keys() == pieces.keys()
    for key, piece in pieces.items():
        np.testing.assert_allclose(back[key], piece, rtol=0, atol=1e-14)


@every_class
def test_every_class_gives_back_the_tensors_that_were_unpacked(
    framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]
) -> None:
    layer = built(framework, entry, cell, policy, options).layers[0]
    sizes = layer.sizes[0]
    for n, stored in enumerate(layer.arrangement.tensors):
        tensor = np.where(reads(stored, sizes), np.random.default_rng(n).normal(size=sizes_of(stored.shape, sizes)), 0)
        back = pack(stored, sizes, unpack(stored, sizes, tensor))
        np.testing.assert_allclose(back, tensor, rtol=0, atol=1e-14)


@every_class
def test_every_class_allocates_its_formula(
    framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]
) -> None:
    model = built(framework, entry, cell, policy, options)
    layer = model.layers[0]
    allocated = sum(array.size for array in model.weights().values())
    assert allocated == layer.params == int(layer.arrangement.params.at(layer.sizes[0]))


@every_text
def test_every_formula_in_the_frameworks_words_is_the_size_of_its_tensor(
    framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]
) -> None:
    layer = built(framework, entry, cell, policy, options).layers[0]
    for tensor in layer.tensors:
        assert evaluated(tensor.formula, words_of(layer)) == prod(tensor.shape), tensor.formula


@pytest.mark.parametrize("framework", layouts.NAMES)
@pytest.mark.parametrize("type", CELLS)
def test_the_formulas_of_a_deep_stack_are_the_sizes_of_its_tensors(framework: str, type: str) -> None:
    for layer in stacks(framework, type):
        for tensor in layer.tensors:
            assert evaluated(tensor.formula, words_of(layer)) == prod(tensor.shape), tensor.name


@pytest.mark.parametrize("framework", layouts.NAMES)
@pytest.mark.parametrize("type", CELLS)
def test_no_two_tensors_of_a_stack_have_one_name(framework: str, type: str) -> None:
    for layer in stacks(framework, type):
        called = [tensor.name for tensor in layer.tensors]
        assert len(called) == len(set(called))


def stacks(framework: str, type: str) -> Iterator[Layer]:
    for num_layers, bidirectional in product((1, 3), (False, True)):
        options = {"units": 7, "num_layers": num_layers, "bidirectional": bidirectional}
        spec = {"framework": framework, "input": {"depth": 5}, "layers": [{type: options}]}
        with suppress(SpecError):  # not every framework has every stack
            yield rnncalc.parse(spec).layers[0]


def words_of(layer: Layer) -> dict[str, int]:
    """The sizes under the framework's words; one that is a size and the input's depth too is the size."""
    words = {layer.layout.word(name, layer.entry): n for name, n in layer.sizes[0].items() if name != "input_depth"}
    return {layer.layout.word("input_depth", layer.entry): layer.sizes[0]["input_depth"], **words}


def evaluated(text: str, words: dict[str, int]) -> int:
    """The value of `(input_depth + units) × 4·units²`."""
    for sign, python in (("×", "*"), ("·", "*"), ("²", "**2"), ("³", "**3")):
        text = text.replace(sign, python)
    text = re.sub(r"[A-Za-z_]\w*", lambda word: str(words[word[0]]), text)  # a framework may say `in`
    value: int = eval(text, {"__builtins__": {}})
    return value


# what the frameworks store, by hand


@pytest.mark.parametrize(
    ("framework", "layer", "tensors"),
    [
        ("tensorflow1", {"rnn": 7}, {"kernel": (12, 7), "bias": (7,)}),
        ("tensorflow1", {"lstm": 7}, {"kernel": (12, 28), "bias": (28,)}),
        (
            "tensorflow1",
            {"lstm": {"units": 7, "peephole": True, "projection": 3}},
            {
                "kernel": (8, 28),
                "bias": (28,),
                "w_f_diag": (7,),
                "w_i_diag": (7,),
                "w_o_diag": (7,),
                "projection/kernel": (7, 3),
            },
        ),
        (
            "tensorflow1",
            {"gru": 7},
            {"gates/kernel": (12, 14), "gates/bias": (14,), "candidate/kernel": (12, 7), "candidate/bias": (7,)},
        ),
        ("keras", {"rnn": 7}, {"kernel": (5, 7), "recurrent_kernel": (7, 7), "bias": (7,)}),
        ("keras", {"lstm": 7}, {"kernel": (5, 28), "recurrent_kernel": (7, 28), "bias": (28,)}),
        ("keras", {"gru": 7}, {"kernel": (5, 21), "recurrent_kernel": (7, 21), "bias": (2, 21)}),
        (
            "keras",
            {"gru": {"units": 7, "reset_after": False}},
            {"kernel": (5, 21), "recurrent_kernel": (7, 21), "bias": (21,)},
        ),
        (
            "pytorch",
            {"rnn": 7},
            {"weight_ih_l0": (7, 5), "weight_hh_l0": (7, 7), "bias_ih_l0": (7,), "bias_hh_l0": (7,)},
        ),
        (
            "pytorch",
            {"lstm": {"units": 7, "projection": 3}},
            {
                "weight_ih_l0": (28, 5),
                "weight_hh_l0": (28, 3),
                "bias_ih_l0": (28,),
                "bias_hh_l0": (28,),
                "weight_hr_l0": (3, 7),
            },
        ),
        (
            "pytorch",
            {"gru": 7},
            {"weight_ih_l0": (21, 5), "weight_hh_l0": (21, 7), "bias_ih_l0": (21,), "bias_hh_l0": (21,)},
        ),
        ("pytorch", {"gru": {"units": 7, "bias": False}}, {"weight_ih_l0": (21, 5), "weight_hh_l0": (21, 7)}),
        ("onnx", {"rnn": 7}, {"W": (1, 7, 5), "R": (1, 7, 7), "B": (1, 14)}),
        (
            "onnx",
            {"lstm": {"units": 7, "peephole": True, "bidirectional": True}},
            {"W": (2, 28, 5), "R": (2, 28, 7), "B": (2, 56), "P": (2, 21)},
        ),
        ("onnx", {"gru": {"units": 7, "bias": False}}, {"W": (1, 21, 5), "R": (1, 21, 7)}),
        ("flax", {"rnn": 7}, {"cell/h/kernel": (7, 7), "cell/i/bias": (7,), "cell/i/kernel": (5, 7)}),
        (
            "flax",
            {"lstm": 7},
            {f"cell/h{gate}/{name}": shape for gate in "fgio" for name, shape in (("bias", (7,)), ("kernel", (7, 7)))}
            | {f"cell/i{gate}/kernel": (5, 7) for gate in "fgio"},
        ),
        (
            "flax",
            {"mgu": 7},
            {
                "cell/hf/kernel": (7, 7),
                "cell/hn/bias": (7,),
                "cell/hn/kernel": (7, 7),
                "cell/if/bias": (7,),
                "cell/if/kernel": (5, 7),
                "cell/in/bias": (7,),
                "cell/in/kernel": (5, 7),
            },
        ),
        (
            "flax-nnx",
            {"gru": 7},
            {"cell/dense_h/kernel": (7, 21), "cell/dense_i/bias": (21,), "cell/dense_i/kernel": (5, 21)},
        ),
        (
            "flax-nnx",
            {"OptimizedLSTMCell": 7},
            {"cell/dense_h/bias": (28,), "cell/dense_h/kernel": (7, 28), "cell/dense_i/kernel": (5, 28)},
        ),
        (
            "haiku",
            {"rnn": 7},
            {"linear/b": (7,), "linear/w": (5, 7), "linear_1/b": (7,), "linear_1/w": (7, 7)},
        ),
        ("haiku", {"lstm": 7}, {"linear/b": (28,), "linear/w": (12, 28)}),
        ("haiku", {"gru": 7}, {"b": (21,), "w_h": (7, 21), "w_i": (5, 21)}),
        ("equinox", {"lstm": 7}, {"weight_ih": (28, 5), "weight_hh": (28, 7), "bias": (28,)}),
        ("equinox", {"gru": 7}, {"weight_ih": (21, 5), "weight_hh": (21, 7), "bias": (21,), "bias_n": (7,)}),
        ("paper", {"rnn": 7}, {"W_xh": (5, 7), "W_hh": (7, 7), "b_h": (7,)}),
    ],
)
def test_the_tensors_have_the_frameworks_names_shapes_and_order(
    framework: str, layer: dict[str, Any], tensors: dict[str, tuple[int, ...]]
) -> None:
    model = rnncalc.parse({"framework": framework, "input": {"depth": 5}, "layers": [layer]})
    assert [(tensor.name, tensor.shape) for tensor in model.layers[0].tensors] == list(tensors.items())


@pytest.mark.parametrize(
    ("framework", "type", "options", "params"),
    [
        ("tensorflow1", "rnn", {}, 91),
        ("keras", "rnn", {}, 91),
        ("pytorch", "rnn", {}, 98),
        ("tensorflow1", "lstm", {}, 364),
        ("keras", "lstm", {}, 364),
        ("pytorch", "lstm", {}, 392),
        ("tensorflow1", "gru", {}, 273),
        ("keras", "gru", {"reset_after": False}, 273),
        ("keras", "gru", {}, 294),
        ("pytorch", "gru", {}, 294),
        ("onnx", "rnn", {}, 98),
        ("flax", "rnn", {}, 91),
        ("flax-nnx", "rnn", {}, 91),
        ("haiku", "rnn", {}, 98),
        ("haiku", "rnn", {"bias": "single"}, 91),
        ("onnx", "lstm", {}, 392),
        ("onnx", "lstm", {"peephole": True}, 392 + 3 * 7),
        ("onnx", "lstm", {"coupled_gates": True}, 392),  # the forget gate stays in the tensors
        ("flax", "lstm", {}, 364),
        ("flax-nnx", "lstm", {}, 364),
        ("haiku", "lstm", {}, 364),
        ("equinox", "lstm", {}, 364),
        ("onnx", "gru", {}, 294),
        ("onnx", "gru", {"reset_after": True}, 294),
        ("flax", "gru", {}, 280),
        ("equinox", "gru", {}, 280),
        ("flax-nnx", "gru", {}, 273),
        ("haiku", "gru", {}, 273),
        ("flax", "mgu", {}, 2 * (5 + 7) * 7 + 3 * 7),
        ("paper", "gru", {"reset_after": True}, 280),
        ("paper", "gru", {"reset_after": True, "bias": "input"}, 273),
        ("paper", "gru", {"bias": "double"}, 294),
    ],
)
def test_the_same_cell_is_stored_as_the_real_frameworks_allocate_it(
    framework: str, type: str, options: dict[str, Any], params: int
) -> None:
    layers = [{type: {"units": 7, **options}}]
    assert rnncalc.parse({"framework": framework, "input": {"depth": 5}, "layers": layers}).params == params


@pytest.mark.parametrize(
    ("framework", "type", "gates", "order"),  # the tensor with the input's rows, and its gates from left to right
    [
        ("tensorflow1", "lstm", "kernel", "igfo"),
        ("keras", "lstm", "kernel", "ifgo"),
        ("pytorch", "lstm", "weight_ih", "ifgo"),
        ("tensorflow1", "gru", "gates/kernel", "rz"),
        ("keras", "gru", "recurrent_kernel", "zrn"),
        ("pytorch", "gru", "weight_hh", "rzn"),
        ("onnx", "lstm", "R", "iofg"),
        ("onnx", "gru", "R", "zrn"),
        ("flax-nnx", "OptimizedLSTMCell", "dense_h/kernel", "ifgo"),
        ("flax-nnx", "gru", "dense_h/kernel", "rzn"),
        ("haiku", "lstm", "linear/w", "igfo"),
        ("equinox", "lstm", "weight_hh", "ifgo"),
        ("equinox", "gru", "weight_hh", "rzn"),
    ],
)
def test_the_gates_stand_in_the_frameworks_order(framework: str, type: str, gates: str, order: str) -> None:
    model = rnncalc.parse({"framework": framework, "input": {"depth": 5}, "layers": [{type: 7}]})
    stored = next(stored for stored in model.layers[0].arrangement.tensors if stored.name == gates)
    height = stored.grid[0][0].rows.at(SIZES)
    values = {(gate, block.term): np.zeros((height, 7)) for block in stored.blocks for gate in order}
    for rank, gate in enumerate(order):
        for row in stored.grid:
            values[gate, row[0].term] = np.full((row[0].rows.at(SIZES), 7), rank)
    tensor = pack(stored, SIZES, values)
    across = tensor.T if stored.form == "transposed" else tensor
    np.testing.assert_array_equal(across, np.tile(np.repeat(np.arange(len(order)), 7), (len(across), 1)))


def test_haiku_has_the_roles_of_z_swapped() -> None:
    model = rnncalc.parse({"framework": "haiku", "input": {"depth": 5}, "layers": [{"gru": 7}]})
    stored = next(stored for stored in model.layers[0].arrangement.tensors if stored.name == "w_h")
    pieces = unpack(stored, SIZES, np.ones((7, 21)))
    assert {gate: float(piece[0, 0]) for (gate, _), piece in pieces.items()} == {"z": -1.0, "r": 1.0, "n": 1.0}


def test_the_peepholes_of_onnx_stand_in_an_order_of_their_own() -> None:
    layers = [{"lstm": {"units": 7, "peephole": True}}]
    model = rnncalc.parse({"framework": "onnx", "input": {"depth": 5}, "layers": layers})
    stored = next(stored for stored in model.layers[0].arrangement.tensors if stored.name == "P")
    assert [block.column.gate for block in stored.blocks] == ["i", "o", "f"]


def test_tensorflow1_adds_its_forget_bias_to_what_it_stores() -> None:
    model = rnncalc.parse({"input": {"depth": 5}, "layers": [{"lstm": 7}]})
    stored = next(stored for stored in model.layers[0].arrangement.tensors if stored.name == "bias")
    pieces = unpack(stored, SIZES, np.zeros(28))
    assert {gate: float(piece[0]) for (gate, _), piece in pieces.items()} == {"i": 0.0, "g": 0.0, "f": 1.0, "o": 0.0}


@pytest.mark.parametrize(
    ("framework", "formulas"),
    [
        ("tensorflow1", ["(input_depth + num_units) × 4·num_units", "4·num_units"]),
        ("keras", ["input_dim × 4·units", "units × 4·units", "4·units"]),
        (
            "pytorch",
            ["4·hidden_size × input_size", "4·hidden_size × hidden_size", "4·hidden_size", "4·hidden_size"],
        ),
    ],
)
def test_formulas_are_in_the_frameworks_words(framework: str, formulas: list[str]) -> None:
    model = rnncalc.parse({"framework": framework, "input": {"depth": 5}, "layers": [{"lstm": 7}]})
    assert [tensor.formula for tensor in model.layers[0].tensors] == formulas


@every_text
def test_the_grouped_formula_is_the_expanded_polynomial(
    framework: str, entry: Entry, cell: Cell, policy: str, options: dict[str, Any]
) -> None:
    layer = built(framework, entry, cell, policy, options).layers[0]
    grouped = sum(evaluated(formula(stored.shape, {}), layer.sizes[0]) for stored in layer.arrangement.tensors)
    assert grouped == layer.arrangement.params.at(layer.sizes[0])


# many sets of weights at once


def test_leading_axes_are_let_through() -> None:
    model = rnncalc.parse({"framework": "pytorch", "input": {"depth": 5}, "layers": [{"lstm": 7}]})
    for stored in model.layers[0].arrangement.tensors:
        many = np.random.default_rng(0).normal(size=(4, *sizes_of(stored.shape)))
        together = unpack(stored, SIZES, many)
        for n, one in enumerate(many):
            for key, piece in unpack(stored, SIZES, one).items():
                np.testing.assert_array_equal(together[key][n], piece)


# what does not fit

MATRIX, BIAS = "x h -> i f g o", "1x => i f g o"


def coupled(**tensors: str) -> Arrangement:
    return Arrangement(Entry("lstm", "Odd", tensors), trace("lstm", {"coupled_gates": True}), "single")


def plain(**tensors: str) -> Arrangement:
    return Arrangement(Entry("lstm", "Odd", tensors), trace("lstm"), "single")


def test_a_hole_in_a_matrix_is_an_error() -> None:
    with pytest.raises(LayoutError, match="kernel: nothing to store for gate f beside x"):
        coupled(kernel=MATRIX, bias="1x => i g o")


def test_a_hole_in_a_vector_is_an_error() -> None:
    with pytest.raises(LayoutError, match="bias: nothing to store for gate f beside 1x"):
        coupled(kernel="x h -> i g o", bias=BIAS)


def test_a_declared_hole_is_allocated_and_told_apart() -> None:
    found = coupled(kernel="x h -> i (f) g o", bias="1x => i (f) g o")
    assert found.params.at(SIZES) == (5 + 7) * 4 * 7 + 4 * 7
    assert found.unread == {("f", "x"), ("f", "h"), ("f", "1x")}


def test_what_is_packed_beside_a_declared_hole_comes_back_and_the_hole_is_zero() -> None:
    found = coupled(kernel="x h -> i (f) g o", bias="1x => i (f) g o")
    pieces = pieces_of(found.trace, "single")
    back = {}
    for stored in found.tensors:
        tensor = pack(stored, SIZES, pieces)
        assert not tensor[..., 7:14].any()
        back.update(unpack(stored, SIZES, tensor))
    assert back.keys() == pieces.keys()
    assert all(np.array_equal(back[key], pieces[key]) for key in pieces)


def test_a_negative_column_changes_its_sign_both_ways() -> None:
    found = plain(kernel="x h -> i -f g o", bias="1x => i -f+1 g o")
    pieces = pieces_of(found.trace, "single")
    kernel, bias = (pack(stored, SIZES, pieces) for stored in found.tensors)
    np.testing.assert_array_equal(kernel[:5, 7:14], -pieces["f", "x"])
    for stored, tensor in zip(found.tensors, (kernel, bias)):
        for key, piece in unpack(stored, SIZES, tensor).items():
            np.testing.assert_allclose(piece, pieces[key], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"kernel": MATRIX}, "gate i beside 1x is stored 0 times"),
        ({"kernel": "x h -> i f g", "bias": BIAS}, "gate o beside x is stored 0 times"),
        ({"kernel": "x -> i f g o", "bias": BIAS}, "gate i beside h is stored 0 times"),
        ({"kernel": MATRIX, "bias": BIAS, "again": BIAS}, "gate i beside 1x is stored 2 times"),
        ({"kernel": "x h -> i f g o o", "bias": BIAS}, "gate o beside x is stored 2 times"),
        ({"kernel": "x h i f g o"}, "no arrow"),
    ],
)
def test_a_piece_has_one_place_no_more_and_no_less(tensors: dict[str, str], message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        plain(**tensors)


def test_a_block_declared_unread_that_the_step_reads_is_an_error() -> None:
    with pytest.raises(LayoutError):
        plain(kernel="x h -> i (f) g o", bias=BIAS)


def test_a_gate_that_reads_a_source_twice_is_an_error() -> None:
    def twice(w: Any, x: Any, h: Any) -> Any:
        return w.h(x, h) + w.h(x)

    with pytest.raises(ValueError, match="twice: gate h reads x twice"):
        Trace(Cell("twice", "twice", 0, SimpleNamespace(twice=twice), True), {}, ((),)).pieces("single")


# bias policies


def has(framework: str, type: str) -> bool:
    return any(entry.cell in (type, "*") for entry in layouts.find(framework).entries)


def buildable(framework: str, type: str, policy: str) -> bool:
    spec = {"framework": framework, "input": {"depth": 5}, "layers": [{type: {"units": 7, "bias": policy}}]}
    try:
        rnncalc.parse(spec)
    except SpecError:
        return False
    return True


REFUSED = [
    (framework, type, policy)
    for framework, type, policy in product(layouts.NAMES, (*CELLS, "dense"), POLICIES)
    if has(framework, type) and not buildable(framework, type, policy)
]


def test_some_bias_policies_cannot_be_built() -> None:
    assert {("tensorflow1", "lstm", "double"), ("keras", "lstm", "double"), ("pytorch", "gru", "single")} <= {*REFUSED}


@pytest.mark.parametrize(("framework", "type", "policy"), REFUSED)
def test_a_bias_policy_that_cannot_be_built_is_an_error_that_names_who_can(
    framework: str, type: str, policy: str
) -> None:
    spec = {"framework": framework, "input": {"depth": 5}, "layers": [{type: {"units": 7, "bias": policy}}]}
    with pytest.raises(SpecError) as error:
        rnncalc.parse(spec)
    (problem,) = error.value.problems
    told, _, able = problem.message.rpartition("; ")
    assert framework in told
    assert problem.where == ("layers", 0, type, "bias")
    named = {name for name in layouts.NAMES if name in able.replace(",", " ").split()}
    assert named == {name for name in layouts.NAMES if buildable(name, type, policy)}


WITHOUT_BIAS = (("keras", "nas"), ("tensorflow1", "nas"))  # where none is asked for


@pytest.mark.parametrize(("framework", "type"), WITHOUT_BIAS)
def test_bias_true_asks_for_the_bias_that_a_class_has_only_where_it_is_asked_for(framework: str, type: str) -> None:
    def params(**bias: Any) -> int:
        spec = {"framework": framework, "input": {"depth": 5}, "layers": [{type: {"units": 7, **bias}}]}
        return rnncalc.parse(spec).params

    assert params() == params(bias=False) == 8 * (5 + 7) * 7
    assert params(bias=True) == params(bias="single") == 8 * (5 + 7) * 7 + 8 * 7


@pytest.mark.parametrize("framework", layouts.NAMES)
@pytest.mark.parametrize("type", CELLS)
def test_bias_true_is_the_frameworks_own_and_false_is_none(framework: str, type: str) -> None:
    def params(**bias: Any) -> int:
        spec = {"framework": framework, "input": {"depth": 5}, "layers": [{type: {"units": 7, **bias}}]}
        return rnncalc.parse(spec).params

    if not any(buildable(framework, type, policy) for policy in POLICIES):
        pytest.skip(f"{framework} has no {type}")
    if (framework, type) not in WITHOUT_BIAS:
        assert params(bias=True) == params()
    if buildable(framework, type, "none"):
        assert params(bias=False) == params(bias="none")


@pytest.mark.parametrize("framework", layouts.NAMES)
def test_every_framework_has_a_default_bias_for_every_class(framework: str) -> None:
    for entry in layouts.find(framework).entries:
        assert entry.bias
        assert set(entry.bias) <= set(POLICIES)


# names


@pytest.mark.parametrize("alias", layouts.ALIASES)
def test_every_alias_finds_its_framework(alias: str) -> None:
    assert layouts.find(alias) == layouts.find(layouts.ALIASES[alias])


def test_an_unknown_framework_is_an_error() -> None:
    with pytest.raises(KeyError, match="theano"):
        layouts.find("theano")


def test_a_template_is_chosen_by_the_stack() -> None:
    templates = Names("one", "deep", "wide", "deep and wide")
    chosen = [templates.of(deep, wide) for deep in (False, True) for wide in (False, True)]
    assert chosen == ["one", "wide", "deep", "deep and wide"]
