"""Choose from the golden files what `rnncalc verify` compares itself with: a small case of each class and option."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent.parent / "rnncalc" / "witnesses"
PACKAGE = {
    "tensorflow1": "tensorflow",
    "tensorflow1-layers": "tensorflow",
    "flax-nnx": "flax",
    "haiku": "dm-haiku",
    "pytorch": "torch",
}
STACK = ("num_layers", "bidirectional", "merge_mode", "return_sequences", "name")


def main() -> None:
    """Write one file a framework."""
    TARGET.mkdir(exist_ok=True)
    for path in sorted(HERE.glob("*.json")):
        golden = json.loads(path.read_text("utf-8"))
        chosen: dict[str, dict[str, object]] = {}
        for case in golden["cases"]:
            layers = case["model"]["layers"]
            kind, options = next(iter(layers[0].items()))
            plain = isinstance(options, dict) and not set(options) & set(STACK[:4])
            if len(layers) != 1 or not plain or not case["states"] or "units" not in options:
                continue
            widths = (options["units"], case["model"]["input"].get("depth", 0), case["x"][1])
            if min(widths) < 2 or widths[0] == widths[1]:  # a block of one row, or a square one, could be turned unseen
                continue
            sized = {key: key in ("units", "projection") or value for key, value in options.items() if key != "name"}
            key = json.dumps([kind, sized])
            size = sum(len(str(value)) for value in case["outputs"]["values"])
            if key not in chosen or size < len(str(chosen[key]["outputs"])):
                kept = ("id", "model", "tensors", "x", "initial_state", "outputs", "states", "tolerance")
                chosen[key] = {name: case[name] for name in kept if name in case}
        if chosen:
            name = PACKAGE.get(path.stem, path.stem)
            versions = {"framework": f"{name} {golden['versions'].get(name, '')}".strip()}
            head = {"framework": golden["framework"], "versions": versions, "tolerance": golden["tolerance"]}
            lines = ",\n".join(json.dumps(case) for case in chosen.values())
            (TARGET / path.name).write_text(json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n", "utf-8")


if __name__ == "__main__":
    main()
