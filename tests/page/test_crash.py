"""A tab that crashes with messages in its outbox: after a reload each is sent once, in order."""

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.page.cable import Cable
from tests.page.conftest import Visit
from tests.page.person import Person
from tests.page.site import Site, hears


def crash(browser: Browser, person: Person) -> Callable[[], None]:
    """Let the process that draws the tab die, as it does where memory runs out; return what reloads that tab.

    Playwright gives a crashed tab up. So the browser itself is asked to reload it, and others look at what comes of it.
    """
    target = person.context.new_cdp_session(person.tab).send("Target.getTargetInfo")["targetInfo"]["targetId"]
    with person.tab.expect_event("crash"), suppress(Error):
        person.tab.goto("chrome://crash")
    outside = browser.new_browser_cdp_session()

    def reload() -> None:
        session = outside.send("Target.attachToTarget", {"targetId": target})["sessionId"]
        asked = json.dumps({"id": 1, "method": "Page.reload"})
        outside.send("Target.sendMessageToTarget", {"sessionId": session, "message": asked})

    return reload


@pytest.mark.parametrize("stored", [False, True])
def test_what_a_crashed_tab_holds_is_said_once(browser: Browser, site: Site, visit: Visit, stored: bool) -> None:
    """`stored`: the site has heard it all before the crash, and only the tab does not know."""
    ana_elsewhere, ben = site.friends("ana", "ben")
    ana_elsewhere.close()
    hears(ben, "STATUS|ana|offline|")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        hears(ben, "STATUS|ana|online|")
        ana.open("ben")
        ana.say("zero")
        ana.see("zero")
        if stored:
            cable.hold_answers()
        else:
            cable.hold()
        ana.say("one", "two", "three")
        expect(ana.tab.locator(".pending")).to_have_count(3)
        if stored:
            hears(ben, "MESSAGE|…|…|ana|ben|three")
        reload = crash(browser, ana)
        cable.let_go()
        hears(ben, "STATUS|ana|offline|")
        reload()
        hears(ben, "STATUS|ana|online|")
        other = visit(site, context=ana.context, url=ana.url)
        other.entry("ben").click()
        other.see("zero", "one", "two", "three")
        assert [row[4] for row in ben.rows("HISTORY|ben|ana")] == ["zero", "one", "two", "three"]
    finally:
        cable.close()
