"""By the keyboard alone, by what a screen reader is told, in both colours, and when nobody looks."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import Visit
from tests.page.person import Person
from tests.page.site import Site, hears


def findings(tab: Page) -> list[Any]:
    """What axe-core has against the page as it stands."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    result = Axe().run(tab, options={"runOnly": {"type": "tag", "values": tags}})
    return [
        (found["id"], [(node["html"][:160], node["failureSummary"]) for node in found["nodes"]])
        for found in result.response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site: Site, visit: Visit, scheme: str) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    ben.says("CREATEROOM|ben|#garden|public", "OK|CREATEROOM|…")
    ben.says("SETSTATUS|ben|busy|at work", "OK|SETSTATUS|…")
    ana = visit(site, color_scheme=scheme)
    expect(ana.card).to_be_visible()
    assert findings(ana.tab) == []
    ana.sign_in("ana")
    assert findings(ana.tab) == []
    ana.open("ben")
    ana.say("see https://a.b/ and `code`, @ben")
    (said,) = ben.says("SENDMESSAGE|ben|ana|@ana, hello␤```␤x = 1␤```", "OK|SENDMESSAGE|…")
    ben.says(f"REACT|ben|{said.split('|')[2]}|👍", "OK|REACT|…")
    expect(ana.tab.locator("#messages .reaction")).to_be_visible()
    ana.tab.get_by_role("button", name="Details").click()
    ana.tab.locator("#messages .message").last.hover()
    ana.field.fill("/re")
    assert findings(ana.tab) == []
    ana.field.fill("")
    ana.tab.keyboard.press("Control+k")
    assert findings(ana.tab) == []
    ana.tab.keyboard.press("Escape")
    for item in ("Your status", "Settings", "Change your password", "Keys and commands", "Requests"):
        ana.choose_in_menu(item)
        assert findings(ana.tab) == [], item
        ana.tab.keyboard.press("Escape")
    ana.say("/rooms")
    expect(ana.dialog).to_be_visible()
    assert findings(ana.tab) == []


def test_roles_are_told(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    for role, name in (("navigation", "Talks"), ("main", ""), ("log", "Messages with ben"), ("textbox", "Message ben")):
        expect(ana.tab.get_by_role(role, name=name)).to_be_visible()  # type: ignore[arg-type]
    expect(ana.tab.get_by_role("log")).to_have_attribute("aria-live", "off")


def test_history_is_not_read_out_and_what_comes_is_once(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    for number in range(30):
        ben.says(f"SENDMESSAGE|ben|ana|old {number}", "OK|SENDMESSAGE|…")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    expect(ana.message("old 29")).to_have_count(1)
    announcer = ana.tab.locator("#announcer")
    expect(announcer).to_be_empty()
    ana.tab.locator("#down").click()
    expect(ana.tab.locator("#down")).to_be_hidden()
    ben.says("SENDMESSAGE|ben|ana|fresh", "OK|SENDMESSAGE|…")
    expect(announcer).to_have_text("ben: fresh")


def test_by_the_keyboard_alone(site: Site, visit: Visit) -> None:
    ben = site.user("ben")
    ana = visit(site)
    press, write = ana.tab.keyboard.press, ana.tab.keyboard.type
    expect(ana.tab.get_by_label("User name")).to_be_focused()
    press("Shift+Tab")
    press("Enter")
    expect(ana.tab.get_by_label("User name")).to_be_focused()
    write("ana")
    press("Tab")
    write("correct horse")
    press("Enter")
    ana.see_in("ana")
    tab_to(ana, "+ Friend")
    press("Enter")
    write("ben")
    press("Enter")
    hears(ben, "FRIENDREQUEST|ana")
    ben.says("ACCEPTFRIEND|ben|ana", "OK|ACCEPTFRIEND|ana")
    expect(ana.entry("ben")).to_be_visible()
    press("Control+k")
    expect(ana.dialog).to_be_visible()
    write("ben")
    press("Enter")
    ana.see_open("ben")
    expect(ana.field).to_be_focused()
    write("by hand")
    press("Enter")
    hears(ben, "MESSAGE|…|…|ana|ben|by hand")
    ben.says("SENDMESSAGE|ben|ana|well done", "OK|SENDMESSAGE|…")
    expect(ana.message("well done")).to_be_visible()
    press("Shift+Tab")
    expect(ana.message("well done")).to_be_focused()
    press("ArrowUp")
    expect(ana.message("by hand")).to_be_focused()
    press("ArrowDown")
    press("r")
    press("ArrowDown")
    press("Enter")
    hears(ben, "REACTION|…|ana|ben|❤️|+")
    expect(ana.message("well done").locator(".reaction")).to_have_text("❤️ 1")
    press("Control+/")
    expect(ana.dialog.get_by_text("Keys and commands")).to_be_visible()
    press("Escape")
    expect(ana.dialog).to_have_count(0)
    tab_to(ana, "Menu")
    press("Enter")
    press("ArrowUp")
    press("Enter")
    expect(ana.card).to_be_visible()


def tab_to(person: Person, label: str) -> None:
    """Press Tab until a button of that name has the focus."""
    for _ in range(40):
        person.tab.keyboard.press("Tab")
        if label in person.run("() => document.activeElement.textContent + (document.activeElement.ariaLabel ?? '')"):
            return
    raise AssertionError(f"{label} is not reached by Tab")


def test_alt_and_arrows_go_through_the_talks(site: Site, visit: Visit) -> None:
    _, _, mia = site.friends("ana", "ben", "mia")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.keyboard.press("Alt+ArrowDown")
    ana.see_open("mia")
    ana.tab.keyboard.press("Alt+ArrowUp")
    ana.see_open("ben")
    mia.says("SENDMESSAGE|mia|ana|over here", "OK|SENDMESSAGE|…")
    expect(ana.badge("mia")).to_have_text("1")
    ana.tab.keyboard.press("Alt+Shift+ArrowDown")
    ana.see_open("mia")


def test_colours_follow_the_system_and_can_be_chosen(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site, color_scheme="dark").sign_in("ana")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    dark = ana.run(ground)
    ana.tab.emulate_media(color_scheme="light")
    light = ana.run(ground)
    assert dark != light
    ana.choose_in_menu("Colours")
    ana.choose_in_menu("Colours")
    assert ana.run(ground) == dark
    ana.tab.reload()
    ana.see_in("ana")
    assert ana.run(ground) == dark
