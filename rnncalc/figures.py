"""The figures of layers and models, as the records of a report.

Layers of one form differ in their names and sizes alone. Where a form returns, its figures are read off once with a
symbol for each size; they are then polynomials, compiled, and all that a further layer takes is to put its sizes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, overload

from rnncalc.algebra import NotPolynomial, Poly, evaluator, product
from rnncalc.kind import STEPS
from rnncalc.report import METRICS, LayerReport, ModelReport, TensorReport
from rnncalc.sizes import byte_count

if TYPE_CHECKING:
    from rnncalc.layer import Layer
    from rnncalc.network import Model

RETURNS = 8  # layers of a form, after which another one is to be expected
MOST_FORMS = 256  # of one kind
MOST_TENSORS = 1000  # of a form: more take too long to compile


def report(model: Model) -> ModelReport:
    """The record of a model."""
    plan = model.plan
    made: dict[object, LayerReport] = {}  # of layers that differ in their names alone
    layers = []
    for layer, wires in zip(model.layers, model.wires):
        key = layer if layer.personal else layer.made
        if key in made:
            layers.append(made[key]._replace(name=layer.plan.name, inputs=wires))
        else:
            made[key] = _reported(layer, wires, plan.batch, plan.dtype)
            layers.append(made[key])
    params = sum([layer.params for layer in layers])
    changed = True in [layer.changes_steps for layer in layers]
    return ModelReport(
        plan.name,
        model.framework,
        plan.source,
        plan.dtype,
        params,
        sum([layer.trainable_params for layer in layers]),
        _sum([layer.macs for layer in layers]),
        None if changed else _sum([layer.macs_per_step for layer in layers]),
        _sum([layer.flops for layer in layers]),
        None if changed else _sum([layer.flops_per_step for layer in layers]),
        byte_count(params, plan.dtype),
        _sum([layer.state_bytes for layer in layers]),
        tuple(layers),
    )


def _sum(values: list[int | None]) -> int | None:
    return None if None in values else sum(values)  # type: ignore[arg-type]


def layer_report(layer: Layer, inputs: tuple[str, ...], batch: int | None, dtype: str) -> LayerReport:
    """The record of one layer that reads `inputs`, each figure by itself."""
    tensors = tuple(_tensors(layer))
    states: int | None = 0
    for shape in layer.states.values():
        states = None if states is None or None in shape else states + prod(axis or 0 for axis in shape)
    return LayerReport(
        layer.plan.name,
        layer.cell.name,
        layer.framework_type,
        inputs,
        (batch, *layer.outflow.shape),
        layer.params,
        sum([tensor.params for tensor in tensors if tensor.trainable]),
        layer.plan.trainable,
        layer.macs.total,
        layer.macs.per_step,
        layer.flops.total,
        layer.flops.per_step,
        byte_count(layer.params, dtype),
        None if states is None else byte_count(states, dtype),
        tensors,
        layer.changes_steps,
    )


def _tensors(layer: Layer) -> Iterator[TensorReport]:
    unread = layer.arrangement.unread
    for tensor in layer.tensors:
        idle = 0
        if unread and tensor.stored:
            idle = sum(
                product((block.rows, block.columns, *block.kernel)).at(layer.sizes[k])
                for k, _ in tensor.parts
                for block in tensor.stored.blocks
                if (block.column.gate, block.term) in unread
            )
        params = 0 if tensor.shared else tensor.size
        yield TensorReport(tensor.name, tensor.shape, params, tensor.trainable, tensor.shared, tensor.formula, idle)


def _reported(layer: Layer, inputs: tuple[str, ...], batch: int | None, dtype: str) -> LayerReport:
    """The record of a layer: that of its form with its own sizes, where the form has returned often enough."""
    if layer.shared or not layer.inflows:
        return layer_report(layer, inputs, batch, dtype)
    forms, plan = layer.kind.forms, layer.plan
    # all that the figures hang on, besides the kind and the sizes
    key = (
        *plan[5:11],
        plan.residual,
        plan.trainable,
        plan.combine,
        len(inputs),
        layer.known,
        layer.form,
        plan.name if layer.personal else "",
        batch,
        dtype,
    )
    form = forms.get(key, 0)
    if form.__class__ is int:
        if form < RETURNS:
            if len(forms) >= MOST_FORMS:
                forms.clear()
            forms[key] = form + 1
            return layer_report(layer, inputs, batch, dtype)
        forms[key] = form = _form(layer, inputs, batch, dtype)
    return form.report(layer, inputs) if form else layer_report(layer, inputs, batch, dtype)


def _form(layer: Layer, inputs: tuple[str, ...], batch: int | None, dtype: str) -> Form | None:
    # what was left open there would be one more symbol among those of the sizes
    told = (*layer.known.given.values(), *[axis for axes, _ in layer.positions for axis in axes])
    if len(layer.tensors) > MOST_TENSORS or any(isinstance(each, Poly) for each in told):
        return None
    try:
        return Form(layer_report(layer.opened(), inputs, batch, dtype))
    except (NotPolynomial, TypeError):  # a size that is divided, compared or taken for a number
        return None


class Form:
    """What the reports of all layers of a form have in common, by that of one whose numbers are polynomials.

    `texts` are what is known of them in a format.
    """

    def __init__(self, opened: LayerReport) -> None:
        self.opened, self.rank, self.texts = opened, len(opened.output_shape), dict[str, str]()
        tensors = [n for each in opened.tensors for n in (*each.shape, each.params, *_unread(each))]
        own = opened.params, *opened[8:14]
        self.at = evaluator([*opened.output_shape, *own, *tensors, opened.trainable_params])

    def report(self, layer: Layer, inputs: tuple[str, ...]) -> LayerReport:
        """The record of one of the layers, which reads `inputs`."""
        sizes = {**layer.sizes[0], STEPS: layer.loose} if layer.loose else layer.sizes[0]
        opened, rank, numbers = self.opened, self.rank, self.at(sizes)
        params, macs, macs_per_step, flops, flops_per_step, weights, states = numbers[rank : rank + 7]
        return LayerReport(
            layer.plan.name,
            opened.type,
            opened.framework_type,
            inputs,
            numbers[:rank],
            params,
            numbers[-1],
            opened.trainable,
            macs,
            macs_per_step,
            flops,
            flops_per_step,
            weights,
            states,
            Tensors(self, numbers),
            opened.changes_steps,
        )

    def blank(self, mark: Any) -> LayerReport:
        """The record with a mark for its name, each input, and each of the numbers of `Tensors`, in their order."""
        opened = self.opened
        tensors = [
            each._replace(shape=(mark,) * len(each.shape), params=mark, unread=each.unread and mark)
            for each in opened.tensors
        ]
        numbers = dict.fromkeys(METRICS, mark)
        shape, inputs = (mark,) * self.rank, (mark,) * len(opened.inputs)
        return opened._replace(name=mark, inputs=inputs, output_shape=shape, tensors=tensors, **numbers)


def _unread(tensor: TensorReport) -> tuple[int, ...]:
    return (tensor.unread,) if tensor.unread else ()


class Tensors(Sequence[TensorReport]):
    """The tensors of a layer of a form, made when they are asked for.

    `numbers` are all of the layer's report in the order of its JSON, and at the end its trainable parameters.
    """

    __slots__ = ("_made", "form", "numbers")

    def __init__(self, form: Form, numbers: tuple[Any, ...]) -> None:
        self.form, self.numbers = form, numbers
        self._made: tuple[TensorReport, ...] | None = None

    @property
    def made(self) -> tuple[TensorReport, ...]:
        """All of them."""
        if self._made is None:
            left = iter(self.numbers[self.form.rank + 7 :])
            self._made = tuple(
                [
                    each._replace(
                        shape=tuple([next(left) for _ in each.shape]),
                        params=next(left),
                        unread=next(left) if each.unread else 0,
                    )
                    for each in self.form.opened.tensors
                ]
            )
        return self._made

    def __len__(self) -> int:
        return len(self.form.opened.tensors)

    @overload
    def __getitem__(self, n: int) -> TensorReport: ...
    @overload
    def __getitem__(self, n: slice) -> tuple[TensorReport, ...]: ...
    def __getitem__(self, n: int | slice) -> TensorReport | tuple[TensorReport, ...]:
        return self.made[n]

    def __iter__(self) -> Iterator[TensorReport]:
        return iter(self.made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Tensors, tuple)) and self.made == tuple(other)

    def __hash__(self) -> int:
        return hash(self.made)

    def __repr__(self) -> str:
        return repr(self.made)
