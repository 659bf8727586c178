"""The page of the batch report, in a real browser: opened, sorted, filtered, unfolded, on any screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rnncalc.render.picture import squarified
from tests.browser import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

Run = Callable[..., Any]
CONFIGS = Path(__file__).parent.parent / "configs"
HUGE = 2**62
# name: (folder, framework, units, budget), each an LSTM of 10 inputs and a dense layer of 3
MODELS = {
    "small": ("a", "keras", 8, "{params: 1k}"),
    "large": ("b", "keras", 128, "{params: 71167}"),
    "middle": ("b", "pytorch", 32, ""),
    "huge": ("c", "keras", HUGE, ""),
    "huger": ("c", "keras", HUGE + 1, ""),
}
PARAMS = {
    name: (10 + units) * 4 * units + (2 if framework == "pytorch" else 1) * 4 * units + 3 * units + 3
    for name, (_, framework, units, _) in MODELS.items()
}
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover=alert(1) x='",
    "<!-- <script>",
    "]]>&lt;b&gt;&amp;",
    "right‮left",
    "${alert(1)}`",
    "a\x07b\nc",
)


@pytest.fixture
def page_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, (folder, framework, units, budget) in MODELS.items():
        (tmp_path / folder).mkdir(exist_ok=True)
        layers = f"layers: [lstm: {{units: {units}, name: memory}}, dense: {{units: 3, name: head}}]"
        text = f"framework: {framework}\ninput: {{depth: 10}}\n{layers}\n"
        (tmp_path / folder / f"{name}.yaml").write_text(text + (f"budget: {budget}\n" if budget else ""))
    monkeypatch.chdir(tmp_path)
    assert run("report", "a", "b", "c", "-o", "page.html").status == 0
    return tmp_path / "page.html"


def shown(page: Page) -> list[str]:
    """The models that can be seen, in their order."""
    return page.locator("tbody.model > tr:first-child > th:visible").all_inner_texts()


def status(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def test_the_page_shows_each_model_with_its_figures(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    assert shown(page) == ["small", "large", "middle", "huge", "huger"]
    for name, params in PARAMS.items():
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        assert f"{params:,}" in row.inner_text()
    assert f"5 models, {sum(PARAMS.values()):,} parameters" in status(page)
    assert f"{sum(PARAMS.values()):,}" in page.locator("tfoot").inner_text()


def test_the_folders_stand_above_their_models_with_their_sums(visit: Visit, page_file: Path) -> None:
    heads = [each.strip() for each in visit(page_file).locator("tbody.folder").all_inner_texts()]
    assert heads[0] == f"a/ 1 model, {PARAMS['small']:,} parameters"
    assert heads[1] == f"b/ 2 models, {PARAMS['large'] + PARAMS['middle']:,} parameters"


def test_a_click_sorts_and_another_turns_it_round(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    head = page.get_by_role("columnheader", name="Parameters")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    # exact where a floating-point number is not: these differ in their last digits
    assert shown(page) == ["huger", "huge", "large", "middle", "small"]
    assert head.get_attribute("aria-sort") == "descending"
    head.get_by_role("button").click()
    assert shown(page) == ["small", "middle", "large", "huge", "huger"]
    assert head.get_attribute("aria-sort") == "ascending"
    name = page.get_by_role("columnheader", name="Model")
    name.get_by_role("button").press("Enter")
    assert shown(page) == ["huge", "huger", "large", "middle", "small"]
    assert (head.get_attribute("aria-sort"), name.get_attribute("aria-sort")) == ("none", "ascending")
    assert page.locator("tbody.model").last.inner_text().startswith("small")  # its details moved with it


def test_each_filter_hides_what_is_not_so(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    words = page.get_by_role("searchbox", name="Names, folders, words")
    words.fill("B/")
    assert shown(page) == ["large", "middle"]
    assert status(page) == f"2 of 5 models, {PARAMS['large'] + PARAMS['middle']:,} parameters"
    assert page.locator("tbody.folder:visible").count() == 1
    assert not page.locator("tfoot").is_visible()
    page.get_by_role("combobox", name="Framework").select_option("pytorch")
    assert shown(page) == ["middle"]
    page.get_by_role("button", name="Reset").click()
    page.locator("tbody.model[hidden]").first.wait_for(state="detached")
    assert "5 models" in status(page)
    page.get_by_role("combobox", name="Budget").select_option("over budget")
    assert shown(page) == ["large"]
    page.get_by_role("combobox", name="Budget").select_option("no budget")
    assert shown(page) == ["middle", "huge", "huger"]
    words.fill("nothing has this name")
    assert shown(page) == []
    assert "0 of 5 models" in status(page)


def test_layers_and_tensors_unfold(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    model = page.locator("tbody.model").nth(1)
    assert not model.get_by_text("memory", exact=True).is_visible()
    model.get_by_text("2 layers, 5 tensors").click()
    assert model.get_by_text("memory", exact=True).is_visible()
    assert not model.get_by_role("table").is_visible()
    model.get_by_text("memory", exact=True).click()
    rows = model.get_by_role("table").first.get_by_role("row").all_inner_texts()
    assert "recurrent_kernel\t128 × 512\t65,536\tunits × 4·units" in rows
    assert "b/large.yaml" in model.inner_text()


def test_all_unfolds_at_once_and_folds_again(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    button = page.get_by_role("button", name="Unfold all")
    button.click()
    assert page.get_by_text("memory", exact=True).first.is_visible()
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert not page.get_by_text("memory", exact=True).first.is_visible()


def test_without_javascript_all_is_there_and_unfolds(visit: Visit, page_file: Path) -> None:
    page = visit(page_file, javascript=False)
    assert shown(page) == ["small", "large", "middle", "huge", "huger"]
    assert not page.locator("form").is_visible()
    assert page.locator("thead button").count() == 0
    page.get_by_text("2 layers, 5 tensors").first.click()
    assert page.get_by_text("memory", exact=True).first.is_visible()


def test_a_picture_shows_where_the_parameters_are(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    label = page.get_by_role("img", name="Where the parameters are, the largest models first").get_attribute(
        "aria-label"
    )
    assert label
    assert "huger 50.0 %" in label
    model = page.locator("tbody.model").nth(1)
    model.get_by_text("2 layers, 5 tensors").click()
    widths = model.locator("svg.parts > rect.c0:not(.inner)").evaluate_all("all => all.map(e => e.width.baseVal.value)")
    assert widths == [pytest.approx(1000 * (138 * 512 + 512) / PARAMS["large"], rel=1e-3)]


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 2000])
def test_no_screen_has_to_be_moved_sideways(visit: Visit, page_file: Path, width: int) -> None:
    page = visit(page_file, width=width)
    page.get_by_role("button", name="Unfold all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= max(width, 360)


def test_a_phone_shows_name_figure_and_budget_and_the_rest_unfolds(visit: Visit, page_file: Path) -> None:
    page = visit(page_file, width=360, height=740)
    heads = page.locator("thead th:visible").all_inner_texts()
    assert [head.split()[0] for head in heads] == ["Model", "Parameters", "Budget"]
    page.get_by_text("2 layers, 5 tensors").first.click()
    told = page.locator("tbody.model").first.inner_text()
    assert all(word in told for word in ("MACs", "Weights", "State", "a/small.yaml"))
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 24  # what a finger needs, by WCAG 2.2


LUMINANCE = """element => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = (color) => {
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element;
  while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
  const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(ground).backgroundColor)];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), b];
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_in_the_light_and_in_the_dark(visit: Visit, page_file: Path, dark: bool) -> None:
    page = visit(page_file, dark=dark)
    page.get_by_role("button", name="Unfold all").click()
    for place in ("h1", ".quiet", ".broken", ".ok", "summary", "dt", "code", "thead button", "td.figure", "label"):
        contrast, ground = page.locator(place).first.evaluate(LUMINANCE)
        assert contrast >= 4.5, place
        assert (ground < 0.1) == dark


def test_a_screen_reader_finds_a_table_with_heads_and_labels(visit: Visit, page_file: Path) -> None:
    page = visit(page_file)
    table = page.get_by_role("table").first
    assert table.locator("> caption").inner_text()
    assert table.locator("> thead th[scope=col]").count() == table.locator("> thead th").count() > 0
    assert page.locator("tbody.model > tr:first-child > th[scope=row]").count() == len(MODELS)
    assert page.locator("html").get_attribute("lang") == "en"
    for control in page.locator("input, select").all():
        assert control.evaluate("each => each.labels.length") == 1
    for picture in page.locator("svg").all():
        told = picture.get_attribute("aria-label") or picture.get_attribute("aria-hidden")
        assert told


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_and_never_run(run: Run, visit: Visit, tmp_path: Path, name: str) -> None:
    import yaml

    layers = [{"lstm": {"units": 3, "name": name}}, {"dense": {"units": 3, "name": f"{name}2"}}]
    folder = tmp_path / "<b>&\"'"
    folder.mkdir()
    for n in range(2):
        spec = {"name": f"{name}{n or ''}", "input": {"depth": 2}, "layers": layers}
        (folder / f"a{n}.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump({"layers": [{name: 3}]}), "utf-8")
    assert run("report", tmp_path, "-o", tmp_path / "page.html").status == 2
    page = visit(tmp_path / "page.html")
    page.get_by_role("button", name="Unfold all").click()
    expected = name.replace("\x07", "�").replace("\n", "�").replace("\u202e", "\\u202e")
    assert shown(page)[0] == expected
    assert page.locator(".layers .name").first.inner_text() == expected
    assert page.locator("script, img, b, [onmouseover], [onload]").count() == 1
    page.get_by_role("searchbox").fill("0")
    page.get_by_role("columnheader", name="Model").get_by_role("button").click()


def test_what_is_wrong_with_other_specs_stands_at_the_top(run: Run, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("input: {depth: 1}\nlayers: [lstm: 1]\n")
    (tmp_path / "bad.yaml").write_text("input: {depth: 1}\nlayers: [lstm: 0]\n")
    assert run("report", tmp_path, "-o", tmp_path / "page.html").status == 2
    page = visit(tmp_path / "page.html")
    assert page.get_by_role("heading", name="1 error").is_visible()
    assert "bad.yaml:2:16" in page.locator(".errors").inner_text()


def test_a_page_of_nothing_is_still_a_page(run: Run, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert run("report", tmp_path / "folder", "-o", tmp_path / "page.html").status == 2
    page = visit(tmp_path / "page.html")
    assert "0 models" in status(page)


def test_the_configs_of_this_project_make_a_page(run: Run, visit: Visit, tmp_path: Path) -> None:
    assert run("report", CONFIGS, "-o", tmp_path / "page.html").status == 0
    page = visit(tmp_path / "page.html")
    assert page.locator("tbody.model").count() == len(shown(page)) > 40
    page.get_by_role("columnheader", name="Parameters").get_by_role("button").click()
    assert shown(page)[0] == "lm1b-lstm-1024-512"


class _Tags(HTMLParser):
    """The open tags; an end that fits none of them is a mistake."""

    VOID = ("meta", "input", "rect", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        if tag not in self.VOID or (tag == "rect" and not self.get_starttag_text().endswith("/>")):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_tag_is_closed_and_nothing_is_loaded(page_file: Path) -> None:
    text = page_file.read_text("utf-8")
    tags = _Tags()
    tags.feed(text)
    assert tags.open == []
    assert not re.search(r"""[\s"'](src|href)=|url\(|@import|https?:|<link|<iframe""", text)


@pytest.mark.parametrize("sizes", [[1], [5, 3, 2], [10**30, 7, 1], [6, 6, 4, 3, 2, 2, 1]])
def test_areas_are_as_large_as_what_they_stand_for_and_do_not_overlap(sizes: list[int]) -> None:
    areas = list(squarified(sizes, 600, 400))
    for size, area in zip(sizes, areas):
        assert area.width * area.height == pytest.approx(600 * 400 * size / sum(sizes), rel=1e-6, abs=1e-6)
        assert -1e-6 <= area.x <= area.x + area.width <= 600 + 1e-6
        assert -1e-6 <= area.y <= area.y + area.height <= 400 + 1e-6
    for n, one in enumerate(areas):
        for other in areas[:n]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(across, down) <= 1e-6
