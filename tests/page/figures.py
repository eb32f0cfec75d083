"""`python3 -m tests.page.figures [NAME …]` measures what the page costs, each figure beside the most it may be.

Without names all of them; take them on a machine that does nothing else. What a message over WebSocket costs the server
is measured by `python3 -m bench --front web`.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.harness import Process, command_line
from tests.page.conftest import CHROMIUM
from tests.page.crowd import fill_room
from tests.page.person import ARGUMENTS, Person, new_context
from tests.page.site import Site
from tests.page.test_scrolling import write
from tests.websocket import WebClient

MESSAGES = 50_000
MEMBERS = 10_000
IDLE = 500
STARTS = 11
Figure = tuple[str, float, float, str]
"""What it is, how much, the most it may be, and its unit."""

FIRST_MESSAGE = """
    new MutationObserver((_, watcher) => {
        if (!document.querySelector("#messages .message")) return;
        window.firstMessage = performance.now();
        watcher.disconnect();
    }).observe(document, { childList: true, subtree: true });
"""
SCROLL_UP = """async () => {
    const list = document.getElementById("messages");
    const frame = () => new Promise(requestAnimationFrame);
    const took = [];
    while (!list.querySelector(".start")) {
        const begun = performance.now();
        list.scrollTop = 0;
        await frame();
        if (!list.ariaBusy) continue;
        while (list.ariaBusy) await frame();
        await frame();
        took.push(performance.now() - begun);
    }
    return took;
}"""
OPEN_MEMBERS = """async () => {
    const begun = performance.now();
    document.getElementById("details-button").click();
    while (document.querySelectorAll(".member").length < 10) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
}"""


def main() -> None:
    """Print the figures that were asked for; end with 1 if one is above its limit."""
    names = sys.argv[1:] or list(FIGURES)
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        sys.exit(f"there is no figure {unknown[0]}: there are {', '.join(FIGURES)}")
    over = False
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name in names:
            for what, much, most, unit in FIGURES[name](browser, Path(scratch)):
                print(f"{what:<52} {much:10.1f} {unit:<8} at most {most:g}", flush=True)
                over |= much > most
        browser.close()
    sys.exit(int(over))


@contextmanager
def site_of_ana(scratch: Path, name: str, **settings: int | str) -> Iterator[Site]:
    """A site where ana has made #market."""
    site = Site(scratch / f"{name}.db", **settings)
    try:
        site.user("ana").says("CREATEROOM|ana|#market|public")
        yield site
    finally:
        site.close()


def first_visit(browser: Browser, scratch: Path) -> Iterator[Figure]:
    """What a first visit loads, and a return asks for."""
    with site_of_ana(scratch, "visit") as site:
        context = new_context(browser)
        loaded = requests_of(context, site)
        yield "bytes of a first visit, gzipped", sum(gzipped(url) for url in loaded) / 1024, 45, "KB"
        yield "requests of a return, beside the socket", len(requests_of(context, site)), 1, ""
        context.close()


def requests_of(context: BrowserContext, site: Site) -> list[str]:
    """What one visit asked the server for, and did not find in the browser's cache."""
    tab = context.new_page()
    network = context.new_cdp_session(tab)
    network.send("Network.enable")
    asked: list[str] = []

    def came(told: dict[str, Any]) -> None:
        if not told["response"]["fromDiskCache"]:
            asked.append(str(told["response"]["url"]))

    network.on("Network.responseReceived", came)
    tab.goto(site.url)
    expect(tab.locator("#card")).to_be_visible()
    tab.wait_for_timeout(500)
    tab.close()
    return asked


def gzipped(url: str) -> int:
    """The bytes of an answer's body as they travel."""
    with urlopen(Request(url, headers={"Accept-Encoding": "gzip"})) as answer:
        return len(answer.read())


def long_room(browser: Browser, scratch: Path) -> Iterator[Figure]:
    """A room of 50,000 messages: the way to its end, and all the way up."""
    with site_of_ana(scratch, "room") as site:
        write(site.login("ana"), "#market", MESSAGES)
        first = Person(new_context(browser), site.url).sign_in("ana")
        first.open("#market")
        state = first.context.storage_state()
        address = first.tab.url
        first.context.close()
        cold, warm = [], []
        for _ in range(5):
            context = new_context(browser, storage_state=state)
            context.add_init_script(FIRST_MESSAGE)
            cold.append(to_messages(context, address))
            warm.append(to_messages(context, address))
            context.close()
        yield "navigation to messages, cold", median(cold), 300, "ms"
        yield "navigation to messages, warm", median(warm), 150, "ms"
        yield from all_the_way_up(Person(new_context(browser, storage_state=state), address))


def to_messages(context: BrowserContext, address: str) -> float:
    tab = context.new_page()
    tab.goto(address)
    tab.locator("#messages .message").first.wait_for()
    took: float = tab.evaluate("() => window.firstMessage")
    tab.close()
    return took


def all_the_way_up(person: Person) -> Iterator[Figure]:
    person.tab.locator("#messages .message").first.wait_for()
    pages = sorted(person.run(SCROLL_UP))
    yield f"an older page, p95 of {len(pages)}", pages[int(len(pages) * 0.95)], 50, "ms"
    heap = person.context.new_cdp_session(person.tab)
    heap.send("HeapProfiler.collectGarbage")
    yield "JS heap after all of them", heap.send("Runtime.getHeapUsage")["usedSize"] / 1e6, 10, "MB"
    person.context.close()


def members(browser: Browser, scratch: Path) -> Iterator[Figure]:
    """A room of 10,000 members: from the click to its list."""
    with site_of_ana(scratch, "members") as site:
        site.kill()
        fill_room(site.store_path, "#market", MEMBERS)
        site.restart()
        person = Person(new_context(browser), site.url).sign_in("ana")
        person.open("#market")
        yield f"the list of {MEMBERS:,} members", person.run(OPEN_MEMBERS), 300, "ms"
        person.context.close()


def start(_: Browser, scratch: Path) -> Iterator[Figure]:
    """How much later a server listens that also serves the page."""
    took: dict[str, list[float]] = {"on": [], "off": []}
    for _turn in range(STARTS):
        for web, times in took.items():
            times.append(start_ms(scratch, web))
    yield "start, beside one without the page", median(took["on"]) - median(took["off"]), 10, "ms"


def start_ms(scratch: Path, web: str) -> float:
    store = scratch / f"start-{web}.db"
    words = command_line(store, {} if web == "on" else {"web": "off"})
    begun = time.perf_counter()
    site = Process(words, store)
    took = (time.perf_counter() - begun) * 1000
    site.close()
    return took


def idle(_: Browser, scratch: Path) -> Iterator[Figure]:
    """Memory of the server for an idle WebSocket, beside an idle connection of the pipe."""
    most = {"connections_max": 4 * IDLE, "connections_per_address_max": 4 * IDLE}
    with site_of_ana(scratch, "idle", **most) as site, ExitStack() as held:
        token = site.login("ana").token
        pipe = growth(site, lambda: held.enter_context(site.connect()).says(f"RESUME|ana|{token}"))

        def visitor() -> None:
            client = held.enter_context(WebClient(site.web_address))
            client.expect("HELLO|…")
            client.says(f"RESUME|ana|{token}")

        web = growth(site, visitor)
        yield "an idle WebSocket, beside the pipe's", (web - pipe) / 1024, 0.3, "KB"


def growth(site: Site, come: Callable[[], object]) -> float:
    """Bytes of the server's memory for each of those who come."""
    for _ in range(50):
        come()  # so that what is made once is there
    before = memory(site.pid)
    for _ in range(IDLE):
        come()
    return (memory(site.pid) - before) / IDLE


def memory(pid: int) -> int:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


FIGURES: dict[str, Callable[[Browser, Path], Iterator[Figure]]] = {
    "first_visit": first_visit,
    "long_room": long_room,
    "members": members,
    "start": start,
    "idle": idle,
}

if __name__ == "__main__":
    main()
