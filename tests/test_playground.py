"""The page to play with, in a real browser: its counts are the command line's, for every cell and framework."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playground import page as written
from playground.data import data

from tests.browser import Visit
from tests.conftest import Result

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE = Path(__file__).parent.parent / "docs" / "index.html"
COMBINATIONS = 600
LARGE = 1 << 40
FIGURES = ("params", "macs_per_step", "flops_per_step", "macs", "flops", "weight_bytes", "state_bytes")
COUNT = """(choices) => choices.map((choice) => {
  const big = (value) => typeof value === "string" && /^\\d+$/.test(value) ? BigInt(value) : value;
  const sizes = Object.fromEntries(Object.entries(choice.sizes).map(([key, value]) => [key, big(value)]));
  const found = window.rnncalc.count({...choice, sizes, num_layers: big(choice.num_layers), steps: big(choice.steps)});
  const figures = Object.fromEntries(FIGURES.map((key) => [key, found[key] === null ? null : String(found[key])]));
  const tensors = found.tensors.map((each) => [each.name, each.shape.map(String), String(each.params)]);
  return {...figures, type: found.type, tensors};
})""".replace("FIGURES", json.dumps(FIGURES))


def choices() -> Iterator[dict[str, Any]]:
    """Every variant once, and then some at random; small, odd and huge sizes, stacks, both directions."""
    told = data()
    keys = list(told["variants"])
    lots = random.Random(71168)
    for n in range(COMBINATIONS):
        key = keys[n] if n < len(keys) else lots.choice(keys)
        framework, name, bits, policy, *counted = key.split("/")
        variant, cell = told["variants"][key], told["cells"][name]
        most = lots.choice((9, 300, LARGE))
        sizes = {"input_depth": lots.randint(1, most), "units": 8 * lots.randint(2, most)}
        switches = {switch: bit == "1" for switch, bit in zip(cell["switches"], bits)}
        for size in cell["sizes"]:
            if switches[size]:
                sizes[size] = lots.randint(1, sizes["units"] - 1)
        sizes.update({free: lots.choice((1, 2, 4, 8)) for free in cell["free"]})
        yield {
            "cell": name,
            "framework": framework,
            "switches": switches,
            "sizes": {key: str(value) for key, value in sizes.items()},
            "counted": dict(zip(cell["counted"], counted)),
            "policy": policy,
            "bidirectional": variant["both"] is not None and lots.random() < 0.5,
            "num_layers": str(lots.choice((1, 1, 2, 3, 7))),
            "dtype": lots.choice(list(told["dtypes"])),
            "steps": lots.choice((None, "1", "28")),
        }


def arguments(choice: dict[str, Any]) -> list[str]:
    """The command line of a choice."""
    flags = {**choice["sizes"], **choice["counted"], "num_layers": choice["num_layers"], "dtype": choice["dtype"]}
    words = [choice["cell"], "-f", "json", "-F", choice["framework"], "--bias", choice["policy"]]
    for key, value in flags.items():
        words += [f"--{key.replace('_', '-')}", value]
    for key, on in choice["switches"].items():
        if key not in choice["sizes"] and not key.startswith("projection"):
            words.append(f"--{'' if on else 'no-'}{key.replace('_', '-')}")
    words += ["--bidirectional"] if choice["bidirectional"] else []
    return [*words, *(["--steps", choice["steps"]] if choice["steps"] else [])]


@pytest.fixture
def page(visit: Visit) -> Page:
    """The page, opened."""
    return visit(PAGE)


def test_the_counts_are_those_of_the_command_line(page: Page, run: Callable[..., Result]) -> None:
    asked = list(choices())
    assert len(asked) >= 500
    for choice, found in zip(asked, page.evaluate(COUNT, asked)):
        told = json.loads(run(*arguments(choice)).out)
        expected = {key: told[key] for key in FIGURES if key != "params"} | {"params": told["params"]["total"]}
        assert {key: found[key] and int(found[key]) for key in FIGURES} == expected, choice
        (layer,) = told["layers"]
        assert found["type"] == layer["framework_type"]
        tensors = {name: ([int(axis) for axis in shape], int(params)) for name, shape, params in found["tensors"]}
        assert tensors == {each["name"]: (each["shape"], each["params"]) for each in layer["tensors"]}, choice


def test_the_page_begins_with_the_count_of_the_note(page: Page) -> None:
    assert page.inner_text("#total") == "71,168"
    assert page.inner_text("#formula").split("\n") == [
        "(input_depth + num_units) × 4·num_units + 4·num_units",
        "= (10 + 128) × 4·128 + 4·128",
        "= 71,168",
    ]
    assert page.locator("#picture rect").count() == 12  # two sources and a bias, of four gates
    colours = page.locator("#picture rect").evaluate_all("all => all.map((each) => each.classList[1])")
    gates = page.locator("#step rect.map").evaluate_all("all => all.map((each) => each.classList[1])")
    assert set(colours) == set(gates)
    assert len(set(gates)) == 4


def test_all_follows_at_once(page: Page, run: Callable[..., Result]) -> None:
    page.select_option("[name=cell]", "gru")
    page.select_option("[name=framework]", "pytorch")
    page.fill("[name=units]", "64")
    page.check("[name=bidirectional]")
    page.fill("[name=num_layers]", "2")
    command = page.inner_text("#command")
    told = json.loads(run(*command.split()[1:], "-f", "json").out)
    assert page.inner_text("#total") == f"{told['params']['total']:,}"
    assert "hidden_size" in page.inner_text("h2 [data-word=units]")
    assert page.inner_text("#equations").count("b_xr") == 1
    rows = page.locator("#tensors tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == [each["name"] for each in told["layers"][0]["tensors"]]


def test_the_formula_in_numbers_is_equal_to_the_count(page: Page) -> None:
    for cell in data()["cells"]:
        page.select_option("[name=cell]", cell)
        page.select_option("[name=framework]", "paper")
        page.fill("[name=num_layers]", "3")
        symbols, numbers, total = page.inner_text("#formula").split("\n")
        told = numbers.replace("×", "*").replace("·", "*").replace(",", "").lstrip("= ")
        assert re.fullmatch("[0-9 +*()/]+", told), told
        assert eval(told.replace("/", "//"), {"__builtins__": {}}) == int(total.lstrip("= ").replace(",", ""))
        assert "units" in symbols


def test_what_a_framework_has_not_is_said(page: Page) -> None:
    page.select_option("[name=framework]", "keras")
    page.check("[name=peephole]")
    assert "keras has no lstm with peephole; tensorflow1, onnx and paper have it" in page.inner_text("#error")
    assert page.inner_text("#total") == "?"
    page.uncheck("[name=peephole]")
    assert page.inner_text("#total") == "71,168"


@pytest.mark.parametrize("written", ["0", "-3", "1.5", "ten", "9223372036854775808", "1e3"])
def test_a_size_that_is_none_is_said(page: Page, written: str) -> None:
    page.fill("[name=units]", written)
    assert "a whole number from 1" in page.inner_text("#error")
    assert page.get_attribute("[name=units]", "aria-invalid") == "true"


def test_huge_sizes_stay_exact(page: Page) -> None:
    size = (1 << 63) - 1
    page.fill("[name=units]", str(size))
    page.fill("[name=input_depth]", "10k")
    assert page.inner_text("#total") == f"{(10_000 + size) * 4 * size + 4 * size:,}"


def test_a_choice_can_be_passed_on(page: Page, visit: Visit) -> None:
    page.select_option("[name=cell]", "gru")
    page.fill("[name=units]", "7")
    page.fill("[name=input_depth]", "5")
    page.select_option("[name=framework]", "flax")
    total, address = page.inner_text("#total"), page.url
    assert total == "280"
    page.goto("about:blank")
    page.goto(address)
    assert page.inner_text("#total") == total


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_a_phone_and_the_dark(visit: Visit, tmp_path: Path, width: int, dark: bool) -> None:
    page = visit(PAGE, width=width, dark=dark)
    page.select_option("[name=framework]", "keras")
    page.check("[name=bidirectional]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot = tmp_path / f"{width}.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 10_000


def test_every_control_has_a_label(page: Page) -> None:
    assert page.evaluate("[...document.forms.form.elements].every((e) => e.tagName === 'FIELDSET' || e.labels.length)")


def test_the_page_is_one_file_that_loads_nothing() -> None:
    text = written()
    assert not re.search(r'(?:src|href)="(?!README|guide|explain|why-counts|cells|numbers)', text)
    assert not re.search(r"@import|url\((?!#)", text)
