// The list of talks: who is unread, friends, rooms, bots; and oneself. It shows the store and calls the app.

import { nameKey } from "./core.js";
import { attempt } from "./dialogs.js";
import { bdi, briefTime, byId, disc, el } from "./dom.js";
import { popup } from "./popup.js";

const SHOWN_MAX = 200; // of one heading; the rest is a search away

export class Sidebar {
  #made = new Map(); // key → [version, element]

  constructor(app) {
    this.app = app;
    this.store = app.store;
    byId("find").addEventListener("click", () => app.switcher());
    byId("add-friend").addEventListener("click", () => app.people.addFriend());
    byId("add-room").addEventListener("click", () => app.rooms.findRoom());
    byId("menu").addEventListener("click", () => this.#menu());
    byId("status").addEventListener("click", () => app.account.status());
    byId("requests").addEventListener("click", () => app.people.requests());
    byId("talks").addEventListener("keydown", (event) => this.#keyed(event));
  }

  /** The names of all talks in the order in which they stand. */
  names() {
    return this.#groups().flatMap(([, names]) => names);
  }

  render() {
    const { store } = this;
    byId("own-name").textContent = store.me;
    const { status, text } = store.status;
    byId("status").textContent = text ? `${status} · ${text}` : status;
    byId("status").className = `status ${status}`;
    const open = store.requestsIn.size + store.invitations.size;
    byId("requests").hidden = !open && !store.requestsOut.size;
    byId("requests-count").textContent = open ? String(open) : "";
    if (store.listed) this.#place(byId("talks"), this.#groups());
  }

  /** `[heading, names]` each: what is unread first, then by kind. */
  #groups() {
    const { store } = this;
    const unread = new Set();
    const others = [];
    for (const talk of store.talks.values()) {
      if (talk.unread && talk !== store.open && !store.choices.isMuted(talk.name)) unread.add(talk.name);
      if (talk.isBegun && store.kindOf(talk.name) === "other") others.push(talk.name);
    }
    const rest = (names) => [...names].filter((name) => !unread.has(name)).sort((one, other) => this.#order(one, other));
    const joined = [...store.rooms].filter(([, { joined }]) => joined).map(([name]) => name);
    const groups = [
      ["Unread", [...unread].sort((one, other) => this.#order(one, other))],
      ["Friends", rest(store.friends.keys())],
      ["Rooms", rest(joined)],
      ["Bots", rest(store.bots.keys())],
      ["Before", rest(others)],
    ];
    return groups.filter(([, names]) => names.length).map(([heading, names]) => [heading, names.slice(0, SHOWN_MAX)]);
  }

  /** The latest talk first, then by name. */
  #order(one, other) {
    const last = (name) => this.store.talks.get(nameKey(name))?.lastId ?? 0;
    return last(other) - last(one) || one.localeCompare(other);
  }

  #place(list, groups) {
    const focused = document.activeElement?.dataset?.talk;
    const wanted = groups.flatMap(([heading, names]) => [[`h ${heading}`, "", () => el("h2", {}, heading)], ...names.map((name) => this.#entry(name))]);
    const made = new Map();
    const elements = wanted.map(([key, version, make]) => {
      const old = this.#made.get(key);
      const element = old?.[0] === version ? old[1] : make();
      made.set(key, [version, element]);
      return element;
    });
    this.#made = made;
    elements.forEach((element, at) => list.children[at] !== element && list.insertBefore(element, list.children[at] ?? null));
    while (list.children.length > elements.length) list.lastChild.remove();
    if (focused && !list.contains(document.activeElement)) made.get(focused)?.[1].focus();
  }

  #entry(name) {
    const { store } = this;
    const talk = store.talks.get(nameKey(name));
    const { status = "", text = "" } = store.friends.get(name) ?? {};
    const open = store.open && store.open === talk;
    const unread = talk?.unread ?? 0;
    const about = text || (store.kindOf(name) === "bot" ? store.bots.get(name) : store.rooms.get(name)?.topic) || "";
    const time = talk?.lastTime ? briefTime(talk.lastTime) : "";
    const kind = store.choices.isMuted(name) ? ".muted" : talk?.mentioned ? ".mentioned" : "";
    const version = [status, about, open, unread, time, kind].join("|");
    return [name, version, () => this.#make(name, { status, about, open, unread, time, kind })];
  }

  #make(name, { status, about, open, unread, time, kind }) {
    const badge = unread ? el(`span.badge${kind}`, { "aria-label": `${unread} unread` }, String(unread)) : null;
    return el(
      "button.entry",
      { type: "button", "data-talk": name, "aria-current": open ? "page" : null, onclick: () => this.app.openTalk(name, { focus: true }) },
      disc(name, status),
      el("span.entry-name", {}, bdi(name), status && status !== "online" && el("span.entry-status", {}, ` ${status}`), status === "online" && el("span.unseen", {}, " online")),
      el("span.entry-time", {}, time),
      el("span.entry-about", { dir: "auto" }, about),
      badge,
    );
  }

  /** Arrows go from one talk to the next. */
  #keyed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey) return;
    const entries = [...byId("talks").querySelectorAll(".entry")];
    entries[entries.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }

  #menu() {
    const { account, actions, around, people, notifier } = this.app;
    const items = [
      ["Your status", () => account.status()],
      ["Settings", () => account.settings()],
      ["Requests", () => people.requests()],
      ["Blocked", () => people.blocks()],
      ...(notifier.canAsk ? [["Turn notifications on", () => notifier.askPermission()]] : []),
      [`Colours: ${around.theme}`, () => around.nextTheme()],
      ["Keys and commands", () => actions.help()],
      ...(this.store.choices.all.administers ? [["Administration", () => attempt(() => actions.administer())]] : []),
      ["Change your password", () => account.password()],
      ["Save what is stored about you", () => account.export()],
      ["Delete the account", () => account.deleteAccount()],
      ["Sign out", () => account.signOut()],
    ];
    popup(byId("menu"), items);
  }
}
