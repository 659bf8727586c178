"""The glossary: what each word means, and what each framework calls it, read off the layouts."""

from __future__ import annotations

from collections.abc import Mapping

from pages.text import NOTE
from rnncalc import layouts
from rnncalc.cell import find, recurrent
from rnncalc.choice import entries

MEANING: Mapping[str, tuple[str, str]] = {
    "input_depth": ("输入维度", "how many numbers a step reads: the length of x"),
    "units": ("隐藏单元数", "how many numbers a gate has: the length of the state h, where nothing projects it"),
    "projection": ("投影维度", "the length of h where a last matrix makes it smaller (or larger) than units"),
}
WORDS = (
    (
        "activation",
        "激活函数",
        "a function of each number that a gate ends with: σ for what opens and shuts, tanh for what fills",
    ),
    ("bias", "偏置", "a number that is added for each unit of a gate: one a map, one a matrix, or one beside x alone"),
    ("batch", "批次", "how many sequences are computed at once; no weight depends on it"),
    ("bidirectional", "双向", "a second layer of the same kind that reads the sequence from its end"),
    ("cell", "单元（细胞）", "the step function: from x and the old states to the new states. Not one of its units"),
    ("cell state", "细胞状态", "c: what an LSTM keeps beside h"),
    ("gate", "门", "a map with weights of its own whose result opens, shuts or fills the state; i, f, g, o or r, z, n"),
    ("hidden state", "隐藏状态", "h: what a step passes on, and what the layer gives out"),
    ("kernel", "核（输入权重）", "the matrix beside x; in TensorFlow 1 that beside x and h"),
    ("layout", "存储布局", "how a framework cuts a cell's weights into tensors, with which names, in which order"),
    ("MAC", "乘加运算", "a multiplication with a sum: what the numbers of a matrix cost when they are used once"),
    ("peephole", "窥视孔连接", "a vector of weights through which gates see the cell state, element by element"),
    ("recurrent kernel", "循环权重", "the matrix beside h"),
    (
        "reset after",
        "后重置",
        "a GRU whose reset gate acts on what the matrix made of h, not on h: it needs another bias",
    ),
    ("stack", "堆叠", "several layers, of which each reads the outputs of the one below"),
    ("step", "时间步", "one position of a sequence; the weights are the same at every one"),
    ("unit", "单元", "one number of h, with its own row of weights in every gate"),
)


def words(key: str) -> dict[str, list[str]]:
    """What the frameworks call a key of recurrent layers: word -> frameworks."""
    found: dict[str, list[str]] = {}
    for name in layouts.NAMES:
        layout = layouts.find(name)
        known = [entry for cell in map(find, recurrent()) if cell for entry in entries(layout, cell)]
        takes = [each for each in known if key != "projection" or "projection" in each.free or each.cell == "*"]
        for word in dict.fromkeys(layout.word(key, entry) for entry in takes):
            found.setdefault(word, []).append(name)
    return found


def glossary_page() -> str:
    """The page."""
    lines = ["# Glossary", "", NOTE, "", "## What the frameworks call it", ""]
    lines += ["| Here | 中文 | What it is | In the frameworks |", "| --- | --- | --- | --- |"]
    for key, (chinese, told) in MEANING.items():
        spelled = "; ".join(f"`{word}`: {', '.join(names)}" for word, names in words(key).items())
        lines.append(f"| `{key}` | {chinese} | {told} | {spelled} |")
    lines += ["", "## What the classes are called", "", "| Cell | Classes |", "| --- | --- |"]
    for name in recurrent():
        cell = find(name)
        assert cell is not None
        classes = {
            framework: dict.fromkeys(entry.class_name(0) for entry in entries(layouts.find(framework), cell))
            for framework in layouts.NAMES
        }
        told = "; ".join(
            f"{framework} {', '.join(f'`{each}`' for each in found)}" for framework, found in classes.items() if found
        )
        lines.append(f"| `{name}` | {told.replace('`*`', f'`{name}`')} |")
    lines += ["", "## Words", "", "| Word | 中文 | What it means |", "| --- | --- | --- |"]
    lines += [f"| {word} | {chinese} | {told} |" for word, chinese, told in WORDS]
    return "\n".join(lines) + "\n"
