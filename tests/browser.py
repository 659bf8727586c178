"""A real browser for pages that must work without a network: `visit` opens one, and watches what it does.

    def test_the_page_greets(visit: Visit, tmp_path: Path) -> None:
        page = visit(tmp_path / "page.html", width=360, dark=True)
        assert page.inner_text("h1") == "Hello"

At the end of the test, whatever the page complained of and whatever it asked of the network is a failure. Without
Chromium the test is skipped, except in continuous integration, where `CI` is set.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


INSTALL = (
    ("apt-get", "install", "--yes", "--no-install-recommends", "chromium"),
    ("apt-get", "update"),
    ("apt-get", "install", "--yes", "--no-install-recommends", "chromium"),
    (sys.executable, "-m", "playwright", "install", "chromium"),
)


def installed() -> str | None:
    """The system's Chromium."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Install a Chromium where there is none, as well as this machine can."""
    for command in INSTALL:
        if installed():
            return
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False)


class Visit(Protocol):
    """Opens a file in a window."""

    def __call__(
        self, path: Path, width: int = 1280, height: int = 900, dark: bool = False, javascript: bool = True
    ) -> Page: ...


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Headless Chromium: the system's, or else the one that playwright has installed."""
    sync_api = pytest.importorskip("playwright.sync_api") if not os.environ.get("CI") else None
    if sync_api is None:
        from playwright import sync_api
    with sync_api.sync_playwright() as playwright:
        system = installed()
        if not system and not os.path.exists(playwright.chromium.executable_path):
            message = "there is no Chromium; `make browser` installs one"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        # a container has no user namespaces, and root may not use the sandbox
        browser = playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens pages; fails where one complains or wants the network."""
    complaints: list[str] = []
    contexts = []

    def call(path: Path, width: int = 1280, height: int = 900, dark: bool = False, javascript: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        address = path.resolve().as_uri()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("request", lambda sent: None if sent.url == address else complaints.append(f"request: {sent.url}"))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(address)
        return page

    yield call
    for context in contexts:
        context.close()
    assert complaints == []


if __name__ == "__main__":
    install()
