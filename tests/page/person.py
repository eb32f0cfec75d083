"""A person at a browser: what one types and clicks, and what one sees. Tests speak to it, not to the page's insides."""

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, expect

from tests.harness import PASSWORD

WAIT_MS = 20_000
"""Far more than is ever needed."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-auto-reload",  # an error page that asks again by itself gets in the way of a test that does
]
_HARMLESS = re.compile(r"WebSocket connection to .* failed")
"""What a browser writes on its console when a server is down."""

expect.set_options(timeout=WAIT_MS)


class Person:
    """One tab. `complaints` are the errors that the page has made: there should be none."""

    def __init__(self, context: BrowserContext, url: str, tab: Page | None = None) -> None:
        """Open a tab on the page, or take one that has been opened."""
        self.context = context
        self.url = url
        self.complaints: list[str] = []
        self.tab: Page = tab or context.new_page()
        self._listen()
        if tab is None:
            self.tab.goto(url)

    def _listen(self) -> None:
        self.tab.set_default_timeout(WAIT_MS)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", self._surprised)
        self.tab.on("console", lambda said: self._heard(said.type, said.text))

    def _surprised(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not _HARMLESS.search(text):
            self.complaints.append(text)

    # Signing in

    @property
    def card(self) -> Locator:
        return self.tab.locator("#card")

    def sign_up(self, name: str, password: str = PASSWORD, *, stay: bool = True) -> "Person":
        self.tab.get_by_role("button", name="Create account").first.click()
        self._fill_card(name, password, stay)
        self.see_in(name)
        return self

    def sign_in(self, name: str, password: str = PASSWORD, *, stay: bool = True) -> "Person":
        self.tab.get_by_role("button", name="Sign in").first.click()
        self._fill_card(name, password, stay)
        self.see_in(name)
        return self

    def try_to_sign_in(self, name: str, password: str) -> None:
        self.tab.get_by_role("button", name="Sign in").first.click()
        self._fill_card(name, password, stay=True)

    def _fill_card(self, name: str, password: str, stay: bool) -> None:
        self.tab.get_by_label("User name").fill(name)
        self.tab.get_by_label("Password").fill(password)
        self.tab.get_by_label("Stay signed in").set_checked(stay)
        self.tab.get_by_label("Password").press("Enter")

    def see_in(self, name: str) -> None:
        expect(self.tab.locator("#own-name")).to_have_text(name)
        expect(self.card).to_be_hidden()

    def choose_in_menu(self, label: str) -> None:
        self.tab.get_by_role("button", name="Menu").click()
        self.tab.get_by_role("menuitem", name=label).click()

    def sign_out(self) -> None:
        self.choose_in_menu("Sign out")
        expect(self.card).to_be_visible()

    # Talks

    def entry(self, name: str) -> Locator:
        """The talk in the list of talks."""
        return self.tab.locator(f'[data-talk="{name}"]')

    def badge(self, name: str) -> Locator:
        return self.entry(name).locator(".badge")

    def wheel(self, pixels: int) -> None:
        """Turn the wheel over the list, and wait until the list stands still: it goes its way by and by."""
        has_way = self.scroller.evaluate(
            """async (it, pixels) => {
                const frame = () => new Promise(then => requestAnimationFrame(then));
                await frame(), await frame(); // what went its way before has ended
                window.still = new Promise(then => it.addEventListener("scrollend", then, { once: true }));
                return pixels < 0 ? it.scrollTop > 0 : it.scrollTop + it.clientHeight < it.scrollHeight - 1;
            }""",
            pixels,
        )
        self.tab.mouse.wheel(0, pixels)
        if has_way:
            self.tab.evaluate("() => window.still.then(() => {})")

    def see_loaded(self) -> None:
        """Older messages that were asked for on the way are there."""
        expect(self.scroller).not_to_have_attribute("aria-busy", "true")

    def open(self, name: str) -> None:
        self.entry(name).click()
        self.see_open(name)

    def see_open(self, name: str) -> None:
        expect(self.tab.locator("#talk-name")).to_have_text(name)
        expect(self.field).to_be_visible()
        expect(self.tab.locator("#messages")).to_have_attribute("aria-label", f"Messages with {name}")

    # Messages

    @property
    def field(self) -> Locator:
        return self.tab.locator("#field")

    @property
    def scroller(self) -> Locator:
        return self.tab.locator("#messages")

    def say(self, *texts: str) -> None:
        for text in texts:
            self.field.fill(text)
            self.field.press("Enter")

    def messages(self) -> list[str]:
        """What stands in the list, without who said it."""
        return [text.strip() for text in self.tab.locator("#messages .body").all_inner_texts()]

    def message(self, text: str) -> Locator:
        """The row that says that."""
        return self.tab.locator("#messages .message").filter(has=self.tab.get_by_text(text, exact=True))

    def see(self, *texts: str) -> None:
        """The last messages are these, in this order, and each once."""
        bodies = self.tab.locator("#messages .body")
        for text in texts:
            expect(
                self.tab.locator("#messages .body").filter(has_text=re.compile(rf"^\s*{re.escape(text)}\s*$"))
            ).to_have_count(1)
        assert bodies.all_inner_texts()[-len(texts) :] == list(texts)

    def act(self, text: str, action: str) -> None:
        """Press one of the buttons of a message: React, Edit, Delete, What became of it?"""
        row = self.message(text)
        row.hover()
        row.get_by_role("button", name=action).click()

    def react(self, text: str, emoji: str) -> None:
        self.act(text, "React")
        self.tab.get_by_role("menuitem", name=emoji).click()

    @property
    def dialog(self) -> Locator:
        return self.tab.locator("dialog[open]")

    def fill_dialog(self, action: str, **values: str) -> None:
        for name, value in values.items():
            self.dialog.locator(f'[name="{name}"]').fill(value)
        self.dialog.get_by_role("button", name=action, exact=True).click()
        expect(self.dialog).to_be_hidden()

    def run(self, script: str, argument: Any = None) -> Any:
        """Ask the browser something that a person would measure with a ruler."""
        return self.tab.evaluate(script, argument)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser profile with nothing in it."""
    return browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options})


def no_complaints(people: Sequence[Person]) -> None:
    complaints = [line for person in people for line in person.complaints]
    assert not complaints, complaints
