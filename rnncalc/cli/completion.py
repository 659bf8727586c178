"""`rnncalc completion`: what a shell has to read to complete commands, flags, formats, names and files."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that makes a shell complete rnncalc's words: bash, zsh or fish.

    For bash, add  eval "$(rnncalc completion bash)"  to ~/.bashrc; for zsh the same with zsh to ~/.zshrc, behind
    compinit; for fish, write it to ~/.config/fish/completions/rnncalc.fish.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        root = click.get_current_context().find_root().command
        click.echo(found(root, {}, "rnncalc", "_RNNCALC_COMPLETE").source())
    return 0
