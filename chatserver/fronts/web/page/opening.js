// Opening talks: which one is on the screen, the pages of it that are read, and how the address and Back follow.

import { loadTalk, saveTalk } from "./keep.js";
import { notice } from "./dom.js";

const PAGE = 100;
const AROUND = 50;
const ALL_UNREAD_MAX = 150; // more unread than this: the window begins around the first of them

export class Opening {
  #turn = 0;

  constructor(app) {
    this.app = app;
    this.store = app.store;
    addEventListener("popstate", () => this.#follow());
  }

  /** Open a talk, as a person does. */
  async open(name, { focus = false, push = true } = {}) {
    const talk = this.store.talk(name);
    if (push && named() !== talk.name) history.pushState(null, "", `#${encodeURIComponent(talk.name)}`);
    if (this.store.open === talk) {
      this.#shown(focus);
      return talk.loaded ? undefined : this.#load(talk);
    }
    this.#leave();
    if (talk.lastId > talk.leftAt) this.#toFirstUnread(talk);
    this.store.open = talk;
    talk.mentioned = false;
    saveTalk(this.store.user, talk.name);
    this.#shown(focus);
    this.askWhetherOpen(talk);
    return this.#load(talk);
  }

  /** Who is no friend can be written to where the server lets all write to each other: an empty text tells. */
  async askWhetherOpen(talk) {
    if (this.store.kindOf(talk.name) !== "other") return;
    const refusal = await this.app.session.ask("SENDMESSAGE", talk.name, "").catch(({ code }) => code);
    talk.isOpenToAll = refusal === "BAD_TEXT";
    this.store.changed();
  }

  /** Open a talk at a message, which need not be near its end. */
  async openAt(talk, id) {
    if (this.store.open !== talk) {
      this.#leave();
      this.store.open = talk;
      talk.divider = 0;
      history.pushState(null, "", `#${encodeURIComponent(talk.name)}`);
      saveTalk(this.store.user, talk.name);
    }
    this.#shown(false);
    if (!talk.find(id)) {
      await this.#around(talk, id);
      this.app.list.open(talk);
    }
    if (talk === this.store.open) this.app.list.show(id);
  }

  /** No talk is open: the phone shows the list, the desktop the beginning. */
  close() {
    this.#leave();
    this.store.open = null;
    if (named()) history.pushState(null, "", location.pathname);
    saveTalk(this.store.user, "");
    this.app.list.open(null);
    this.app.composer.open(null);
    this.store.changed();
  }

  /** After a login: the talk of the address, or the one last open. */
  restore() {
    const name = named() || loadTalk(this.store.user);
    if (name && !this.store.open && innerWidth >= 720) this.open(name, { push: false });
    else if (named() && !this.store.open) this.open(named(), { push: false });
  }

  /** Read the window of the open talk again: what is held may not be whole. */
  async reloadAll() {
    for (const talk of this.store.talks.values()) talk.forgetWindow();
    if (this.store.open) await this.#load(this.store.open);
  }

  async reload(talk) {
    const rows = await this.app.messages.history(talk, { limit: PAGE });
    talk.replace(rows, { atStart: rows.length < PAGE, atEnd: true });
  }

  async older(talk) {
    const rows = await this.app.messages.history(talk, { before: talk.messages[0]?.id ?? "", limit: PAGE });
    talk.prepend(rows, rows.length < PAGE);
  }

  async newer(talk) {
    const rows = await this.app.messages.history(talk, { after: talk.messages.at(-1)?.id ?? 0, limit: PAGE });
    talk.append(rows, rows.length < PAGE);
  }

  /** Something was said since one left: that is where one goes on. */
  #toFirstUnread(talk) {
    talk.divider = talk.unread ? talk.firstUnread : 0;
    if (!talk.divider) return;
    talk.place = null;
    if (!talk.find(talk.divider)) talk.forgetWindow();
  }

  async #load(talk) {
    const turn = (this.#turn += 1);
    const { list } = this.app;
    if (!talk.loaded) {
      list.open(talk); // what was said and waits is there at once
      try {
        await this.#firstWindow(talk);
      } catch (refusal) {
        if (turn === this.#turn && this.store.me) notice(refusal.message);
        return;
      }
    }
    if (turn !== this.#turn || talk !== this.store.open) return;
    list.open(talk);
    this.app.looked();
    this.store.changed();
  }

  async #firstWindow(talk) {
    if (talk.divider && talk.unread > ALL_UNREAD_MAX) return this.#around(talk, talk.divider);
    const limit = PAGE + talk.unread;
    const rows = await this.app.messages.history(talk, { limit });
    talk.replace(rows, { atStart: rows.length < limit, atEnd: true });
    return undefined;
  }

  async #around(talk, id) {
    const { messages } = this.app;
    const [before, behind] = await Promise.all([
      messages.history(talk, { before: id, limit: AROUND }),
      messages.history(talk, { after: id - 1, limit: PAGE }),
    ]);
    talk.replace([...before, ...behind], { atStart: before.length < AROUND, atEnd: behind.length < PAGE });
  }

  #shown(focus) {
    const { app } = this;
    app.composer.open(this.store.open);
    app.render();
    // On a phone the keyboard would cover what one came to read.
    if (focus && matchMedia("(pointer: fine)").matches) app.composer.focus();
  }

  #leave() {
    const { open } = this.store;
    if (!open) return;
    this.app.list.open(null); // which keeps the place
    open.divider = 0;
    open.leftAt = open.lastId;
    if (!open.place) open.trimOldest();
  }

  #follow() {
    const name = named();
    if (!this.store.me) return;
    if (name) this.open(name, { push: false });
    else if (this.store.open) {
      this.#leave();
      this.store.open = null;
      this.app.composer.open(null);
      this.store.changed();
    }
  }
}

/** The talk that the address names. */
function named() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}
