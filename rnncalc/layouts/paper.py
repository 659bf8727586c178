"""As papers write it: a matrix for each gate and source, a bias for each map; any cell, any option, any bias policy."""

from rnncalc.layout import Entry, Layout, Names

LAYOUT = Layout(
    name="paper",
    title="Papers (one matrix a gate and source)",
    names=Names(
        stacked="layer_{layer}/{tensor}",
        both="layer_{layer}/{direction}/{tensor}",
        directions=("forward", "backward"),
    ),
    wrapper="bidirectional {name}",
    merges=("concat", "sum", "mul", "ave", "none"),
    nameless=frozenset("*"),
    entries=(
        Entry(
            "*",
            "*",
            {
                "W_{source}{gate}": "@ -> *",
                "w_{source}{gate}": "@* => *",
                "b_{source}{gate}": "1@ => *",
                "b_{gate}": "1 => *",
            },
            bias=("single", "double", "input", "none"),
        ),
    ),
)
