"""The forward pass, against a few lines of NumPy that share no code with the package."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rnncalc
from rnncalc import layouts
from rnncalc.cell import recurrent
from rnncalc.errors import SpecError
from rnncalc.network import Model
from tests.samples import having

Array = NDArray[Any]
B, T, D, U, P = 2, 6, 5, 7, 3  # batch, steps, input_depth, units, projection

CELLS = recurrent()


# the cells in the fused form of TensorFlow 1


def sigmoid(v: Array) -> Array:
    return 1 / (1 + np.exp(-v))


def fused_rnn(x: Array, h: Array, kernel: Array, bias: Array) -> tuple[Array, Array]:
    outputs = []
    for t in range(x.shape[1]):
        h = np.tanh(np.concatenate([x[:, t], h], 1) @ kernel + bias)
        outputs.append(h)
    return np.stack(outputs, 1), h


def fused_lstm(x: Array, h: Array, c: Array, kernel: Array, bias: Array) -> tuple[Array, Array, Array]:
    outputs = []
    for t in range(x.shape[1]):
        i, j, f, o = np.split(np.concatenate([x[:, t], h], 1) @ kernel + bias, 4, axis=1)
        c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1), h, c


def fused_gru(x: Array, h: Array, gates: Array, gates_bias: Array, new: Array, new_bias: Array) -> tuple[Array, Array]:
    outputs = []
    for t in range(x.shape[1]):
        r, u = np.split(sigmoid(np.concatenate([x[:, t], h], 1) @ gates + gates_bias), 2, axis=1)
        h = u * h + (1 - u) * np.tanh(np.concatenate([x[:, t], r * h], 1) @ new + new_bias)
        outputs.append(h)
    return np.stack(outputs, 1), h


# what goes in


def draw(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def model(framework: str, *layers: Any, **top: Any) -> Model:
    return rnncalc.parse({"framework": framework, "input": {"depth": D}, "layers": list(layers), **top})


def tensors(weights: dict[str, Array], layer: str) -> dict[str, Array]:
    return {name.split("/", 1)[1]: array for name, array in weights.items() if name.split("/")[0] == layer}


def same(left: Any, right: Any) -> None:
    assert np.shape(left) == np.shape(right)
    np.testing.assert_allclose(left, right, rtol=0, atol=1e-12)


X = draw(B, T, D)
H, C = draw(B, U, seed=2), draw(B, U, seed=3)


def test_the_rnn_agrees_with_its_fused_form() -> None:
    found = model("tensorflow1", {"rnn": U})
    weights = found.weights(7)
    outputs, states = found.forward(weights, X, {"rnn/h": H[None]})
    expected, h = fused_rnn(X, H, weights["rnn/kernel"], weights["rnn/bias"])
    same(outputs, expected)
    same(states["rnn/h"], h[None])


def test_the_lstm_agrees_with_its_fused_form() -> None:
    found = model("tensorflow1", {"lstm": U})
    weights = found.weights(7)
    outputs, states = found.forward(weights, X, {"lstm/h": H[None], "lstm/c": C[None]})
    expected, h, c = fused_lstm(X, H, C, weights["lstm/kernel"], weights["lstm/bias"])
    same(outputs, expected)
    same(states["lstm/h"], h[None])
    same(states["lstm/c"], c[None])


def test_the_gru_agrees_with_its_fused_form() -> None:
    found = model("tensorflow1", {"gru": U})
    weights = found.weights(7)
    outputs, states = found.forward(weights, X, {"gru/h": H[None]})
    expected, h = fused_gru(X, H, *tensors(weights, "gru").values())
    same(outputs, expected)
    same(states["gru/h"], h[None])


def test_the_peephole_lstm_with_a_projection_agrees_with_its_equations() -> None:
    found = model("tensorflow1", {"lstm": {"units": U, "peephole": True, "projection": P}})
    weights = found.weights(7)
    w = tensors(weights, "lstm")
    h, c = draw(B, P, seed=2), C
    outputs, states = found.forward(weights, X, {"lstm/h": h[None], "lstm/c": c[None]})
    for t in range(T):
        i, j, f, o = np.split(np.concatenate([X[:, t], h], 1) @ w["kernel"] + w["bias"], 4, axis=1)
        c_new = sigmoid(f + 1 + w["w_f_diag"] * c) * c + sigmoid(i + w["w_i_diag"] * c) * np.tanh(j)
        h, c = (sigmoid(o + w["w_o_diag"] * c_new) * np.tanh(c_new)) @ w["projection/kernel"], c_new
        same(outputs[:, t], h)
    same(states["lstm/h"], h[None])
    same(states["lstm/c"], c[None])


def test_coupled_gates_agree_with_their_equations() -> None:
    found = model("paper", {"lstm": {"units": U, "coupled_gates": True}})
    weights = found.weights(7)
    w = tensors(weights, "lstm")
    outputs, _ = found.forward(weights, X, {"lstm/h": H[None], "lstm/c": C[None]})
    h, c = H, C
    for t in range(T):
        i, g, o = (X[:, t] @ w[f"W_x{gate}"] + h @ w[f"W_h{gate}"] + w[f"b_{gate}"] for gate in "igo")
        c = (1 - sigmoid(i)) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        same(outputs[:, t], h)


def test_the_gru_of_keras_resets_after_the_product() -> None:
    found = model("keras", {"gru": U})
    weights = found.weights(7)
    kernel, recurrent, bias = tensors(weights, "gru").values()
    outputs, _ = found.forward(weights, X, {"gru/h": H[None]})
    h = H
    for t in range(T):
        xz, xr, xn = np.split(X[:, t] @ kernel + bias[0], 3, axis=1)
        hz, hr, hn = np.split(h @ recurrent + bias[1], 3, axis=1)
        z = sigmoid(xz + hz)
        h = z * h + (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn)
        same(outputs[:, t], h)


def test_the_gru_of_pytorch_has_its_matrices_transposed() -> None:
    found = model("pytorch", {"gru": U})
    weights = found.weights(7)
    w_ih, w_hh, b_ih, b_hh = tensors(weights, "gru").values()
    outputs, _ = found.forward(weights, X, {"gru/h": H[None]})
    h = H
    for t in range(T):
        xr, xz, xn = np.split(X[:, t] @ w_ih.T + b_ih, 3, axis=1)
        hr, hz, hn = np.split(h @ w_hh.T + b_hh, 3, axis=1)
        z = sigmoid(xz + hz)
        h = (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * h
        same(outputs[:, t], h)


def test_the_lstm_of_keras_adds_nothing_to_its_forget_bias() -> None:
    found = model("keras", {"lstm": U})
    weights = found.weights(7)
    kernel, recurrent, bias = tensors(weights, "lstm").values()
    outputs, _ = found.forward(weights, X[:, :1], {"lstm/h": H[None], "lstm/c": C[None]})
    i, f, g, o = np.split(X[:, 0] @ kernel + H @ recurrent + bias, 4, axis=1)
    c = sigmoid(f) * C + sigmoid(i) * np.tanh(g)
    same(outputs[:, 0], sigmoid(o) * np.tanh(c))


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("relu", lambda v: np.where(v > 0, v, 0)),
        ("linear", lambda v: v),
        ("sigmoid", sigmoid),
        ("softplus", lambda v: np.log(1 + np.exp(v))),
        ("softsign", lambda v: v / (1 + abs(v))),
        ("elu", lambda v: np.where(v > 0, v, np.exp(v) - 1)),
        ("silu", lambda v: v * sigmoid(v)),
        ("softmax", lambda v: np.exp(v) / np.exp(v).sum(-1, keepdims=True)),
        ("selu", lambda v: 1.0507009873554805 * np.where(v > 0, v, 1.6732632423543772 * (np.exp(v) - 1))),
    ],
)
def test_the_activations_are_what_they_are_called(activation: str, function: Any) -> None:
    found = model("keras", {"dense": {"units": U, "activation": activation}})
    weights = found.weights(7)
    outputs, _ = found.forward(weights, X)
    same(outputs, function(X @ weights["dense/kernel"] + weights["dense/bias"]))


# stacks, directions, and what is around


def test_a_stack_runs_layer_upon_layer() -> None:
    found = model("tensorflow1", {"lstm": {"units": U, "num_layers": 2}})
    weights = found.weights(7)
    w = tensors(weights, "lstm")
    initial = {"lstm/h": draw(2, B, U, seed=4), "lstm/c": draw(2, B, U, seed=5)}
    outputs, states = found.forward(weights, X, initial)
    y, finals = X, []
    for k in range(2):
        y, h, c = fused_lstm(y, initial["lstm/h"][k], initial["lstm/c"][k], w[f"cell_{k}/kernel"], w[f"cell_{k}/bias"])
        finals.append((h, c))
    same(outputs, y)
    same(states["lstm/h"], np.stack([h for h, _ in finals]))
    same(states["lstm/c"], np.stack([c for _, c in finals]))


def both_ways(weights: dict[str, Array]) -> tuple[Array, Array, Array, Array]:
    """The halves of a bidirectional RNN, each in time order, and the final states."""
    w = tensors(weights, "rnn")
    there, last = fused_rnn(X, H, w["fw/kernel"], w["fw/bias"])
    back, first = fused_rnn(X[:, ::-1], H + 1, w["bw/kernel"], w["bw/bias"])
    return there, back[:, ::-1], last, first


def test_the_backward_half_of_the_outputs_is_back_in_time_order() -> None:
    found = model("tensorflow1", {"rnn": {"units": U, "bidirectional": True}})
    weights = found.weights(7)
    outputs, states = found.forward(weights, X, {"rnn/h": np.stack([H, H + 1])})
    there, back, last, first = both_ways(weights)
    same(outputs, np.concatenate([there, back], axis=2))
    same(states["rnn/h"], np.stack([last, first]))
    same(outputs[:, 0, U:], first)


def test_the_last_output_of_two_directions_is_where_each_of_them_ends() -> None:
    found = model("tensorflow1", {"rnn": {"units": U, "bidirectional": True, "return_sequences": False}})
    weights = found.weights(7)
    outputs, _ = found.forward(weights, X, {"rnn/h": np.stack([H, H + 1])})
    _, _, last, first = both_ways(weights)
    same(outputs, np.concatenate([last, first], axis=1))


@pytest.mark.parametrize(
    ("merge_mode", "merge"),
    [("sum", lambda a, b: a + b), ("mul", lambda a, b: a * b), ("ave", lambda a, b: (a + b) / 2)],
)
def test_the_two_directions_meet_as_asked(merge_mode: str, merge: Any) -> None:
    joined, merged = (
        model("keras", {"gru": {"units": U, "bidirectional": True, "merge_mode": mode}})
        for mode in ("concat", merge_mode)
    )
    halves, _ = joined.forward(joined.weights(7), X)
    outputs, _ = merged.forward(merged.weights(7), X)
    same(outputs, merge(halves[..., :U], halves[..., U:]))


def test_outputs_that_are_left_apart_are_a_pair() -> None:
    joined, apart = (
        model("keras", {"gru": {"units": U, "bidirectional": True, "merge_mode": mode}}) for mode in ("concat", "none")
    )
    halves, _ = joined.forward(joined.weights(7), X)
    there, back = apart.forward(apart.weights(7), X)[0]
    same(np.concatenate([there, back], axis=2), halves)


def test_both_directions_of_a_stack_feed_the_next_layer() -> None:
    found = model("pytorch", {"rnn": {"units": U, "num_layers": 2, "bidirectional": True}})
    weights = found.weights(7)
    w = tensors(weights, "rnn")
    initial = draw(4, B, U, seed=4)
    outputs, states = found.forward(weights, X, {"rnn/h": initial})

    def way(y: Array, name: str, h: Array) -> tuple[Array, Array]:
        kernel = np.concatenate([w[f"weight_ih_{name}"].T, w[f"weight_hh_{name}"].T])
        return fused_rnn(y, h, kernel, w[f"bias_ih_{name}"] + w[f"bias_hh_{name}"])

    y, finals = X, []
    for k in range(2):
        there, last = way(y, f"l{k}", initial[2 * k])
        back, first = way(y[:, ::-1], f"l{k}_reverse", initial[2 * k + 1])
        y = np.concatenate([there, back[:, ::-1]], axis=2)
        finals += [last, first]
    same(outputs, y)
    same(states["rnn/h"], np.stack(finals))


def test_without_sequences_the_last_output_comes_out() -> None:
    every, last = (model("keras", {"lstm": {"units": U, "return_sequences": each}}) for each in (True, False))
    outputs, _ = every.forward(every.weights(7), X)
    same(last.forward(last.weights(7), X)[0], outputs[:, -1])


def test_a_residual_adds_the_input_to_the_output() -> None:
    bare, added = (model("keras", {"rnn": {"units": D, "residual": each}}) for each in (False, True))
    outputs, _ = bare.forward(bare.weights(7), X)
    same(added.forward(added.weights(7), X)[0], outputs + X)


def test_an_embedding_picks_its_rows_and_a_dense_layer_maps_them() -> None:
    layers = [{"embedding": {"vocab": 11, "depth": 4}}, {"dropout": 0.5}, {"dense": 3}]
    found = rnncalc.parse({"framework": "keras", "layers": layers})
    weights = found.weights(7)
    ids = np.array([[0, 10, 3], [3, 3, 1]])
    outputs, states = found.forward(weights, ids)
    table = weights["embedding/embeddings"]
    same(outputs, table[ids] @ weights["dense/kernel"] + weights["dense/bias"])
    assert states == {}


def test_layers_of_different_sizes_run_one_after_the_other() -> None:
    found = model("tensorflow1", {"rnn": U}, {"gru": 4}, {"dense": 3})
    weights = found.weights(7)
    outputs, states = found.forward(weights, X)
    y, _ = fused_rnn(X, np.zeros((B, U)), *tensors(weights, "rnn").values())
    y, h = fused_gru(y, np.zeros((B, 4)), *tensors(weights, "gru").values())
    same(outputs, y @ weights["dense/kernel"] + weights["dense/bias"])
    assert list(states) == ["rnn/h", "gru/h"]
    same(states["gru/h"], h[None])


# the same mathematics, however it is stored


@pytest.mark.parametrize("type", CELLS)
def test_a_sequence_in_two_halves_is_the_whole(type: str) -> None:
    for framework in layouts.NAMES:
        try:
            found = model(framework, {type: {"units": U, "num_layers": 2}})
        except SpecError:
            continue
        weights = found.weights(7)
        whole, end = found.forward(weights, X)
        first, middle = found.forward(weights, X[:, :2])
        second, final = found.forward(weights, X[:, 2:], middle)
        same(np.concatenate([first, second], axis=1), whole)
        for name, array in end.items():
            same(final[name], array)


@pytest.mark.parametrize("framework", layouts.NAMES)
@pytest.mark.parametrize("type", CELLS)
def test_each_sequence_of_a_batch_runs_by_itself(framework: str, type: str) -> None:
    try:
        found = model(framework, {type: {"units": U, "bidirectional": True}})
    except SpecError:
        pytest.skip(f"{framework} has no {type} in two directions")
    weights = found.weights(7)
    together, _ = found.forward(weights, X)
    for n in range(B):
        same(found.forward(weights, X[n : n + 1])[0][0], together[n])


# names, shapes, types


def test_weights_are_named_by_layer_and_tensor_in_the_frameworks_order() -> None:
    found = model("keras", {"lstm": {"units": U, "name": "encoder"}}, {"dense": 3})
    assert {name: array.shape for name, array in found.weights().items()} == {
        "encoder/kernel": (5, 28),
        "encoder/recurrent_kernel": (7, 28),
        "encoder/bias": (28,),
        "dense/kernel": (7, 3),
        "dense/bias": (3,),
    }


@pytest.mark.parametrize("framework", having("lstm", "dense"))
def test_weights_bear_the_names_and_shapes_of_the_report(framework: str) -> None:
    found = model(framework, {"lstm": {"units": U, "num_layers": 2, "bidirectional": True}}, {"dense": 3})
    reported = {
        f"{layer.name}/{tensor.name}": tensor.shape for layer in found.report().layers for tensor in layer.tensors
    }
    assert {name: array.shape for name, array in found.weights().items()} == reported


def test_a_seed_gives_the_same_weights_again_and_another_seed_others() -> None:
    found = model("keras", {"lstm": U})
    one, again, other = found.weights(1), found.weights(1), found.weights(2)
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["lstm/kernel"], other["lstm/kernel"])


def test_states_are_named_by_layer_and_lead_with_layers_times_directions() -> None:
    options = {"units": U, "projection": P, "num_layers": 2, "bidirectional": True, "name": "encoder"}
    found = model("pytorch", {"lstm": options})
    _, states = found.forward(found.weights(), X)
    assert {name: array.shape for name, array in states.items()} == {"encoder/h": (4, B, P), "encoder/c": (4, B, U)}


def test_without_initial_states_they_are_zero() -> None:
    found = model("keras", {"lstm": U})
    weights = found.weights()
    zeros = {"lstm/h": np.zeros((1, B, U)), "lstm/c": np.zeros((1, B, U))}
    same(found.forward(weights, X)[0], found.forward(weights, X, zeros)[0])


def test_some_of_the_initial_states_may_be_left_out() -> None:
    found = model("keras", {"lstm": U})
    weights = found.weights()
    both = {"lstm/h": np.zeros((1, B, U)), "lstm/c": C[None]}
    same(found.forward(weights, X, {"lstm/c": C[None]})[0], found.forward(weights, X, both)[0])


def test_nothing_that_goes_in_is_changed() -> None:
    found = model("keras", {"lstm": U})
    weights, x, initial = found.weights(), X.copy(), {"lstm/h": H[None].copy()}
    found.forward(weights, x, initial)
    assert all(np.array_equal(array, found.weights()[name]) for name, array in weights.items())
    assert np.array_equal(x, X)
    assert list(initial) == ["lstm/h"]
    assert np.array_equal(initial["lstm/h"], H[None])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("framework", having("gru", "lstm", "dense"))
def test_a_forward_pass_stays_in_its_type(framework: str, dtype: str) -> None:
    found = model(framework, {"gru": U}, {"lstm": U}, {"dense": 3})
    outputs, states = found.forward(found.weights(dtype=dtype), X.astype(dtype))
    assert outputs.dtype == dtype
    assert {array.dtype for array in states.values()} == {np.dtype(dtype)}


def test_large_values_do_not_overflow() -> None:
    found = model("keras", {"lstm": U})
    weights = {name: array * 1e4 for name, array in found.weights().items()}
    with np.errstate(all="raise", under="ignore"):
        outputs, _ = found.forward(weights, X)
    assert np.isfinite(outputs).all()


# what does not fit

LSTM = model("keras", {"lstm": U})


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((B, T, D + 1), r"\(batch, steps, 5\)"),
        ((T, D), "batch, steps"),
        ((B, 1, T, D), "batch, steps"),
        ((D,), "batch"),
    ],
)
def test_an_input_of_the_wrong_shape_is_an_error_that_says_what_is_needed(shape: tuple[int, ...], wanted: str) -> None:
    with pytest.raises(SpecError, match=wanted):
        LSTM.forward(LSTM.weights(), np.zeros(shape))


def test_a_declared_number_of_steps_is_kept() -> None:
    found = rnncalc.parse({"framework": "keras", "input": {"depth": D, "steps": T}, "layers": [{"lstm": U}]})
    assert found.forward(found.weights(), X)[0].shape == (B, T, U)
    with pytest.raises(SpecError, match=r"\(batch, 6, 5\) is needed"):
        found.forward(found.weights(), X[:, 1:])


@pytest.mark.parametrize("shape", [(0, T, D), (B, 0, D)])
def test_an_empty_input_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="x has shape"):
        LSTM.forward(LSTM.weights(), np.zeros(shape))


def test_a_missing_weight_is_an_error() -> None:
    weights = LSTM.weights()
    del weights["lstm/bias"]
    with pytest.raises(SpecError, match=r"the weight `lstm/bias` of shape \(28,\) is missing"):
        LSTM.forward(weights, X)


def test_an_unknown_weight_is_an_error_with_the_nearest_name() -> None:
    weights = LSTM.weights()
    weights["lstm/biass"] = weights.pop("lstm/bias")
    with pytest.raises(SpecError, match="no weight `lstm/biass`; did you mean `lstm/bias`"):
        LSTM.forward(weights, X)


def test_a_weight_of_the_wrong_shape_is_an_error() -> None:
    weights = LSTM.weights()
    weights["lstm/kernel"] = weights["lstm/kernel"].T
    with pytest.raises(SpecError, match=r"`lstm/kernel` has shape \(28, 5\), but \(5, 28\) is needed"):
        LSTM.forward(weights, X)


def test_a_state_of_the_wrong_shape_is_an_error() -> None:
    with pytest.raises(SpecError, match=r"the state `lstm/h` has shape \(2, 7\), but \(1, 2, 7\) is needed"):
        LSTM.forward(LSTM.weights(), X, {"lstm/h": H})


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(SpecError, match="no state `lstm/s`"):
        LSTM.forward(LSTM.weights(), X, {"lstm/s": H[None]})


@pytest.mark.parametrize("ids", [[[0, 11]], [[-1, 0]], [[0.5, 1.0]]])
def test_ids_outside_the_vocabulary_are_an_error(ids: list[list[float]]) -> None:
    found = rnncalc.parse({"layers": [{"embedding": {"vocab": 11, "depth": 4}}]})
    with pytest.raises(SpecError, match="whole numbers from 0 to 10"):
        found.forward(found.weights(), np.array(ids))


def test_ids_have_no_depth() -> None:
    found = rnncalc.parse({"layers": [{"embedding": {"vocab": 11, "depth": 4}}]})
    with pytest.raises(SpecError, match=r"\(batch, steps\) is needed"):
        found.forward(found.weights(), np.zeros((B, T, 1), int))


def test_ids_that_are_no_numbers_are_an_error() -> None:
    found = rnncalc.parse({"layers": [{"embedding": {"vocab": 11, "depth": 4}}]})
    with pytest.raises(SpecError):
        found.forward(found.weights(), np.array([[np.nan, 1.0]]))
