"""The card: who comes for the first time, who comes back, who may not come in."""

from playwright.sync_api import expect

from tests.page.conftest import StartSite, Visit
from tests.page.site import Site


def test_a_first_visit_shows_a_card_and_signing_up_leads_in(site: Site, visit: Visit) -> None:
    ana = visit(site)
    expect(ana.card).to_be_visible()
    expect(ana.tab.get_by_label("User name")).to_be_focused()
    ana.sign_up("ana")
    for card in ("Add a friend", "Find or make a room", "Play with NumbersGame"):
        expect(ana.tab.get_by_role("button", name=card)).to_be_visible()


def test_what_the_server_refuses_is_said_at_its_field(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site)
    ana.try_to_sign_in("ana", "not her password")
    password = ana.tab.get_by_label("Password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()
    expect(ana.card.get_by_role("alert").filter(has_text="password")).to_be_visible()
    expect(ana.tab.get_by_label("User name")).to_have_value("ana")
    ana.tab.get_by_role("button", name="Create account").first.click()
    password.fill("long enough")
    password.press("Enter")
    expect(ana.tab.get_by_label("User name")).to_have_attribute("aria-invalid", "true")
    password.fill("short")
    ana.tab.get_by_label("User name").fill("anna")
    password.press("Enter")
    expect(password).to_have_attribute("aria-invalid", "true")
    password.fill("long enough")
    password.press("Enter")
    ana.see_in("anna")


def test_too_many_attempts_are_counted_down(start_site: StartSite, visit: Visit) -> None:
    site = start_site(logins_per_minute=1)
    site.user("ana")
    ana = visit(site)
    ana.try_to_sign_in("ana", "not her password")
    expect(ana.tab.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    ana.try_to_sign_in("ana", "nor this one")
    expect(ana.card.get_by_text("try again in")).to_be_visible()
    expect(ana.card.locator("button[type=submit]")).to_be_disabled()
    first = ana.card.get_by_text("try again in").inner_text()
    expect(ana.card.get_by_text(first)).to_be_hidden()


def test_a_reload_comes_back_to_the_same_talk_without_a_password(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("before the reload")
    ana.see("before the reload")
    ana.tab.reload()
    ana.see_open("ben")
    ana.see("before the reload")


def test_who_does_not_stay_signed_in_meets_the_card_in_the_next_tab(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site).sign_in("ana", stay=False)
    ana.tab.reload()
    ana.see_in("ana")
    other = visit(site, context=ana.context)
    expect(other.card).to_be_visible()


def test_who_stays_signed_in_is_so_in_the_next_tab(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site).sign_in("ana")
    visit(site, context=ana.context).see_in("ana")


def test_a_password_changed_elsewhere_leads_to_the_card_with_the_reason(site: Site, visit: Visit) -> None:
    elsewhere = site.user("ana")
    ana = visit(site).sign_in("ana")
    elsewhere.says("SETPASSWORD|ana|correct horse|another horse", "OK|SETPASSWORD|ana")
    expect(ana.card).to_be_visible()
    expect(ana.card.get_by_text("changed")).to_be_visible()
    ana.tab.reload()
    expect(ana.card).to_be_visible()
    ana.sign_in("ana", "another horse")


def test_of_a_deleted_account_nothing_stays_in_the_browser(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.field.fill("a draft")
    ana.choose_in_menu("Delete the account")
    ana.dialog.get_by_label("Password").fill("correct horse")
    ana.dialog.get_by_role("button", name="Delete for good").click()
    expect(ana.card).to_be_visible()
    expect(ana.card.get_by_text("deleted")).to_be_visible()
    assert ana.run("() => localStorage.length + sessionStorage.length") == 0
    assert "ben" not in ana.tab.content()


def test_signing_out_in_one_tab_signs_out_the_others(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site).sign_in("ana")
    other = visit(site, context=ana.context)
    other.see_in("ana")
    ana.sign_out()
    expect(other.card).to_be_visible()
    other.tab.reload()
    expect(other.card).to_be_visible()
