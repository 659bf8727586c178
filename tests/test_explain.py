"""What `rnncalc explain` tells is true: its formulas are equal to the counts, its pictures add up, its words fit."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import rnncalc
from rnncalc import layouts
from rnncalc.algebra import poly, symbol
from rnncalc.batch.discover import models
from rnncalc.cell import find, recurrent
from rnncalc.choice import entries
from rnncalc.equations import ASCII, LATEX, equations
from rnncalc.errors import SpecError
from rnncalc.errors import width as columns_of
from rnncalc.network import Model
from rnncalc.render.explain import FIGURES, FORMATS, render
from rnncalc.render.explain.figures import figure
from rnncalc.render.explain.graph import laid_out
from rnncalc.symbolic import symbolic
from rnncalc.trace import trace
from rnncalc.why.explain import explain
from rnncalc.why.pieces import differ
from tests.conftest import Result

Run = Callable[..., Result]

CONFIGS = Path(__file__).parent.parent / "configs"
PUBLISHED = {model.name: model for model in models([str(CONFIGS)]).models}
STACKS: tuple[dict[str, Any], ...] = ({}, {"num_layers": 3}, {"bidirectional": True, "num_layers": 2})
HOSTILE = "<script>alert(1)</script>`|*[x](y)\\$_{}%&#~^\u202e\u200b\x1b[31m"


def lstm(framework: str = "tensorflow1", **options: Any) -> Model:
    layers = [{"lstm": {"units": 128, **options}}]
    return rnncalc.parse({"framework": framework, "input": {"depth": 10}, "layers": layers})


def cells() -> dict[str, Model]:
    """Every recurrent cell in every framework that has it, with odd sizes, alone and in stacks."""
    found = {}
    for framework in layouts.NAMES:
        for name in recurrent():
            cell = find(name)
            assert cell
            if not entries(layouts.find(framework), cell):
                continue
            for stack in STACKS:
                spec = {"framework": framework, "input": {"depth": 5}, "layers": [{name: {"units": 7, **stack}}]}
                try:
                    found[f"{framework}-{name}-{len(stack)}"] = rnncalc.parse(spec)
                except SpecError:
                    continue
    return found


CELLS = cells()
EVERY = {**CELLS, **PUBLISHED}


def value(formula: str, names: Mapping[str, Any]) -> Any:
    """A formula as it is printed, computed by Python: `(10 + 128) × 4·128`."""
    tokens: dict[str, Any] = {}
    for n, (name, size) in enumerate(sorted(names.items(), key=lambda pair: -len(pair[0]))):
        formula = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w./])", f"_{n}_", formula)
        tokens[f"_{n}_"] = size
    formula = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{int(found[0])}", formula)
    formula = formula.replace("×", "*").replace("·", "*").replace(",", "")
    assert re.fullmatch(r"[0-9_+\-*() ]+", formula), formula
    return eval(formula, {"__builtins__": {}}, tokens)


def text(told: Any, width: int = 80, ascii: bool = False) -> str:
    return render("text", [told], color=False, width=width, ascii=ascii)


# the count


@pytest.mark.parametrize("name", EVERY)
def test_the_formula_in_numbers_is_equal_to_the_count(name: str) -> None:
    told = explain(EVERY[name])
    assert value(told.total.numbers, {}) == told.report.params == EVERY[name].params


@pytest.mark.parametrize("name", EVERY)
def test_the_formula_in_symbols_is_the_count_at_all_sizes(name: str) -> None:
    model, told = EVERY[name], explain(EVERY[name])
    assert value(told.total.symbols, told.total.sizes) == model.params
    free = {}
    for owner, key in _open(model):
        word = _word(model, owner, key)
        if word in told.total.sizes:
            free[owner, key] = symbol(word)
    if free:
        names = {word: symbol(word) for word in told.total.sizes}
        assert poly(value(told.total.symbols, names)) == poly(symbolic(model, free).params)


def _open(model: Model) -> list[tuple[str, str]]:
    from rnncalc.why.formulas import named_sizes

    return list(named_sizes(model))


def _word(model: Model, owner: str, key: str) -> str:
    from rnncalc.why.formulas import named_sizes

    return named_sizes(model)[owner, key][0]


@pytest.mark.parametrize("name", EVERY)
def test_the_blocks_of_each_layer_add_up_to_its_count(name: str) -> None:
    for layer in explain(EVERY[name]).layers:
        assert sum(block.params for block in layer.blocks) == layer.report.params
        assert value(layer.numbers, {}) == (0 if layer.same_as else layer.report.params)
        for block in layer.blocks:
            assert value(block.numbers, {}) == block.size
            if block.rows and not block.apart:
                kernel = 1
                for axis in block.kernel:
                    kernel *= axis
                grid = sum(r.size for r in block.rows) * sum(c.size for c in block.columns) * kernel
                assert block.size in (grid, 2 * grid)  # the directions may be an axis


def test_the_count_of_the_note_is_built_up_step_by_step() -> None:
    told = text(explain(lstm()))
    assert "(10 + 128) × 4·128 = 138 × 512" in told
    assert "(input_depth + num_units) × 4·num_units + 4·num_units\n" in told
    assert "= (10 + 128) × 4·128 + 4·128\n" in told
    assert "= 71,168\n" in told
    assert "128 × 556 = 71,168" in told  # (10 + 128 + 1) weights for each of four gates


def test_a_picture_shows_the_weights_of_each_gate_beside_each_source() -> None:
    told = text(explain(lstm()))
    picture = told[told.index("kernel  [138 × 512]") : told.index("bias  [512]")]
    assert picture.count("1,280") == 4  # 10 × 128
    assert picture.count("16,384") == 4  # 128 × 128
    assert re.search(r"i +g +f +o", picture)  # BasicLSTMCell's order
    assert re.search(r"x 10 │", picture)
    assert re.search(r"h 128 │", picture)


def test_a_picture_is_to_scale() -> None:
    told = text(explain(lstm("pytorch")))
    tall = [line.startswith("        │") or "h 128" in line for line in told.split("\n")]
    assert sum(tall) == 8  # 128 of 512 columns in 64 letters, twice as wide as high
    assert "stored the other way round" in told


# what changes it


def test_what_changes_the_count_is_computed_for_these_sizes() -> None:
    found = {each.change: each.params for each in explain(lstm()).influences}
    assert found["num_units doubled: 256"] == (10 + 256) * 4 * 256 + 4 * 256 == 273_408
    assert found["input_depth doubled: 20"] == (20 + 128) * 4 * 128 + 4 * 128 == 76_288
    assert found["one more layer in the stack"] == 71_168 + (128 + 128) * 4 * 128 + 4 * 128
    assert found["both directions"] == 2 * 71_168
    assert found["with peephole"] == 71_168 + 3 * 128
    assert "3.84" in text(explain(lstm()))


def test_a_size_of_a_whole_model_is_named_with_its_layer() -> None:
    changes = [each.change for each in explain(PUBLISHED["keras-weather"]).influences]
    assert changes == ["units of `lstm` doubled: 64", "depth of `input` doubled: 14"]


# why an input is as deep as it is


def depths(layers: list[dict[str, Any]], framework: str = "keras", depth: int = 10) -> tuple[str, ...]:
    model = rnncalc.parse({"framework": framework, "input": {"depth": depth, "steps": 9}, "layers": layers})
    return explain(model).layers[-1].depths


def test_two_directions_are_read_side_by_side() -> None:
    layers = [{"lstm": {"units": 64, "bidirectional": True}}, {"gru": 3}]
    assert depths(layers)[0] == "input_dim = 128: 2 × units of `lstm` (both directions)"


def test_merged_directions_are_as_deep_as_one() -> None:
    layers = [{"lstm": {"units": 64, "bidirectional": True, "merge_mode": "sum"}}, {"gru": 3}]
    assert depths(layers)[0] == "input_dim = 64: units of `lstm` (both directions, merged by sum)"


def test_a_projection_is_what_the_next_layer_reads() -> None:
    layers = [{"lstm": {"units": 64, "projection": 20}}, {"gru": 3}]
    assert depths(layers, "pytorch")[0] == "input_size = 20: proj_size of `lstm` (what h is projected to)"


def test_a_layer_without_weights_keeps_the_depth() -> None:
    layers = [{"lstm": 64}, {"dropout": 0.1}, {"dense": 3}]
    assert depths(layers)[0] == "input_dim = 64: units of `lstm` (kept by `dropout`)"


def test_several_inputs_are_added_up() -> None:
    layers = [{"lstm": {"units": 64, "name": "a"}}, {"gru": {"units": 5, "inputs": ["a", "input"]}}]
    assert depths(layers)[0] == "input_dim = 74: units of `a` + the depth of the input"


def test_a_stack_reads_the_layer_below() -> None:
    found = depths([{"lstm": {"units": 64, "num_layers": 2, "bidirectional": True}}], "pytorch")
    assert found[1].endswith("input_size = 128: 2·hidden_size of the layer below (both directions)")


# formats


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", EVERY)
def test_the_text_fits_the_terminal(name: str, width: int) -> None:
    for line in text(explain(EVERY[name]), width).split("\n"):
        assert columns_of(line) <= width, line


@pytest.mark.parametrize("name", EVERY)
def test_plain_ascii_on_request(name: str) -> None:
    assert text(explain(EVERY[name]), ascii=True).isascii()


class _Page(HTMLParser):
    """Counts what is open, and keeps what is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta" and not tag.startswith("!"):
            self.open.append(tag)
        self.loaded += [str(value) for key, value in attrs if key in ("src", "href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", EVERY)
def test_every_format_is_well_formed(name: str) -> None:
    told = explain(EVERY[name])
    documents = {form: render(form, [told], color=False, width=80, ascii=False) for form in FORMATS if form != "json"}
    ElementTree.fromstring(documents["svg"])
    page = _Page()
    page.feed(documents["html"])
    assert not page.open
    assert not page.loaded
    assert documents["markdown"].count("\n```") % 2 == 0
    tex = documents["latex"]
    assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")
    opened = re.findall(r"\\begin\{(.*?)\}", tex)
    assert sorted(opened) == sorted(re.findall(r"\\end\{(.*?)\}", tex))
    assert json.loads(json.dumps(told.to_dict()))["params"] == told.report.params


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "json"])
def test_a_hostile_name_is_but_a_name(form: str) -> None:
    layers = [{"lstm": {"units": 3, "name": HOSTILE}}, {"dense": {"units": 2, "name": f"{HOSTILE}2"}}]
    told = explain(rnncalc.parse({"name": HOSTILE, "input": {"depth": 2}, "layers": layers}))
    document = render(form, [told], color=False, width=80, ascii=False)
    assert "\x1b" not in document
    assert "\u202e" not in document
    if form in ("svg", "html", "markdown"):
        assert "<script>alert" not in re.sub(r"(?s)```.*?```|`[^`]*`", "", document.replace("\\`", ""))
    if form == "svg":
        ElementTree.fromstring(document)


def test_a_figure_of_each_kind_is_drawn_for_each_cell() -> None:
    for name, model in CELLS.items():
        told = explain(model)
        for kind in ("unrolled", "step", "weights"):
            drawn = figure(kind, told)
            assert drawn is not None, (name, kind)
            assert drawn.width > 100


@pytest.mark.parametrize("framework", ["tensorflow1", "keras", "pytorch"])  # which store the gates in three orders
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_gate_has_one_colour_in_its_step_and_in_its_tensors(cell: str, framework: str) -> None:
    spec = {"framework": framework, "input": {"depth": 100}, "layers": [{cell: {"units": 100}}]}
    told = explain(rnncalc.parse(spec))
    step, tensors = figure("step", told), figure("weights", told)
    assert step
    assert tensors
    gates = dict(re.findall(r'class="map (\w)"/?>(?:</rect>)?<text[^>]*>(\w+)', "".join(step.parts)))
    heads = re.findall(r'class="soft"[^>]*>([a-z])<', "".join(tensors.parts))
    blocks = re.findall(r'class="block (\w)"', "".join(tensors.parts))
    assert len(set(gates)) == len(gates) > 2
    assert {gates[shade] for shade in blocks} == {*gates.values()}
    assert [gates[shade] for shade in blocks[: len(gates)]] == heads[: len(gates)]


@pytest.mark.parametrize("name", recurrent())
def test_the_graph_of_a_step_is_the_trace(name: str) -> None:
    run = trace(name)
    drawn = laid_out(run)
    labels = [node.label for node in drawn.nodes if node.kind == "map"]
    assert sorted(labels) == sorted(made.gate for made in run.maps)
    assert sum(node.kind == "output" for node in drawn.nodes) == len(run.cell.states)
    places = [(node.column, round(node.row, 3)) for node in drawn.nodes]
    assert len(set(places)) == len(places), "no two nodes in one place"
    for edge in drawn.edges:
        assert drawn.nodes[edge.start].column < drawn.nodes[edge.end].column


# equations


def test_the_equations_in_ascii_and_latex() -> None:
    run = trace("gru", {"reset_after": True})
    assert equations(run, "single", ASCII)[2] == "n = tanh(W_xn @ x + b_n + r*(W_hn @ h + b_hn))"
    assert equations(run, "double", LATEX)[0] == r"r = \sigma\left(W_{xr}\,x + W_{hr}\,h + b_{xr} + b_{hr}\right)"


def test_the_equations_have_the_biases_that_are_stored() -> None:
    assert equations(trace("rnn"), "double")[0] == "h' = tanh(W_xh·x + W_hh·h + b_xh + b_hh)"
    assert equations(trace("rnn"), "none")[0] == "h' = tanh(W_xh·x + W_hh·h)"


# two frameworks


def gru(**options: Any) -> Model:
    layers = [{"gru": {"units": 7, **options}}]
    return rnncalc.parse({"framework": "paper", "input": {"depth": 5}, "layers": layers})


def test_two_frameworks_differ_in_the_biases_of_a_gru() -> None:
    found = differ(gru(), "haiku", "keras")
    assert (found.left_params, found.right_params) == (273, 294)  # as the frameworks allocate it
    (layer,) = found.layers
    (other,) = [piece for piece in layer.pieces if piece.left != piece.right]
    assert (other.what, other.left, other.right) == ("b_h: biases beside h, of r, z and n", 0, 21)
    assert other.right_tensors == ("bias",)


def test_two_frameworks_differ_in_when_they_reset() -> None:
    found = differ(gru(), "tensorflow1", "flax")
    assert (found.left_params, found.right_params) == (273, 280)
    assert found.layers[0].left_equations[0].unicode == "n = tanh(W_xn·x + W_hn·(r⊙h) + b_n)"
    assert found.layers[0].right_equations[0].unicode == "n = tanh(W_xn·x + b_n + r⊙(W_hn·h + b_hn))"


@pytest.mark.parametrize("name", ["mgu", "lstm", "gru"])
@pytest.mark.parametrize("right", layouts.NAMES)
@pytest.mark.parametrize("left", layouts.NAMES)
def test_the_pieces_of_two_frameworks_add_up(left: str, right: str, name: str) -> None:
    model = rnncalc.parse({"framework": "paper", "input": {"depth": 5}, "layers": [{name: {"units": 7}}]})
    try:
        found = differ(model, left, right)
    except SpecError:
        return  # one of them has no such cell
    assert sum(piece.left for layer in found.layers for piece in layer.pieces) == found.left_params
    assert sum(piece.right for layer in found.layers for piece in layer.pieces) == found.right_params
    for form in ("text", "markdown", "latex", "html"):
        document = render(form, [found], color=False, width=60, ascii=False)
        assert form != "text" or all(columns_of(line) <= 60 for line in document.split("\n")), document


# the command


def test_a_cell_is_explained_without_sizes(run: Run) -> None:
    assert "71,168" in run("explain", "lstm").out


def test_the_cell_may_stand_behind_the_options(run: Run) -> None:
    assert (
        run("explain", "-F", "keras", "--units", "7", "gru").out
        == run("explain", "gru", "--units", "7", "-F", "keras").out
    )


def test_no_number_is_broken_while_it_fits_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    told = run("explain", "lstm", "--units", str(2**63 - 1)).out
    assert "4·9,223,372,036,854,775,807" in told
    assert all(columns_of(line) <= 60 for line in told.split("\n"))


def test_a_spec_is_explained_with_a_change(run: Run) -> None:
    told = run("explain", str(CONFIGS / "keyword-spotter.yaml"), "--set", "gru.units=10", "-f", "json")
    (found,) = json.loads(told.out)["explanations"]
    assert found["layers"][0]["formula"] == "input_dim × 3·units + units × 3·units + 2 × 3·units"


@pytest.mark.parametrize("form", FORMATS)
def test_several_models_are_one_document(run: Run, form: str) -> None:
    result = run("explain", str(CONFIGS / "denoiser.yaml"), str(CONFIGS / "forecaster.yaml"), "-f", form)
    assert result.status == 0
    for name in ("denoiser-phone", "denoiser-hearing-aid", "forecaster"):
        assert name in result.out
    if form == "svg":
        ElementTree.fromstring(result.out)
    if form == "html":
        assert result.out.count("<!doctype") == 1
    if form == "json":
        assert [each["name"] for each in json.loads(result.out)["explanations"]][2] == "forecaster"


@pytest.mark.parametrize("kind", FIGURES)
def test_one_figure_on_request(run: Run, kind: str) -> None:
    drawn = run("explain", "lstm", "-f", "svg", "--figure", kind).out
    ElementTree.fromstring(drawn)
    assert len(drawn) < len(run("explain", "lstm", "-f", "svg").out)


def test_a_bad_spec_does_not_keep_the_others_from_being_explained(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("input: {depth: 3}\nlayers: [lstm: 0]\n")
    result = run("explain", str(tmp_path / "a.yaml"), str(CONFIGS / "forecaster.yaml"))
    assert result.status == 2
    assert "Why forecaster has" in result.out
    assert "a.yaml:2:16" in result.err


def test_the_ending_of_a_file_says_what_it_is(run: Run, tmp_path: Path) -> None:
    for ending, start in ((".svg", "<svg"), (".html", "<!doctype"), (".tex", r"\documentclass"), (".md", "# Why")):
        file = tmp_path / f"lstm{ending}"
        assert run("explain", "lstm", "-o", str(file)).status == 0
        assert file.read_text("utf-8").startswith(start)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("lstm", "--diff", "keras", "kears"), "unknown framework `kears`"),
        (("lstm", "--projection", "4", "--diff", "keras", "pytorch"), "keras has no lstm with projection 4"),
        (("lstm", "--diff", "keras", "pytorch", "-f", "svg"), "no pictures"),
        (("lstmm",), "`lstmm` is neither a cell nor a file; did you mean `lstm`?"),
        (("lstmm", "--units", "7"), "`lstmm` is neither a cell nor a file; did you mean `lstm`?"),
        (("LSTM",), "`LSTM` is neither a cell nor a file; did you mean `lstm`?"),
        (("BasicLSTMCell",), "it is tensorflow1's lstm: write `lstm -F tensorflow1`"),
        (("lstm", "gru"), "`gru` stands beside the cell lstm"),
        (("a.yaml", "gru"), "`a.yaml` stands beside the cell gru"),
        (("lstm", "--figure", "step"), "needs -f svg"),
        (("lstm", "-f", "table"), "unknown format"),
        (("lstm", "--set", "lstm.units=3"), "--set"),
    ],
)
def test_what_cannot_be_explained_is_said(run: Run, args: tuple[str, ...], said: str) -> None:
    result = run("explain", *args)
    assert result.status == 2
    assert said in result.err
    assert not result.out


def test_a_framework_that_cannot_build_a_spec_is_named_with_the_reason(run: Run) -> None:
    result = run("explain", str(CONFIGS / "published/convlstm-demand.yaml"), "--diff", "onnx", "keras")
    assert result.status == 2
    assert "onnx cannot build convlstm-demand: " in result.err
    assert not result.out
