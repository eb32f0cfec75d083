// The page: it makes the parts, joins them, and says what they have to do with what the session tells.

import { Account } from "./account.js";
import { Actions } from "./actions.js";
import { Around } from "./around.js";
import { Composer } from "./composer.js";
import { Details } from "./details.js";
import { attempt, closeDialogs } from "./dialogs.js";
import { byId, isolated, notice } from "./dom.js";
import { Keys } from "./keys.js";
import { List } from "./list.js";
import { MessageBar } from "./message_bar.js";
import { Messages } from "./messages.js";
import { Notifier, isLookedAt } from "./notify.js";
import { Opening } from "./opening.js";
import { People } from "./people.js";
import { Rooms } from "./rooms.js";
import { Search, openSwitcher } from "./search.js";
import { Session } from "./session.js";
import { Sidebar } from "./sidebar.js";
import { SignIn } from "./sign_in.js";
import { Store } from "./store.js";
import { mentions } from "./text.js";

const READ_AFTER_MS = 1000;

class App {
  #readTimer = 0;
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
    this.messages = new Messages(this.session);
    this.actions = new Actions(this);
    this.people = new People(this);
    this.rooms = new Rooms(this);
    this.account = new Account(this);
    this.opening = new Opening(this);
    this.search = new Search(this);
    this.notifier = new Notifier(this);
    this.signIn = new SignIn(this);
    this.sidebar = new Sidebar(this);
    this.details = new Details(this);
    this.bar = new MessageBar(this);
    this.list = this.#makeList();
    this.composer = new Composer(this, {
      ...{ form: byId("composer"), field: byId("field"), above: byId("above"), why: byId("why") },
    });
    this.around = new Around(this);
    this.keys = new Keys(this);
    this.#listen();
    this.store.subscribe(() => this.render());
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
    return attempt(() => this.opening.openAt(talk, id));
  }

  closeTalk(name) {
    if (this.store.open?.name === name) this.opening.close();
  }

  switcher() {
    openSwitcher(this);
  }

  /** Whether a text speaks to this user. */
  isMentioned(text) {
    return mentions(text, this.store.me, this.store.choices.all.words);
  }

  /** Something may have been looked at: once it has been for a while, it counts as read. */
  looked() {
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => {
      const { open } = this.store;
      if (open?.loaded && isLookedAt() && this.list.atEnd && open.unread && this.store.choices.all.reading) this.messages.markRead(open);
    }, READ_AFTER_MS);
  }

  render() {
    const { store } = this;
    if (!store.me) return;
    this.around.render();
    this.sidebar.render();
    this.details.render();
    this.composer.refresh();
    this.list.said(this.#said.splice(0));
    this.list.changed();
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
    if (talk.isRoom && this.isMentioned(message.text)) talk.mentioned = talk !== this.store.open;
    if (talk === this.store.open) {
      if (!isLookedAt() && !talk.divider && talk.loaded) talk.divider = message.id;
      this.#said.push(message);
      this.looked();
    } else if (talk.loaded) talk.trimOldest();
    if (message.origin !== "sync") this.notifier.said(talk, message);
  }

  #happened({ type, room, name, by, kind, fields }) {
    const { store, people, rooms } = this;
    if (type === "FriendRemoved" && store.open?.name === name) this.opening.askWhetherOpen(store.open);
    if (kind === "ROLE") this.#roleGiven(...fields);
    if (["Joined", "Left"].includes(type)) this.#cameOrWent(type, room, name);
    if (!store.connected) return; // what waited for the login is in the list of requests
    if (type === "Invited") {
      notice(`${isolated(by)} invites you to ${isolated(room)}.`, ["Join", () => attempt(() => rooms.join(room))]);
    }
    if (type === "FriendRequest") notice(`${isolated(name)} wants to be your friend.`, ["See", () => people.requests()]);
  }

  #roleGiven(room, name, role) {
    if (room === this.store.open?.name) this.details.refresh();
    const what = { owner: "own", moderator: "are a moderator of" }[role] ?? "are a member of";
    if (this.store.isMe(name)) notice(`You ${what} ${isolated(room)} now.`);
  }

  #cameOrWent(type, room, name) {
    const isOpen = room === this.store.open?.name;
    if (isOpen) this.details.refresh();
    if (!this.store.isMe(name)) return;
    attempt(() => this.rooms.readRooms());
    if (type === "Joined" && isOpen) attempt(() => this.opening.open(room)); // there again by another device: read it anew
    if (type === "Left" && isOpen) notice(`You are not in ${isolated(room)} any more.`);
  }

  // Messages

  #makeList() {
    const { store, session, messages } = this;
    const { outbox } = session;
    const acts = {
      older: (talk) => this.opening.older(talk),
      newer: (talk) => this.opening.newer(talk),
      reload: (talk) => attempt(() => this.opening.reload(talk)),
      atEnd: () => this.looked(),
      key: (event, row) => this.bar.key(event, row),
      room: (name) => this.#roomClicked(name),
      react: (message, emoji) => attempt(() => messages.react(store.open, message, emoji)),
      sendAgain: (item) => attempt(() => outbox.again(item)),
      discard: (item) => outbox.discard(item),
      editRefused: (item) => (outbox.discard(item), this.composer.fill(item.text)),
    };
    return new List(byId("messages"), byId("down"), store, acts);
  }

  #roomClicked(name) {
    const room = this.store.rooms.get(this.store.spelled(name));
    if (room?.joined) this.openTalk(name);
    else attempt(() => this.rooms.join(name));
  }

  #listen() {
    byId("back").addEventListener("click", () => this.opening.close());
    byId("details-button").addEventListener("click", () => this.details.toggle());
    byId("search-button").addEventListener("click", () => this.search.open());
    byId("try-now").addEventListener("click", () => this.session.tryNow());
    byId("welcome-friend").addEventListener("click", () => this.people.addFriend());
    byId("welcome-room").addEventListener("click", () => this.rooms.findRoom());
    byId("welcome-game").addEventListener("click", () => this.#play());
    byId("skip").addEventListener("click", (event) => (event.preventDefault(), this.composer.focus()));
    addEventListener("focus", () => this.looked());
    document.addEventListener("visibilitychange", () => this.looked());
  }

  #play() {
    this.openTalk("NumbersGame", { focus: true });
    attempt(() => this.messages.send("NumbersGame", "play"));
  }
}

new App();
