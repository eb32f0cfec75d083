"""`python3 -m tests.page.screenshots [FOLDER]` takes the pictures of README: desktop and phone, light and dark.

What they show was really said: a server of its own, people on the pipe and one at the page. By default they are kept in
docs/page.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.harness import ROOT
from tests.page.conftest import CHROMIUM
from tests.page.person import ARGUMENTS, Person, new_context
from tests.page.site import Site
from tests.wire import Client

FOLDER = ROOT / "docs" / "page"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1180, "height": 720}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 720}, "has_touch": True, "is_mobile": True}


def main() -> None:
    """Take all of them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        site = Site(Path(scratch) / "chat.db")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            _talk(site)
            for scheme in ("light", "dark"):
                _desktop(browser, site, folder / f"desktop-{scheme}.png", scheme)
                _phone(browser, site, folder / f"phone-{scheme}.png", scheme)
        finally:
            browser.close()
            site.close()


def _desktop(browser: Browser, site: Site, path: Path, scheme: str) -> None:
    person = Person(new_context(browser, color_scheme=scheme, **DESKTOP), site.url).sign_in("ana")
    person.open("#garden")
    person.tab.get_by_role("button", name="Details").click()
    expect(person.tab.locator(".member")).to_have_count(4)
    expect(person.message("Lovely. I bring lemonade")).to_be_visible()
    person.tab.mouse.move(0, 0)
    person.tab.screenshot(path=path)
    person.context.close()


def _phone(browser: Browser, site: Site, path: Path, scheme: str) -> None:
    person = Person(new_context(browser, color_scheme=scheme, **PHONE), site.url).sign_in("ana")
    if scheme == "light":
        expect(person.entry("ben")).to_be_visible()
    else:
        person.entry("ben").tap()
        expect(person.message("On my way")).to_be_visible()
    person.tab.screenshot(path=path)
    person.context.close()


def _talk(site: Site) -> None:
    """A morning among friends."""
    ana, ben, mia, _ = site.friends("ana", "ben", "mia", "Zoë")
    site.user("כרמל")
    ben.says("CREATEROOM|ben|#garden|public")
    ben.says("SETTOPIC|ben|#garden|Roses, beans, and who waters them")
    for client in (ana, mia, site.login("Zoë")):
        client.says(f"JOIN|{client.name}|#garden")
    mia.says("SETSTATUS|mia|busy|pruning")
    first = _say(mia, "#garden", "Good morning! The beans are up")
    _say(ben, "#garden", "Already?␤Then we need the long poles, see https://example.org/beans")
    for client in (ana, ben):
        client.says(f"REACT|{client.name}|{first}|🎉")
    _say(ana, "#garden", "I can water on Tuesday and Friday")
    last = _say(mia, "#garden", "Thank you @ana! Noon under the `apple tree`?")
    ben.says(f"REACT|ben|{last}|👍")
    _say(ana, "#garden", "Lovely. I bring lemonade")
    ana.says(f"MARKREAD|ana|#garden|{last}")
    _say(ana, "ben", "Do you have the key to the shed?")
    _say(ben, "ana", "Under the third pot")
    mine = _say(ana, "ben", "Found it. Shall I open up?")
    ben.says(f"REACT|ben|{mine}|❤️")
    _say(ben, "ana", "Please do")
    _say(ben, "ana", "On my way")
    site.login("כרמל").says("ADDFRIEND|כרמל|ana")


def _say(client: Client, to: str, text: str) -> str:
    """Say it; return its id."""
    return client.says(f"SENDMESSAGE|{client.name}|{to}|{text}", "OK|SENDMESSAGE|…")[0].split("|")[2]


if __name__ == "__main__":
    main()
