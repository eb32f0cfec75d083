"""On a phone: one pane at a time, Back, a low screen, and large letters."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Visit
from tests.page.person import Person
from tests.page.site import Site

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def ana(site: Site, visit: Visit) -> Person:
    """Ana on her phone, with a friend."""
    site.friends("ana", "ben")
    return visit(site, **PHONE).sign_in("ana")


def test_the_list_the_talk_and_back(ana: Person) -> None:
    expect(ana.field).to_be_hidden()
    ana.entry("ben").tap()
    ana.see_open("ben")
    expect(ana.entry("ben")).to_be_hidden()
    ana.tab.get_by_role("button", name="Back").tap()
    expect(ana.entry("ben")).to_be_visible()
    expect(ana.field).to_be_hidden()
    ana.entry("ben").tap()
    ana.see_open("ben")
    ana.tab.go_back()
    expect(ana.entry("ben")).to_be_visible()
    expect(ana.field).to_be_hidden()


def test_enter_begins_a_line_and_the_button_sends(ana: Person) -> None:
    ana.entry("ben").tap()
    ana.field.press_sequentially("one")
    ana.field.press("Enter")
    ana.field.press_sequentially("two")
    assert ana.messages() == []
    ana.tab.get_by_role("button", name="Send").tap()
    expect(ana.tab.locator("#messages .line")).to_have_text(["one", "two"])


def test_the_field_stays_in_sight_over_a_keyboard(ana: Person) -> None:
    ana.entry("ben").tap()
    ana.see_open("ben")
    ana.tab.set_viewport_size({"width": 390, "height": 400})
    expect(ana.field).to_be_in_viewport(ratio=1)
    expect(ana.tab.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)


def test_what_one_touches_is_large_enough(ana: Person) -> None:
    small = """() => [...document.querySelectorAll("button, input")].filter(it => it.offsetParent)
        .map(it => [it.textContent || it.ariaLabel, it.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44).map(([text]) => text)"""
    assert ana.run(small) == []
    ana.entry("ben").tap()
    ana.see_open("ben")
    assert ana.run(small) == []


def test_a_message_is_acted_on_by_touch(ana: Person) -> None:
    ana.entry("ben").tap()
    ana.field.fill("touch me")
    ana.tab.get_by_role("button", name="Send").tap()
    row = ana.message("touch me")
    expect(row.locator(".state")).to_have_text("Sent")
    row.locator(".body").tap()
    row.get_by_role("button", name="React").tap()
    ana.tab.get_by_role("menuitem", name="🎉").tap()
    expect(row.locator(".reaction")).to_have_text("🎉 1")


def test_details_cover_the_talk_and_close(ana: Person) -> None:
    ana.entry("ben").tap()
    ana.tab.get_by_role("button", name="Details").tap()
    expect(ana.tab.get_by_role("button", name="End the friendship")).to_be_in_viewport()
    ana.tab.get_by_role("button", name="Close the details").tap()
    expect(ana.field).to_be_in_viewport()


def test_twice_as_large_it_can_still_be_used(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site, viewport={"width": 640, "height": 400}, device_scale_factor=2).sign_in("ana")
    ana.open("ben")
    ana.say("large")
    ana.see("large")
    expect(ana.field).to_be_in_viewport(ratio=1)
    assert ana.run("() => document.documentElement.scrollWidth - innerWidth") == 0


def test_the_help_can_be_read(ana: Person) -> None:
    ana.choose_in_menu("Keys and commands")
    narrow = "() => Math.min(...[...document.querySelectorAll('dialog dd')].map(it => it.clientWidth))"
    assert ana.run(narrow) > 200
    assert ana.dialog.locator(".sheet").evaluate("it => it.scrollWidth - it.clientWidth") == 0


def test_no_field_makes_the_phone_zoom(ana: Person) -> None:
    sizes = ana.run("() => [...document.querySelectorAll('input, textarea')].map(it => getComputedStyle(it).fontSize)")
    assert all(float(re.sub("px", "", size)) >= 16 for size in sizes)


def test_a_first_visit_shows_what_one_may_begin_with(site: Site, visit: Visit) -> None:
    mia = visit(site, **PHONE).sign_up("mia")
    for card in ("Add a friend", "Find or make a room", "Play with NumbersGame"):
        expect(mia.tab.get_by_role("button", name=card)).to_be_in_viewport(ratio=1)
    mia.tab.get_by_role("button", name="Play with NumbersGame").tap()
    mia.see_open("NumbersGame")


def test_choosing_a_reaction_stays_on_the_screen(ana: Person) -> None:
    ana.entry("ben").tap()
    ana.field.fill("here")
    ana.tab.get_by_role("button", name="Send").tap()
    ana.message("here").locator(".body").tap()
    ana.message("here").get_by_role("button", name="React").tap()
    expect(ana.tab.get_by_role("menu", name="React with")).to_be_in_viewport(ratio=1)
