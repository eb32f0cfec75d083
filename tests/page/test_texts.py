"""What is typed is what is shown: no text becomes markup, a program, or a link that it is not."""

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Visit
from tests.page.site import Site

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b> &amp; \"'"


def test_markup_is_shown_as_typed_everywhere(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ben.says("CREATEROOM|ben|#garden|public", "OK|CREATEROOM|…")
    ben.says(f"SETTOPIC|ben|#garden|{MARKUP}", "OK|SETTOPIC|…")
    ben.says(f"SETSTATUS|ben|busy|{MARKUP}", "OK|SETSTATUS|…")
    ben.says(f"SENDMESSAGE|ben|ana|{MARKUP}", "OK|SENDMESSAGE|…")
    ana = visit(site).sign_in("ana")
    expect(ana.entry("ben").locator(".entry-about")).to_have_text(MARKUP)
    ana.open("ben")
    expect(ana.tab.locator("#talk-about")).to_contain_text(MARKUP)
    ana.see(MARKUP)
    ana.tab.get_by_role("button", name="Details").click()
    expect(ana.tab.locator("#details").get_by_text(MARKUP)).to_be_visible()
    ana.say("/join #garden")
    expect(ana.tab.locator("#talk-about")).to_have_text(MARKUP)
    ana.say("/search alert(1)")
    expect(ana.dialog.locator(".hit-text")).to_have_text(MARKUP)
    ben.says("REACT|ben|1|<b>x</b>", "OK|REACT|…")
    assert ana.run("() => document.querySelectorAll('#app script, #app img, #app b b').length") == 0


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,<b>x</b>", "JAVASCRIPT://x%0aalert(1)", "file:///etc"]
)
def test_what_is_no_web_address_is_no_link(site: Site, visit: Visit, text: str) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says(f"SENDMESSAGE|ben|ana|{text}", "OK|SENDMESSAGE|…")
    ana.see(text)
    expect(ana.tab.locator("#messages a")).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("(see https://a.b/x).", "https://a.b/x"),
        ("https://a.b/wiki/X_(y)", "https://a.b/wiki/X_(y)"),
        ("https://a.b/?q=1&r=2, and more", "https://a.b/?q=1&r=2"),
        ('"http://a.b/"!', "http://a.b/"),
    ],
)
def test_an_address_is_a_link_without_what_ends_its_sentence(site: Site, visit: Visit, text: str, address: str) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says(f"SENDMESSAGE|ben|ana|{text}", "OK|SENDMESSAGE|…")
    link = ana.tab.locator("#messages a")
    expect(link).to_have_text(address)
    expect(link).to_have_attribute("href", address)
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    ana.see(text)


def test_code_rooms_and_names_stand_out(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ben.says("CREATEROOM|ben|#garden|public", "OK|CREATEROOM|…")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says("SENDMESSAGE|ben|ana|@ana `a | b` in #garden.␤```␤if x:␤    y␤```", "OK|SENDMESSAGE|…")
    expect(ana.tab.locator("#messages .mention.mine")).to_have_text("@ana")
    expect(ana.tab.locator("#messages .line code")).to_have_text("a | b")
    assert ana.tab.locator("#messages pre").inner_text() == "if x:\n    y"
    ana.tab.locator("#messages .room-name").click()
    ana.see_open("#garden")


def test_injected_markup_and_eval_are_refused_by_the_browser(site: Site, visit: Visit) -> None:
    ana = visit(site)
    expect(ana.card).to_be_visible()
    outcome = """how => new Promise(resolve => setTimeout(() => {
        try { how === "eval" ? eval("1") : (document.createElement("div").innerHTML = "<b>x</b>"); resolve("done"); }
        catch (error) { resolve(error.name); }
    }))"""
    assert ana.run(outcome, "html") == "TypeError"
    assert ana.run(outcome, "eval") == "EvalError"
    assert all("Trusted" in line or "Content Security Policy" in line for line in ana.complaints)
    ana.complaints.clear()


@pytest.mark.parametrize(
    "text",
    [
        "x" * 4000,
        "مرحبا שלום hello שלום " * 100,
        "\N{WOMAN}\u200d\N{GIRL}" * 500,
        "https://a.b/" + "y" * 900,
        "```␤" + "z" * 900 + "␤```",
    ],
)
def test_no_text_makes_a_narrow_page_scroll_sideways(site: Site, visit: Visit, text: str) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, viewport={"width": 360, "height": 740}).sign_in("ana")
    ben.says(f"SENDMESSAGE|ben|ana|{text}", "OK|SENDMESSAGE|…")
    ana.open("ben")
    expect(ana.tab.locator("#messages .body")).to_have_count(1)
    wide = """() => [document.documentElement, document.getElementById("messages")]
        .map(it => it.scrollWidth - it.clientWidth)"""
    assert ana.run(wide) == [0, 0]


def test_long_and_mixed_names_stay_within_a_narrow_page(site: Site, visit: Visit) -> None:
    """32 letters of a name and a room, in both directions, and words that never end."""
    hebrew, wide = "ש" * 32, "W" * 32
    site.friends("ana", hebrew)
    ben = site.login(hebrew)
    ben.says(f"SETSTATUS|{hebrew}|busy|{'w' * 140}", "OK|SETSTATUS|…")
    ben.says(f"CREATEROOM|{hebrew}|#{wide[1:]}|public", "OK|CREATEROOM|…")
    ben.says(f"SETTOPIC|{hebrew}|#{wide[1:]}|{'t' * 200}", "OK|SETTOPIC|…")
    ben.says(f"SENDMESSAGE|{hebrew}|ana|hello @{wide} in #{wide[1:]}", "OK|SENDMESSAGE|…")
    ana = visit(site, viewport={"width": 360, "height": 740}).sign_in("ana")
    wider = """() => [document.documentElement, ...document.querySelectorAll("nav, main, aside, dialog")]
        .filter(it => it.scrollWidth > it.clientWidth + 1).map(it => it.outerHTML.slice(0, 80))"""
    expect(ana.badge(hebrew)).to_have_text("1")
    assert ana.run(wider) == []
    ana.entry(hebrew).click()
    expect(ana.tab.locator("#messages .body")).to_have_count(1)
    assert ana.run(wider) == []
    ana.tab.get_by_role("button", name="Details").click()
    assert ana.run(wider) == []
    ana.tab.get_by_role("button", name="Close the details").click()
    ana.say("/rooms")
    expect(ana.dialog.get_by_role("button", name="Join")).to_be_visible()
    assert ana.run(wider) == []
    ana.dialog.get_by_role("button", name="Join").click()
    expect(ana.tab.locator("#talk-name")).to_have_text(f"#{wide[1:]}")
    ana.tab.get_by_role("button", name="Details").click()
    expect(ana.tab.locator(".member")).to_have_count(2)
    assert ana.run(wider) == []


def test_each_line_finds_its_own_direction(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says("SENDMESSAGE|ben|ana|שלום␤hello", "OK|SENDMESSAGE|…")
    lines = ana.tab.locator("#messages .line")
    expect(lines).to_have_count(2)
    assert [lines.nth(at).evaluate("line => getComputedStyle(line).direction") for at in (0, 1)] == ["rtl", "ltr"]


def test_a_search_without_result_says_so(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site).sign_in("ana")
    ana.tab.get_by_role("button", name=re.compile("Find")).first.click()
    ana.dialog.get_by_role("combobox").fill("nobody of that name")
    expect(ana.dialog.get_by_text("nobody and nothing")).to_be_visible()


def test_a_search_hit_opens_in_its_place_and_both_directions_load(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    for number in range(700):
        ben.says(f"SENDMESSAGE|ben|ana|{'needle' if number == 300 else f'straw {number}'}", "OK|SENDMESSAGE|…")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.get_by_role("button", name="Search").click()
    ana.dialog.get_by_role("searchbox").fill("needle")
    ana.dialog.get_by_role("searchbox").press("Enter")
    ana.dialog.locator(".hit").click()
    expect(ana.message("needle")).to_be_in_viewport()
    expect(ana.message("straw 299")).to_be_in_viewport()
    expect(ana.message("straw 301")).to_be_in_viewport()
    for direction, goal in ((-1, "straw 0"), (1, "straw 699")):
        ana.scroller.hover()
        for _ in range(400):
            ana.tab.mouse.wheel(0, direction * 3000)
            if ana.message(goal).count():
                break
            ana.tab.wait_for_timeout(20)
        expect(ana.message(goal)).to_have_count(1)
    numbers = [int(text.split()[1]) for text in ana.messages() if text.startswith("straw")]
    assert numbers == list(range(numbers[0], 700))
