// The page: it makes the parts, joins them, and holds what concerns all of them: keys, the banner, the head of a talk.

import { Account } from "./account.js";
import { Actions } from "./actions.js";
import { Composer } from "./composer.js";
import { Details } from "./details.js";
import { List, actionBar } from "./list.js";
import { Notifier, isLookedAt } from "./notify.js";
import { Opening } from "./opening.js";
import { Search, openSwitcher } from "./search.js";
import { Session } from "./session.js";
import { Sidebar, popup } from "./sidebar.js";
import { SignIn } from "./sign_in.js";
import { Store } from "./store.js";
import { bdi, byId, isolated, notice } from "./dom.js";
import { closeDialogs, formDialog } from "./dialogs.js";
import { loadTheme, saveTheme } from "./keep.js";
import { mentions } from "./text.js";

const READ_AFTER_MS = 1000;
const BANNER_AFTER_MS = 2000;
const EMOJIS = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀", "✅", "🔥"];
const THEMES = ["system", "light", "dark"];

class App {
  #readTimer = 0;
  #lostAt = Date.now();
  #said = [];

  constructor() {
    this.notice = notice;
    this.store = new Store();
    this.session = new Session(this.store, {
      onLoggedIn: (again) => this.#loggedIn(again),
      onCard: (code, text) => this.#card(code, text),
      onSaid: (talk, message) => this.#heard(talk, message),
      onHappened: (event) => this.#happened(event),
      onSkipped: () => this.opening.reloadAll(),
      onRestored: () => this.#restored(),
      onNotice: notice,
    });
    this.actions = new Actions(this);
    this.account = new Account(this);
    this.opening = new Opening(this);
    this.search = new Search(this);
    this.notifier = new Notifier(this);
    this.signIn = new SignIn(this);
    this.sidebar = new Sidebar(this);
    this.details = new Details(this);
    this.list = this.#makeList();
    this.composer = new Composer(this, {
      ...{ form: byId("composer"), field: byId("field"), above: byId("above"), why: byId("why") },
    });
    this.#theme(loadTheme());
    this.#listen();
    this.store.subscribe(() => this.render());
    setInterval(() => this.#banner(), 500);
    if (!this.session.start()) this.signIn.show();
    else byId("app").hidden = false;
  }

  // What the parts ask of each other

  /** Open a talk; what was asked in a dialog on the way there is answered. */
  openTalk(name, how) {
    closeDialogs();
    return this.opening.open(name, how);
  }

  openAt(talk, id) {
    return this.actions.attempt(() => this.opening.openAt(talk, id));
  }

  closeTalk(name) {
    if (this.store.open?.name === name) this.opening.close();
  }

  switcher() {
    openSwitcher(this);
  }

  /** Something may have been looked at: once it has been for a while, it counts as read. */
  looked() {
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => {
      const { open } = this.store;
      if (open?.loaded && isLookedAt() && this.list.atEnd && open.unread) this.session.markRead(open);
    }, READ_AFTER_MS);
  }

  render() {
    const { store } = this;
    if (!store.me) return;
    this.#head();
    this.sidebar.render();
    this.details.render();
    this.composer.refresh();
    this.list.said(this.#said.splice(0));
    if (store.open?.loaded) this.list.changed();
    this.#typing();
    this.notifier.render();
  }

  // What the session tells

  #loggedIn(again) {
    this.signIn.hide();
    byId("app").hidden = false;
    if (again) this.details.refresh();
    this.session.readLists().then(() => {
      if (this.store.me) this.opening.restore();
      this.looked();
    });
    this.render();
  }

  #restored() {
    this.opening.reloadAll();
    notice("The server was put back from a backup: some of what was said before it went is no longer there.");
  }

  #card(code, text) {
    closeDialogs();
    this.list.open(null);
    this.composer.open(null);
    this.details.hide();
    byId("app").hidden = true;
    for (const id of ["talks", "messages", "talk-name", "talk-about", "typing", "own-name"]) byId(id).replaceChildren();
    byId("messages").setAttribute("aria-label", "Messages");
    history.replaceState(null, "", location.pathname);
    this.signIn.show(code, text);
    this.notifier.render();
  }

  #heard(talk, message) {
    if (talk.isRoom && mentions(message.text, this.store.me)) talk.mentioned = talk !== this.store.open;
    if (talk === this.store.open) {
      if (!isLookedAt() && !talk.divider && talk.loaded) talk.divider = message.id;
      this.#said.push(message);
      this.looked();
    } else if (talk.loaded) talk.trimOldest();
    if (message.origin !== "sync") this.notifier.said(talk, message);
  }

  #happened({ type, room, name, by }) {
    const { store, actions } = this;
    if (["Joined", "Left"].includes(type)) this.#cameOrWent(type, room, name);
    if (!store.connected) return; // what waited for the login is in the list of requests
    if (type === "Invited") {
      notice(`${isolated(by)} invites you to ${isolated(room)}.`, ["Join", () => actions.attempt(() => actions.join(room))]);
    }
    if (type === "FriendRequest") notice(`${isolated(name)} wants to be your friend.`, ["See", () => actions.requests()]);
  }

  #cameOrWent(type, room, name) {
    const isOpen = room === this.store.open?.name;
    if (isOpen) this.details.refresh();
    if (!this.store.isMe(name)) return;
    this.actions.attempt(() => this.actions.readRooms());
    if (type === "Left" && isOpen) notice(`You are not in ${isolated(room)} any more.`);
  }

  // Messages

  #makeList() {
    const { store, session } = this;
    const open = () => store.open;
    const attempt = (doing) => this.actions.attempt(doing);
    const acts = {
      older: (talk) => this.opening.older(talk),
      newer: (talk) => this.opening.newer(talk),
      reload: (talk) => attempt(() => this.opening.reload(talk)),
      atEnd: () => this.looked(),
      key: (event, row) => this.#rowKey(event, row),
      room: (name) => this.#roomClicked(name),
      react: (message, emoji) => attempt(() => session.react(open(), message, emoji)),
      sendAgain: (item) => attempt(() => session.outbox.again(item)),
      discard: (item) => session.outbox.discard(item),
      editRefused: (item) => (session.outbox.discard(item), this.composer.fill(item.text)),
    };
    this.bar = actionBar({
      pick: () => this.#onRow((message, bar) => this.#pickReaction(message, bar)),
      edit: () => this.#onRow((message) => this.composer.edit(message)),
      remove: () => this.#onRow((message) => this.actions.remove(open(), message)),
      explain: () => this.#onRow((message) => this.actions.explain(message)),
    });
    const scroller = byId("messages");
    for (const type of ["pointerover", "focusin", "click"]) scroller.addEventListener(type, ({ target }) => this.#showBar(target.closest?.(".message[data-id]")));
    return new List(scroller, byId("down"), store, acts);
  }

  #onRow(call) {
    const row = this.bar.closest(".message");
    const message = row && this.store.open.find(Number(row.dataset.id));
    if (message) call(message, this.bar.firstChild);
  }

  #showBar(row) {
    if (!row || this.bar.parentNode === row) return;
    const message = this.store.open?.find(Number(row.dataset.id));
    if (!message || message.deleted) return this.bar.remove();
    const mine = message.sender === this.store.me;
    for (const name of ["edit", "remove"]) this.bar.querySelector(`[data-act=${name}]`).hidden = !mine;
    row.append(this.bar);
  }

  /** Keys on a message that has the focus; tells whether it was one. */
  #rowKey({ key }, row) {
    const message = this.store.open.find(Number(row.dataset.id));
    if (!message || message.deleted) return false;
    const mine = message.sender === this.store.me;
    if (key === "r" || key === "Enter") this.#pickReaction(message, row);
    else if (key === "e" && mine) this.composer.edit(message);
    else if (key === "Delete" && mine) this.actions.remove(this.store.open, message);
    else if (key === "i") this.actions.explain(message);
    else return false;
    return true;
  }

  #pickReaction(message, at) {
    const react = (emoji) => this.session.react(this.store.open, message, emoji);
    const other = () =>
      formDialog({ title: "React", fields: [{ name: "emoji", label: "An emoji" }], action: "React", run: ({ emoji }) => react(emoji.trim()) });
    const items = EMOJIS.map((emoji) => [emoji, () => this.actions.attempt(() => react(emoji))]);
    popup(at, [...items, ["Other…", other]], { kind: "emojis", label: "React with" });
  }

  #roomClicked(name) {
    const room = this.store.rooms.get(this.store.spelled(name));
    if (room?.joined) this.openTalk(name);
    else this.actions.attempt(() => this.actions.join(name));
  }

  // Around the messages

  #head() {
    const { store } = this;
    const { open } = store;
    byId("app").dataset.pane = open ? "talk" : "list";
    byId("app").classList.toggle("fresh", store.listed && !store.friends.size && ![...store.rooms.values()].some(({ joined }) => joined));
    byId("welcome").hidden = Boolean(open);
    byId("talk").hidden = !open;
    if (!open) return;
    const { status = "", text = "" } = store.friends.get(open.name) ?? {};
    const about = open.isRoom ? store.rooms.get(open.name)?.topic : [status, text].filter(Boolean).join(" · ") || store.bots.get(open.name);
    const head = byId("talk-name");
    if (head.textContent !== open.name) head.replaceChildren(bdi(open.name));
    byId("talk-about").textContent = about ?? "";
    byId("messages").setAttribute("aria-label", `Messages with ${open.name}`);
  }

  #typing() {
    const now = Date.now();
    const names = [...(this.store.open?.typing ?? [])].filter(([, until]) => until > now).map(([name]) => name);
    const text = names.length > 3 ? "Several are typing…" : names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…` : "";
    if (byId("typing").textContent !== text) byId("typing").textContent = text;
  }

  /** What stands above everything while there is no connection. */
  #banner() {
    const banner = byId("banner");
    const { connected, retryAt } = this.store;
    const misses = this.signIn.place.hidden ? !connected : this.signIn.isBusy && !this.session.isOpen;
    if (!misses) {
      this.#lostAt = Date.now();
      banner.hidden = true;
      return;
    }
    if (Date.now() - this.#lostAt < BANNER_AFTER_MS) return;
    const left = Math.ceil((retryAt - Date.now()) / 1000);
    const text = left > 0 ? `No connection. Trying again in ${left} s.` : "No connection. Trying…";
    banner.hidden = false;
    if (byId("banner-text").textContent !== text) byId("banner-text").textContent = text;
  }

  get theme() {
    return document.documentElement.dataset.theme ?? "system";
  }

  nextTheme() {
    this.#theme(THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]);
    saveTheme(this.theme);
    notice(`Colours: ${this.theme}`);
  }

  #theme(name) {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
  }

  // Keys

  #listen() {
    byId("back").addEventListener("click", () => this.opening.close());
    byId("details-button").addEventListener("click", () => this.details.toggle());
    byId("search-button").addEventListener("click", () => this.search.open());
    byId("try-now").addEventListener("click", () => this.session.tryNow());
    byId("welcome-friend").addEventListener("click", () => this.actions.addFriend());
    byId("welcome-room").addEventListener("click", () => this.actions.findRoom());
    byId("welcome-game").addEventListener("click", () => this.#play());
    byId("skip").addEventListener("click", (event) => (event.preventDefault(), this.composer.focus()));
    addEventListener("focus", () => this.looked());
    document.addEventListener("visibilitychange", () => this.looked());
    document.addEventListener("keydown", (event) => this.#keyed(event));
  }

  #play() {
    this.openTalk("NumbersGame", { focus: true });
    this.actions.attempt(() => this.session.send("NumbersGame", "play"));
  }

  #keyed(event) {
    if (!this.store.me || event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && event.key.toLowerCase() === "k") {
      closeDialogs();
      this.switcher();
    } else if (command && event.key === "/") this.actions.help();
    else if (event.altKey && !command && ["ArrowUp", "ArrowDown"].includes(event.key)) this.#step(event);
    else if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.#escape();
    else return;
    event.preventDefault();
  }

  #step({ key, shiftKey }) {
    const { store } = this;
    const names = this.sidebar.names();
    const wanted = shiftKey ? names.filter((name) => store.talk(name).unread) : names;
    if (!wanted.length) return;
    const step = key === "ArrowUp" ? -1 : 1;
    const at = wanted.indexOf(store.open?.name);
    const next = at < 0 ? (step > 0 ? 0 : wanted.length - 1) : (at + step + wanted.length) % wanted.length;
    this.openTalk(wanted[next], { focus: true });
  }

  #escape() {
    if (this.composer.escape()) return;
    if (this.details.isShown) this.details.hide();
    this.composer.focus();
  }
}

new App();
