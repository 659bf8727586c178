"""What each command loads, and that imports only go downwards through the house."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import rnncalc

HOUSE = Path(rnncalc.__file__).parent
LSTM = ("lstm", "--input-depth", "10", "--units", "128")

# From the ground up: a module imports those of lower floors, and its package's own.
FLOORS = (
    ("record",),
    ("algebra", "errors", "shapes", "spec.syntax"),
    ("sizes",),
    ("cell", "effects", "sizing.grid"),
    ("recorder",),
    ("cells", "layers", "trace"),
    ("equations", "layout"),
    ("arrangement",),
    ("layouts", "packing", "arrays"),
    ("plan",),
    ("choice", "spec.keys"),
    ("kind",),
    ("spec.values",),
    ("spec.entries",),
    ("report",),
    ("starts", "residual", "inflow"),
    ("tensor",),
    ("sharing",),
    ("costs", "fit", "gate.limits"),
    ("gate.growth", "gate.exemption", "gate.baseline"),
    ("layer",),
    ("figures", "network", "remarks"),
    ("symbolic", "sizing.identify", "changes.pairs", "why.origin", "why.pieces"),
    ("why.formulas", "why.influence"),
    ("why.told",),
    ("why.explain",),
    ("unroll",),
    ("forward", "training", "sizing.figures"),
    ("proof.witness",),
    ("proof.small",),
    ("proof.perturb",),
    ("proof.prove", "sizing.solve"),
    ("spec.source", "spec.text", "matching.saved", "gate.budget"),
    ("batch.ignore", "batch.spread"),
    ("batch.files",),
    ("spec.settings", "gate.project"),
    ("spec.read", "gate.judge", "axes"),
    ("gate.accept",),
    (
        "changes.causes",
        "changes.sides",
        "batch.rows",
        "matching.wanted",
        "matching.matched",
        "matching.fitting",
        "sizing.sweep",
    ),
    ("matching.stems",),
    ("matching.assign",),
    (
        "batch.discover",
        "catalogue",
        "compare",
        "changes.diff",
        "changes.revision",
        "schema",
        "matching.match",
        "sizing.curves",
    ),
    ("render",),
    ("cli",),
    ("__main__",),
)
# Methods of a lower floor that are a door to a higher one, opened when they are called.
DOORS = {
    ("network", "forward"),  # Model.forward, Model.weights
    ("network", "figures"),  # Model.report
    ("network", "training"),  # Model.training
    ("arrangement", "layouts"),  # a cached arrangement finds its layout by name
    ("proof.witness", "spec.read"),  # a recorded case is a spec
}
ONLY = {
    "rich": {"render.lines", "cli.progress"},
    "yaml": {"spec.source"},
    "numpy": {
        "packing",
        "arrays",
        "unroll",
        "forward",
        "proof.perturb",
        "proof.prove",
        "proof.witness",
        "sizing.grid",
        "sizing.sweep",
    },
    "click": {"cli"},
}


def files() -> list[Path]:
    return sorted(HOUSE.rglob("*.py"))


def name(file: Path) -> str:
    """`layouts.keras`; a package for its __init__."""
    return ".".join(file.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")


def under(package: str) -> list[Path]:
    return [file for file in (HOUSE / package).glob("*.py") if file.stem != "__init__"]


@cache
def imports(file: Path) -> tuple[tuple[str, bool], ...]:
    """The modules that a file imports when it runs, and whether at its top; those for the type checker are left out."""
    return tuple(_walk(ast.parse(file.read_text("utf-8")), True))


def _walk(node: ast.AST, top: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "imports are written in full"
            whole = child.module or ""
            inside = [f"{whole}.{alias.name}" for alias in child.names]
            modules = [each for each in inside if _exists(each)]
            yield from ((each, top) for each in modules or [whole])
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for each in child.orelse:
                yield from _walk(ast.Module([each], []), top)
        else:
            yield from _walk(child, top and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))


def _exists(module: str) -> bool:
    first, *rest = module.split(".")
    path = HOUSE.joinpath(*rest)
    return first == "rnncalc" and bool(rest) and (path.with_suffix(".py").is_file() or path.is_dir())


def own(file: Path) -> list[tuple[str, bool]]:
    return [(each.removeprefix("rnncalc."), top) for each, top in imports(file) if each.startswith("rnncalc.")]


def floor(module: str) -> int:
    return next(n for n, names in enumerate(FLOORS) if module in names or module.split(".")[0] in names)


# --- the house --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", files(), ids=name)
def test_every_module_has_its_floor(file: Path) -> None:
    assert file.name == "__init__.py" or any({name(file), name(file).split(".")[0]} & {*names} for names in FLOORS)


@pytest.mark.parametrize("file", files(), ids=name)
def test_imports_only_go_downwards(file: Path) -> None:
    here = name(file)
    if here == "__init__":
        assert own(file) == []
        return
    upwards = [
        module
        for module, top in own(file)
        if floor(module) >= floor(here)
        and module.split(".")[0] != here.split(".")[0]
        and (top or (here, module) not in DOORS)
    ]
    assert upwards == []


def test_every_door_is_used() -> None:
    lazily = {(name(file), module) for file in files() for module, top in own(file) if not top}
    assert DOORS - lazily == set()


@pytest.mark.parametrize("file", [*under("cells"), *under("layers")], ids=name)
def test_a_cell_imports_the_words_for_cells_and_other_cells_alone(file: Path) -> None:
    words = {"__future__", "typing", "collections.abc", "rnncalc.cell"}
    others = {f"rnncalc.{name(other)}" for other in under(file.parent.name)}
    assert {module for module, _ in imports(file)} <= words | others


@pytest.mark.parametrize("file", under("layouts"), ids=name)
def test_a_layout_imports_the_words_for_layouts_and_other_layouts_alone(file: Path) -> None:
    others = {f"rnncalc.{name(other)}" for other in under("layouts")}
    assert {module for module, _ in imports(file)} <= {"__future__", "rnncalc.layout"} | others


@pytest.mark.parametrize("file", files(), ids=name)
@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_imported_by_those_who_need_it_alone(library: str, file: Path) -> None:
    if any(module.split(".")[0] == library for module, _ in imports(file)):
        assert name(file) in ONLY[library] or name(file).split(".")[0] in ONLY[library]


# --- what a command loads ---------------------------------------------------------------------------------------------


@cache
def loaded(*args: str) -> frozenset[str]:
    """The modules that a command loads, or `import rnncalc` where none is given; those of Python's start with them."""
    code = "import sys; sys.argv[0] = 'rnncalc'\n"
    code += "import rnncalc\n" if not args else "from rnncalc.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(*sys.modules, file=sys.stderr)"
    # without site, whose .pth files load what the command does not
    paths = [str(HOUSE.parent), *(path for path in sys.path if path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("COVERAGE_PROCESS_START", None)
    command = [sys.executable, "-S", "-c", code, *args]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=True)
    return frozenset(done.stderr.split())


def loads(modules: frozenset[str], *names: str) -> list[str]:
    """Those of `names` that are loaded, as themselves or as a part."""
    return [name for name in names if any(each == name or each.startswith(f"{name}.") for each in modules)]


def test_the_package_loads_nothing_but_itself() -> None:
    modules = loaded()
    assert "rnncalc" in modules
    assert loads(modules, "click", "rich", "numpy", "yaml") == []
    assert [each for each in modules if each.startswith("rnncalc.")] == []


def test_a_cell_command_loads_no_more_than_it_needs() -> None:
    modules = loaded(*LSTM)
    assert "rnncalc.render.table" in modules
    assert loads(modules, "rich.table", "rich.console", "rich.text", "rich.style") == []
    assert loads(modules, "numpy", "yaml", "pathlib", "importlib.metadata", "json", "csv", "tempfile") == []


def test_a_cell_command_loads_no_floor_that_it_does_not_use() -> None:
    unused = (
        "spec.read",
        "spec.source",
        "batch.discover",
        "forward",
        "packing",
        "proof.prove",
        "proof.witness",
        "gate.budget",
        "sizing.solve",
        "catalogue",
    )
    assert loads(loaded(*LSTM), *(f"rnncalc.{each}" for each in unused)) == []


def test_a_cell_command_loads_no_other_cell() -> None:
    assert loads(loaded(*LSTM), "rnncalc.cells.gru", "rnncalc.cells.rnn", "rnncalc.layers.dense") == []


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_a_format_without_a_table_does_not_load_rich(form: str) -> None:
    modules = loaded(*LSTM, "-f", form)
    assert f"rnncalc.render.{form}" in modules
    assert loads(modules, "rich", "numpy", "yaml") == []


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("lstm", "--help")])
def test_asking_for_help_loads_no_table(args: tuple[str, ...]) -> None:
    assert loads(loaded(*args), "rich", "numpy", "yaml") == []


def test_count_does_not_load_numpy(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("input: {depth: 1}\nlayers: [lstm: 1]\n")
    modules = loaded("count", str(tmp_path), "-f", "json")
    assert "yaml" in modules
    assert loads(modules, "rich", "numpy") == []


@pytest.mark.parametrize("form", ["text", "json", "markdown", "latex", "svg", "html"])
def test_an_explanation_of_a_cell_loads_no_library(form: str) -> None:
    assert loads(loaded("explain", "lstm", "-f", form), "rich", "numpy", "yaml", "jinja2") == []


def test_diff_loads_neither_numpy_nor_what_is_not_asked_for(tmp_path: Path) -> None:
    for name, units in (("a", 1), ("b", 2)):
        (tmp_path / f"{name}.yaml").write_text(f"input: {{depth: 1}}\nlayers: [lstm: {units}]\n")
    modules = loaded("diff", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"), "-f", "json")
    assert "rnncalc.changes.diff" in modules
    git = () if sys.version_info < (3, 11) else ("subprocess",)  # which click itself loads there
    assert loads(modules, "rich", "numpy", *git, "rnncalc.changes.revision", "rnncalc.sizing.solve") == []


def test_a_sweep_of_a_cell_reads_no_yaml() -> None:
    modules = loaded("sweep", "lstm", "--input-depth", "10", "--units", "1:9", "-f", "csv")
    assert "numpy" in modules
    assert loads(modules, "rich", "yaml", "rnncalc.render.plot", "rnncalc.sizing.curves") == []
