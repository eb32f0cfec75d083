"""The list of messages: it never jumps, keeps one's place, and marks as read only what was looked at."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, expect

from tests.page.conftest import Visit
from tests.page.crowd import fill_room
from tests.page.person import Person
from tests.page.site import Site, hears
from tests.wire import Client

ROWS_MAX = 340


def write(client: Client, to: str, count: int, begin: int = 0) -> None:
    """Say so many numbered lines, sent ahead."""
    for start in range(begin, begin + count, 500):
        numbers = range(start, min(start + 500, begin + count))
        client.send(*(f"SENDMESSAGE|{client.name}|{to}|line {number}" for number in numbers))
        for _ in numbers:
            client.answers("OK|SENDMESSAGE|…")


def top_row(person: Person) -> str:
    """The message at the top of what is in sight."""
    found: str = person.run(
        """() => {
            const box = document.getElementById("messages").getBoundingClientRect();
            const row = [...document.querySelectorAll("#messages .message")]
                .find(it => it.getBoundingClientRect().bottom > box.top + 1);
            return row.querySelector(".body").innerText;
        }"""
    )
    return found


def at_end(person: Person) -> bool:
    gap: float = person.scroller.evaluate("it => it.scrollHeight - it.scrollTop - it.clientHeight")
    return gap < 3


WATCH = """() => {
    const list = document.getElementById("messages");
    const yOf = row => row.getBoundingClientRect().top;
    const reaches = row => yOf(row) + row.offsetHeight > yOf(list) + 1;
    const inSight = () => [...list.querySelectorAll(".message")].find(reaches);
    const insert = list.insertBefore.bind(list);
    let id = "";
    let before = 0;
    Object.assign(window, { mostRows: 0, jumps: [], met: new Set() });
    list.insertBefore = (...where) => {
        if (!id) {
            const row = inSight();
            id = row.dataset.id;
            before = yOf(row);
        }
        return insert(...where);
    };
    new MutationObserver(() => {
        window.mostRows = Math.max(window.mostRows, list.children.length);
        for (const body of list.querySelectorAll(".body")) window.met.add(Number(body.textContent.split(" ")[1]));
        if (id) window.jumps.push(Math.abs(yOf(list.querySelector(`[data-id="${id}"]`)) - before));
        id = "";
    }).observe(list, { childList: true });
}"""
"""Watches the rows from the first one that is laid down to when the piece of work is done: no scrolling comes between.

`jumps`: how far the row on top of what is in sight moved meanwhile.
"""


@pytest.mark.timeout(300)
def test_ten_thousand_messages_to_the_top(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    write(ben, "ana", 10_000)
    ana = visit(site).sign_in("ana")
    ben.says("PING")
    ana.open("ben")
    ana.tab.locator("#down").click()
    expect(ana.message("line 9999")).to_be_visible()
    ana.run(WATCH)
    ana.scroller.hover()
    seen: list[int] = []
    for _ in range(3000):
        ana.wheel(-3000)
        number = int(top_row(ana).split()[1])
        seen.append(number)
        if number == 0:
            break
    assert seen[-1] == 0
    assert seen == sorted(seen, reverse=True)
    assert 100 < ana.run("() => window.mostRows") <= ROWS_MAX
    assert ana.run("() => [...window.met].sort((one, other) => one - other)") == list(range(10_000))
    jumps: list[float] = ana.run("() => window.jumps")
    assert len(jumps) >= 90
    assert max(jumps) <= 2
    shown = [int(text.split()[1]) for text in ana.messages()]
    assert shown == list(range(len(shown)))


def test_an_older_page_that_comes_moves_nothing(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    write(ben, "ana", 600)
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.locator("#down").click()
    expect(ana.message("line 599")).to_be_in_viewport()
    ana.scroller.hover()
    for page in (499, 399, 299):
        site.terminate(signal.SIGSTOP)
        for _ in range(30):
            ana.wheel(-400)
            if ana.scroller.get_attribute("aria-busy"):
                break
        row = top_row(ana)
        before = ana.message(row).bounding_box()
        site.terminate(signal.SIGCONT)
        expect(ana.message(f"line {page}")).to_have_count(1)
        now = ana.message(row).bounding_box()
        assert before is not None
        assert now is not None
        assert abs(before["y"] - now["y"]) <= 2


def test_what_comes_while_one_reads_above_moves_nothing(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    write(ben, "ana", 200)
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.locator("#down").click()
    ana.scroller.hover()
    ana.wheel(-2500)
    expect(ana.tab.locator("#down")).to_be_visible()
    ana.see_loaded()
    before = ana.scroller.evaluate("it => it.scrollTop"), top_row(ana)
    write(ben, "ana", 50, begin=200)
    down = ana.tab.locator("#down")
    expect(down).to_have_text("↓ 50 new")
    assert (ana.scroller.evaluate("it => it.scrollTop"), top_row(ana)) == before
    down.click()
    expect(ana.message("line 249")).to_be_in_viewport()
    assert at_end(ana)
    expect(down).to_be_hidden()


def test_a_place_is_kept_over_a_switch(site: Site, visit: Visit) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    write(ben, "ana", 300)
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.locator("#down").click()
    ana.scroller.hover()
    ana.wheel(-2222)
    expect(ana.tab.locator("#down")).to_be_visible()
    ana.see_loaded()
    row = top_row(ana)
    where = ana.message(row).bounding_box()
    ana.open("mia")
    ana.open("ben")
    assert top_row(ana) == row
    now = ana.message(row).bounding_box()
    assert where is not None
    assert now is not None
    assert abs(where["y"] - now["y"]) <= 2


@pytest.mark.parametrize("count", [40, 400])
def test_unread_opens_at_the_divider_and_is_read_at_the_end(site: Site, visit: Visit, count: int) -> None:
    _, ben = site.friends("ana", "ben")
    write(ben, "ana", 100)
    reader = site.login("ana")
    reader.says("MARKREAD|ana|ben|100", "OK|MARKREAD|ben|100")
    reader.close()
    write(ben, "ana", count, begin=100)
    ben.says("PING")
    ben.events.clear()
    ana = visit(site).sign_in("ana")
    expect(ana.badge("ben")).to_have_text(str(count))
    ana.open("ben")
    divider = ana.tab.locator("#messages .new")
    expect(divider).to_be_in_viewport()
    expect(ana.message("line 100")).to_be_in_viewport()
    assert not at_end(ana)
    ana.tab.wait_for_timeout(1500)  # longer than it takes to mark what is at the end
    assert not any("READ" in event for event in read_now(ben))
    ana.tab.locator("#down").click()
    hears(ben, f"READ|ana|ben|{100 + count}")
    expect(ana.badge("ben")).to_have_count(0)


def read_now(client: Client) -> list[str]:
    client.says("PING")
    found = list(client.events)
    client.events.clear()
    return found


def test_a_tab_that_nobody_looks_at_marks_nothing(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script="Document.prototype.hasFocus = () => window.looking ?? false").sign_in("ana")
    ana.open("ben")
    write(ben, "ana", 2)
    expect(ana.badge("ben")).to_have_text("2")
    ana.tab.reload()
    expect(ana.message("line 1")).to_be_visible()
    ana.tab.wait_for_timeout(1500)
    assert not any("READ" in event for event in read_now(ben))
    expect(ana.tab).to_have_title(re.compile(r"^\(2\)"))
    ana.run("() => { window.looking = true; window.dispatchEvent(new Event('focus')); }")
    hears(ben, "READ|ana|ben|2")


def worked_ms(site: Site, tab: CDPSession) -> float:
    """Processor time that the server and a tab's program have used: what else runs beside them does not count."""
    told = {each["name"]: each["value"] for each in tab.send("Performance.getMetrics")["metrics"]}
    ticks = sum(map(int, Path(f"/proc/{site.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return float(told["TaskDuration"] * 1000 + ticks * 1000 / os.sysconf("SC_CLK_TCK"))


def test_a_room_of_ten_thousand_opens_its_list_at_once(site: Site, visit: Visit) -> None:
    """No more is drawn than is seen, and server and tab work for 300 ms together at most.

    How long that lasts where nothing else runs, is said by `python3 -m tests.page.figures`.
    """
    site.user("ana").says("CREATEROOM|ana|#market|public", "OK|CREATEROOM|…")
    site.terminate()
    site.wait()
    fill_room(site.store_path, "#market", 10_000)
    site.restart()
    ana = visit(site).sign_in("ana")
    ana.open("#market")
    members = ana.tab.locator(".member")
    work = ana.context.new_cdp_session(ana.tab)
    work.send("Performance.enable", {"timeDomain": "threadTicks"})
    took_ms = []
    for _ in range(5):  # the least of them: a busy machine makes work longer, never shorter
        before_ms = worked_ms(site, work)
        ana.tab.get_by_role("button", name="Details", exact=True).click()
        expect(members.first).to_have_attribute("aria-setsize", "10001")
        took_ms.append(worked_ms(site, work) - before_ms)
        ana.tab.get_by_role("button", name="Close the details").click()
    assert min(took_ms) <= 300
    ana.tab.get_by_role("button", name="Details", exact=True).click()
    expect(members.first).to_have_attribute("aria-setsize", "10001")
    assert members.count() < 60
    ana.tab.locator(".member-list").evaluate("it => { it.scrollTop = it.scrollHeight; }")
    expect(ana.tab.locator('.member[aria-posinset="10001"]')).to_be_in_viewport()
    assert members.count() < 60
    ana.tab.get_by_label("Find a member").fill("user9999")
    expect(members).to_have_count(1)
