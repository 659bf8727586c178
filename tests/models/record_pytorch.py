"""Record what real PyTorch models store: `python record_pytorch.py` with torch and safetensors, in this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

HERE = Path(__file__).parent


class Tagger(nn.Module):
    """An encoder of two directions, below a module of its own, with a head that is defined first."""

    def __init__(self, units: int = 24, bias: bool = True) -> None:
        super().__init__()
        self.head = nn.Linear(2 * units, 9)
        self.words = nn.Embedding(1000, 16)
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(16, units, num_layers=2, bidirectional=True, bias=bias)})


class Keyword(nn.Module):
    """A convolution with its statistics before a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(nn.Conv1d(40, 32, 3), nn.BatchNorm1d(32), nn.ReLU())
        self.gru = nn.GRU(32, 48)
        self.classify = nn.Linear(48, 12)


class Twins(nn.Module):
    """Two encoders of one shape, and layers that only their names tell apart."""

    def __init__(self) -> None:
        super().__init__()
        self.right = nn.LSTM(8, 8)
        self.left = nn.LSTM(8, 8)
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(11))


class Language(nn.Module):
    """A language model whose decoder has the embedding's matrix, and a state that is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 12)
        self.h0 = nn.Parameter(torch.zeros(1, 1, 12))
        self.c0 = nn.Parameter(torch.zeros(1, 1, 12))
        self.core = nn.LSTM(12, 12)
        self.decode = nn.Linear(12, 50)
        self.decode.weight = self.embed.weight


class Cells(nn.Module):
    """A stack that is written by hand, of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.ModuleList([nn.LSTMCell(6, 10), nn.LSTMCell(10, 10)])
        self.attend = nn.MultiheadAttention(10, 2)
        self.out = nn.Linear(10, 3, bias=False)


def shapes(model: nn.Module) -> dict[str, list[int]]:
    """The model's state_dict, in its order."""
    return {name: list(array.shape) for name, array in model.state_dict().items()}


def main() -> None:
    """Write the shapes of each model, and two files of the safetensors package's own making."""
    models: dict[str, Any] = {each.__name__.lower(): each() for each in (Tagger, Keyword, Twins, Language, Cells)}
    models["grown"] = Tagger(units=32)
    models["compiled"] = nn.ModuleDict({"_orig_mod": nn.ModuleDict({"module": Tagger()})})
    models["backward"] = nn.LSTM(5, 7, bidirectional=True)
    found = {
        "versions": {"torch": torch.__version__, "safetensors": safetensors.__version__},
        "models": {name: shapes(model) for name, model in models.items()},
    }
    lines = json.dumps(found).replace('}, "', '},\n"').replace(': {"', ':\n{"')
    (HERE / "pytorch.json").write_text(lines + "\n", "utf-8")
    small = nn.ModuleDict({"rnn": nn.LSTM(2, 3, bidirectional=True), "norm": nn.BatchNorm1d(2)})
    metadata = {"format": "pt", "note": "a real file"}
    safetensors.torch.save_file(small.state_dict(), HERE / "small.safetensors", metadata)
    half = {name: array.to(torch.bfloat16) for name, array in small["rnn"].state_dict().items()}
    safetensors.torch.save_file(half, HERE / "half.safetensors")


if __name__ == "__main__":
    main()
