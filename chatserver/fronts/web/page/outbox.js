// What was said and is not known to be stored: it goes out again under its tag until the server has answered, over lost
// connections and reloads, and what was refused waits for the person. It knows no socket and no document.

import { loadOutbox, saveOutbox } from "./keep.js";

const STORE_TRY_MS = 5000;

export class Outbox {
  /** `send(to, text, how)` gives a message to the core and returns its tag. */
  constructor(store, send) {
    Object.assign(this, { store, send, isKept: true }); // isKept: a reload loses nothing
  }

  /** Say something: the row is there at once, and goes out when it can. Throws BadCommand if it makes no frame. */
  say(to, text) {
    const tag = this.send(to, text);
    this.store.outbox.push({ tag, to, text, at: Date.now(), why: "" });
    this.changed();
  }

  /** Send what was refused again, under a tag of its own. */
  again(item) {
    this.discard(item);
    this.say(item.to, item.text);
  }

  discard(item) {
    this.store.outbox = this.store.outbox.filter((other) => other !== item);
    this.changed();
  }

  sent(event) {
    this.store.sent(event);
    this.changed();
  }

  /** A message that the server would not take stays on the page with the server's sentence. */
  refused({ tag, code, text }) {
    const item = this.store.outbox.find((held) => held.tag === tag);
    if (!item) return;
    item.why = text || "The server has refused this";
    if (code === "UNAVAILABLE") setTimeout(() => this.#tryAgain(item), STORE_TRY_MS);
    this.changed();
  }

  /** What an earlier page of that user had not sent, or does not know to be stored, goes out again under its tags. */
  restore(user) {
    this.user = user;
    const known = new Set(this.store.outbox.map(({ tag }) => tag));
    for (const item of loadOutbox(user).filter(({ tag }) => !known.has(tag))) {
      this.store.outbox.push(item);
      if (!item.why) this.send(item.to, item.text, { tag: item.tag, sentBefore: true });
    }
  }

  changed() {
    this.isKept = saveOutbox(this.user, this.store.outbox) || !this.store.outbox.length;
    this.store.changed();
  }

  /** What the server could not store goes out again under its tag, as long as nobody has discarded it. */
  #tryAgain(item) {
    if (this.store.outbox.includes(item)) this.send(item.to, item.text, { tag: item.tag });
  }
}
