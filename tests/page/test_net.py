"""The page's socket alone, with a clock and a network of the test's own: when it comes back, and how often."""

from playwright.sync_api import Page, expect

from tests.launch.upgrading import Gone, upgrade
from tests.page.conftest import Visit
from tests.page.site import Site

WORLD = """async address => {
    const sockets = [], timers = [];
    class Wire {
        static OPEN = 1;
        readyState = 0;
        constructor() { sockets.push(this); }
        send(text) { this.sent = text; }
        close() { this.readyState = 3; }
        opens() { this.readyState = 1; this.onopen(); }
    }
    globalThis.WebSocket = Wire;
    globalThis.setTimeout = (act, ms) => timers.push({ act, ms });
    globalThis.clearTimeout = number => { if (number) timers[number - 1].act = () => {}; };
    const { Net } = await import(address);
    const heard = [];
    const [opened, lost] = ["opened", "lost"].map(it => () => heard.push(it));
    const hears = { opened, lost, line: () => {}, ping: () => false };
    const net = new Net(hears);
    net.start();
    const waits = [];
    const lose = () => {
        sockets.at(-1).onclose();
        const { act, ms } = timers.at(-1);
        waits.push(ms);
        const before = sockets.length;
        act();
        return sockets.length - before;
    };
"""
STORY = """
    const came = [];
    sockets.at(-1).opens();
    net.proved();
    net.expectAtOnce();
    came.push(lose()); // the new program is there
    came.push(lose()); // it is not: pauses as ever
    came.push(lose());
    sockets.at(-1).opens();
    net.proved();
    net.expectAtOnce();
    net.again(); // given up by the page itself in the meantime
    waits.push(timers.at(-1).ms);
    timers.at(-1).act();
    net.send(["a line"]); // no socket is open: whoever has it keeps it
    return { came, waits, heard, sent: sockets.some(it => it.sent) };
}"""


def test_it_comes_back_at_once_from_a_restart_and_only_once(site: Site, visit: Visit) -> None:
    tab: Page = visit(site).tab
    address = tab.locator("script[type=module]").evaluate("it => new URL('net.js', it.src).href")
    told = tab.evaluate(WORLD + STORY, address)
    assert told["came"] == [1, 1, 1]
    at_once, first, second, again = told["waits"]
    assert at_once == again == 0
    assert 400 <= first <= 600  # the first pause, a fifth more or less
    assert 800 <= second <= 1200
    assert told["heard"] == ["opened", "lost", "lost", "lost", "opened", "lost"]
    assert not told["sent"]


def test_a_new_program_takes_over_and_every_line_is_there_once(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("zero")
    ana.see("zero")
    try:
        upgrade(site)
        ana.say("one", "two")
        ana.see("zero", "one", "two")
        expect(ana.tab.locator(".pending")).to_have_count(0)
        rows = site.login("ben").rows("HISTORY|ben|ana|500")
        assert [row[4] for row in rows] == ["zero", "one", "two"]
    finally:
        site.close_clients()
        Gone.end_all()
