"""The fixtures of the page's tests: a browser, a site, and people who visit it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

pytest.importorskip("playwright.sync_api", reason="the page is tested with playwright: pip install 'pipechat[page]'")

from playwright.sync_api import Browser, sync_playwright

from tests.page.person import ARGUMENTS, Person, new_context, no_complaints
from tests.page.site import Site

CHROMIUMS = "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"
"""Debian's. The shell has the same engine and no window to draw, and takes little more than half the time."""
CHROMIUM = Path(os.environ.get("CHROMIUM") or next(filter(os.path.exists, CHROMIUMS), CHROMIUMS[0]))


class StartSite(Protocol):
    """`start_site(message_chars_max=10)`: a server with its page, and a store of its own."""

    def __call__(self, **settings: int | str) -> Site: ...


class Served(Protocol):
    """Where a page is."""

    url: str


class Visit(Protocol):
    """`visit(site)`: a person who has just opened the page, in a profile of their own unless a context is given.

    `tab`: one that the page itself has opened; `url`: another way to the site; `clock`: the tab's time passes when the
    test says so; `script`: what the browser runs before each page of the context.
    """

    def __call__(
        self,
        site: Served,
        *,
        context: Any = None,
        tab: Any = None,
        url: str = "",
        clock: bool = False,
        script: str = "",
        **options: Any,
    ) -> Person: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium. Where there is none these tests skip, but not where CI is set."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing: apt-get install {CHROMIUM.name}")
        pytest.skip(f"{CHROMIUM} is missing: the page is tested in a real Chromium (apt-get install {CHROMIUM.name})")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def start_site(tmp_path: Path) -> Iterator[StartSite]:
    """Starts sites; all are ended with the test, and none may have met a defect."""
    running: list[Site] = []

    def start(**settings: int | str) -> Site:
        running.append(Site(tmp_path / f"chat{len(running)}.db", **settings))
        return running[-1]

    try:
        yield start
    finally:
        for site in running:
            site.close()
    for site in running:
        assert "Traceback" not in site.stderr, site.stderr


@pytest.fixture
def site(start_site: StartSite) -> Site:
    return start_site()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens tabs; at the end none of them may have complained."""
    people: list[Person] = []
    contexts: list[Any] = []

    def open_tab(
        site: Served,
        *,
        context: Any = None,
        tab: Any = None,
        url: str = "",
        clock: bool = False,
        script: str = "",
        **options: Any,
    ) -> Person:
        if context is None:
            context = new_context(browser, **options)
            contexts.append(context)
        if clock:
            context.clock.install()
        if script:
            context.add_init_script(script)
        people.append(Person(context, url or site.url, tab))
        return people[-1]

    try:
        yield open_tab
    finally:
        for context in contexts:
            context.close()
    no_complaints(people)
