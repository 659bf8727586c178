"""The batch report as one HTML file: it loads nothing, and its rows and details are there without JavaScript.

The policy in its head lets the browser run the one script and no other, whatever a name may say.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from rnncalc.batch.rows import Group, Row, by_folder, total
from rnncalc.errors import Problem, counted
from rnncalc.gate.budget import STATES
from rnncalc.record import Record
from rnncalc.render import words
from rnncalc.render.markup import escaped
from rnncalc.render.picture import COLORS, bar, parts, treemap
from rnncalc.report import LayerReport, ModelReport, TensorReport

LONG = 20  # characters of a figure that stays in one line
MOST = 500  # models that the picture shows by themselves
WORDS = {"ok": "ok", "broken": "over budget", "unknown": "unknown", "": "no budget"}


class Column(Record):
    """A column of the table of models: its head, its key in a row, and its classes."""

    head: str
    key: str
    classes: str = ""


COLUMNS = (
    Column("Model", "name"),
    Column("Framework", "framework", "medium"),
    Column("Layers", "layers", "figure wide"),
    Column("Parameters", "params", "figure"),
    Column("Share", "", "picture medium"),
    Column("MACs a step", "macs_per_step", "figure wide"),
    Column("Weight bytes", "weight_bytes", "figure medium"),
    Column("Budget", "budget"),
)


def _asset(name: str) -> str:
    return Path(__file__).with_name("page").joinpath(name).read_text("utf-8")


def _hash(asset: str) -> str:
    return f"'sha256-{b64encode(sha256(asset.encode()).digest()).decode()}'"


def batch(rows: Iterable[Row], problems: Sequence[Problem]) -> Iterator[str]:
    """The page, piece by piece."""
    every = list(rows)
    style, script = _asset("report.css"), _asset("report.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    sums = total(every)
    told = f"{counted(sums.models, 'model')}, {counted(sums.params, 'parameter')}"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{told} · rnncalc</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>Models</h1>\n"
    )
    over = f", {sums.broken:,} over budget" if sums.broken else ""
    yield f'<p id="shown" role="status">{told}, {sums.weight_bytes:,} bytes{over}</p>\n'
    yield from _errors(problems)
    if every:
        yield _picture(every)
        yield _form(every)
        yield from _table(every)
    yield f"</main>\n{f'<script>{script}</script>' if every else ''}\n</body>\n</html>\n"


def _errors(problems: Sequence[Problem]) -> Iterator[str]:
    if problems:
        yield f'<section class="errors"><h2>{counted(len(problems), "error")}</h2>\n<ul>\n'
        for problem in problems:
            first, *excerpt = str(problem).split("\n")
            lines = "\n".join(escaped(line) for line in excerpt)
            yield f"<li>{escaped(first)}{f'<pre>{lines}</pre>' if lines else ''}</li>\n"
        yield "</ul></section>\n"


def _picture(rows: Sequence[Row]) -> str:
    largest = sorted(rows, key=lambda row: -row.params)
    shown, rest = largest[:MOST], largest[MOST:]
    names, sizes = [row.name for row in shown], [row.params for row in shown]
    if rest:
        names.append(f"{len(rest):,} others")
        sizes.append(total(rest).params)
    caption = "<figcaption>Where the parameters are: each area is a model.</figcaption>"
    return f"<figure>{treemap(names, sizes)}{caption}</figure>\n" if len(rows) > 1 and any(sizes) else ""


def _form(rows: Sequence[Row]) -> str:
    frameworks = sorted({row.framework for row in rows})
    budgets = [state for state in (*STATES, "") if any(row.budget == state for row in rows)]
    return (
        '<form hidden role="search" aria-label="Models">\n'
        '<label>Names, folders, words <input type="search" name="words" autocomplete="off"></label>\n'
        f"{_choice('Framework', [(name, name) for name in frameworks])}"
        f"{_choice('Budget', [(state or 'none', WORDS[state]) for state in budgets])}"
        '<button type="button" id="unfold" aria-pressed="false">Unfold all</button>\n'
        '<button type="reset">Reset</button>\n</form>\n'
    )


def _choice(label: str, options: Sequence[tuple[str, str]]) -> str:
    every = "".join(
        f'<option value="{escaped(value)}">{escaped(told)}</option>' for value, told in (("", "all"), *options)
    )
    return f'<label>{label} <select name="{label.lower()}">{every}</select></label>\n'


def _table(rows: Sequence[Row]) -> Iterator[str]:
    heads = "".join(f'<th scope="col" class="{each.classes}">{each.head}</th>' for each in COLUMNS)
    yield '<table class="models">\n<caption>Each model has its layers and tensors below it, to unfold.</caption>\n'
    yield f"<thead><tr>{heads}</tr></thead>\n"
    groups, most = by_folder(rows), max(row.params for row in rows)
    for group in groups:
        if len(groups) > 1:
            yield _folder(group)
        for row in group.rows:
            yield _model(row, most)
    if len(rows) > 1:
        sums = {"params": total(rows).params, "weight_bytes": total(rows).weight_bytes}
        cells = "".join(
            _figure(sums[c.key], c) if c.key in sums else f'<td class="{c.classes}"></td>' for c in COLUMNS[1:]
        )
        yield f'<tfoot class="total"><tr><th scope="row">Total</th>{cells}</tr></tfoot>\n'
    else:
        yield "<tfoot hidden></tfoot>\n"
    yield "</table>\n"


def _folder(group: Group) -> str:
    sums = total(group.rows)
    told = f"{counted(sums.models, 'model')}, {sums.params:,} parameters"
    return (
        f'<tbody class="folder" data-folder="{escaped(group.folder)}">'
        f'<tr><th scope="rowgroup" colspan="{len(COLUMNS)}">'
        f'<bdi>{escaped(group.folder or ".")}/</bdi> <span class="quiet sum">{told}</span></th></tr></tbody>\n'
    )


def _model(row: Row, most: int) -> str:
    words_of = f"{row.name} {row.path} {row.framework}"
    data = {
        "folder": row.folder,
        "text": words_of,
        "framework": row.framework,
        "budget": row.budget or "none",
        "params": row.params,
    }
    attributes = "".join(f' data-{key}="{escaped(value)}"' for key, value in data.items())
    cells = "".join(_cell(row, each, most) for each in COLUMNS[1:])
    name = f'<th scope="row" data-value="{escaped(row.name)}"><bdi>{escaped(row.name)}</bdi></th>'
    return (
        f'<tbody class="model"{attributes}><tr>{name}{cells}</tr>\n'
        f'<tr><td colspan="{len(COLUMNS)}">{row.detail}</td></tr></tbody>\n'
    )


def _cell(row: Row, column: Column, most: int) -> str:
    if not column.key:
        return f'<td class="{column.classes}">{bar(row.params, most)}</td>'
    value = getattr(row, column.key)
    if column.key == "budget":
        state = {"": "quiet", "unknown": "quiet"}.get(value, value)
        return f'<td class="{state}" data-value="{value}">{WORDS[value] if value else "–"}</td>'
    if column.classes.startswith("figure"):
        return _figure(value, column)
    return f'<td class="{column.classes}" data-value="{escaped(value)}">{escaped(value)}</td>'


def _figure(value: int | None, column: Column) -> str:
    """A figure; one of very many digits may be broken at its commas."""
    shown = words.number(value)
    if len(shown) > LONG:
        shown, column = shown.replace(",", ",<wbr>"), column._replace(classes=f"{column.classes} long")
    return f'<td class="{column.classes}" data-value="{"" if value is None else value}">{shown}</td>'


def detail(report: ModelReport, budget: str) -> str:
    """What unfolds below a model: a picture, its figures, its layers, and their tensors."""
    tensors = sum(len(layer.tensors) for layer in report.layers)
    told = f"{counted(len(report.layers), 'layer')}, {counted(tensors, 'tensor')}"
    facts = [(name, figure) for name, figure in words.summary(report, ()) if name]
    facts.append(("File", report.source or ""))
    rows = "".join(f"<dt>{name}</dt><dd>{escaped(figure)}</dd>" for name, figure in facts)
    layers = "".join(_layer(layer, n, report.params) for n, layer in enumerate(report.layers))
    return (
        f'<details><summary>{told}</summary>{parts(report)}<dl class="facts">{rows}</dl>'
        f'<ul class="layers">{layers}</ul></details>'
    )


def _layer(layer: LayerReport, n: int, whole: int) -> str:
    share = words.share(layer.params, whole)
    trained = "" if layer.trainable else ", not trainable"
    head = (
        f'<span class="swatch c{n % COLORS}"></span><bdi class="name">{escaped(layer.name)}</bdi> '
        f"{escaped(layer.framework_type)}{trained} <code>{escaped(words.output_shape(layer.output_shape))}</code> "
        f'<span class="figure">{layer.params:,}</span> <span class="quiet">{share}</span>'
    )
    if not layer.tensors:
        return f'<li><div class="bare">{head}</div></li>'
    rows = "".join(_tensor(tensor) for tensor in layer.tensors)
    return (
        f'<li><details><summary>{head}</summary><div class="scroll"><table class="tensors">'
        f"<caption>Tensors of {escaped(layer.name)}</caption>"
        '<thead><tr><th scope="col">Tensor</th><th scope="col">Shape</th><th scope="col" class="figure">Parameters</th>'
        f'<th scope="col">Formula</th></tr></thead><tbody>{rows}</tbody></table></div></details></li>'
    )


def _tensor(tensor: TensorReport) -> str:
    told = f"= {tensor.shared_with}" if tensor.shared_with else tensor.formula
    told += "" if tensor.trainable else ", not trainable"
    told += f" ({tensor.unread:,} never read)" if tensor.unread else ""
    return (
        f'<tr><th scope="row"><code>{escaped(tensor.name)}</code></th><td>{words.shape(tensor.shape)}</td>'
        f'<td class="figure">{tensor.params:,}</td><td>{escaped(told)}</td></tr>'
    )
