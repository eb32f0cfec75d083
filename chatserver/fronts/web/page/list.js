// The list of messages: a window of at most some 300 rows on a talk, which never jumps. Everything goes through `render`:
// it lays down the rows that should be there, keeps those that are, and puts the row that was on top back to where it
// stood; or, where one was at the end, goes to the end.

import { announce } from "./dom.js";
import { wantedRows } from "./rows.js";
import { brief } from "./text.js";

const SHOWN_ROWS_MAX = 300;
const STEP = 100;
const NEAR_PX = 800; // so far from an end, more is shown or loaded
const END_PX = 100; // within it one counts as being at the end

export class List {
  #talk = null;
  #from = 0; // the window of the talk's messages that has rows
  #to = 0;
  #rows = new Map(); // key → [version, element]
  #following = true;
  #loading = { older: false, newer: false };
  #newCount = 0;
  #opened = 0; // counts openings: an answer for an earlier one is passed over
  #focusId = "";

  /** `acts`: what a row's buttons do, and older(talk), newer(talk), atEnd(), jump(). */
  constructor(scroller, down, store, acts) {
    Object.assign(this, { scroller, down, store, acts });
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.#keyed(event));
    scroller.addEventListener("focusin", (event) => this.#focused(event));
    down.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#following && this.#stickToEnd()).observe(scroller);
  }

  get atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return Boolean(this.#talk?.atEnd) && this.#to >= this.#talk.messages.length && scrollHeight - scrollTop - clientHeight < END_PX;
  }

  /** Show a talk: where one left it, at the first unread, or at the end. Of one that is yet to be read, what waits. */
  open(talk) {
    this.#remember();
    this.#talk = talk;
    this.#opened += 1;
    this.#newCount = 0;
    this.#rows.clear();
    this.#loading = { older: false, newer: false };
    this.scroller.replaceChildren();
    if (!talk) return;
    const goal = talk.place?.id ?? talk.divider;
    if (goal && talk.find(goal)) this.#showAround(goal, talk.place ? talk.place.offset : null);
    else this.#showEnd();
  }

  /** Show a message of the window in the middle, and point at it. */
  show(id) {
    this.#showAround(id, null);
    const row = this.#rows.get(`m${id}`)?.[1];
    row?.classList.add("found");
    row?.focus({ preventScroll: true });
  }

  /** Go to the end, loading it if it is not there. */
  async toEnd() {
    const talk = this.#talk;
    if (!talk) return;
    if (!talk.atEnd) await this.acts.reload(talk);
    if (talk === this.#talk) this.#showEnd();
  }

  /** Something of the talk has changed. */
  changed() {
    if (this.#talk) this.render();
  }

  /** One or more messages of others came into the open talk. */
  said(messages) {
    if (!this.#following) this.#newCount += messages.length;
    else announce(messages.map(({ sender, text }) => `${sender}: ${brief(text)}`).join(". "));
  }

  focusLast() {
    const rows = this.scroller.querySelectorAll(".message");
    rows[rows.length - 1]?.focus();
  }

  // Laying down rows

  render(anchor = this.#following ? null : this.#anchor()) {
    const talk = this.#talk;
    const count = talk.messages.length;
    if (this.#following && talk.endsHere) {
      this.#to = count;
      this.#from = Math.max(0, Math.min(this.#from, count), count - SHOWN_ROWS_MAX);
    }
    this.#to = Math.min(this.#to, count);
    this.#from = Math.min(this.#from, this.#to);
    this.#place(wantedRows(talk, this.#from, this.#to, { me: this.store.me, outbox: this.store.outbox, acts: this.acts }));
    if (anchor) this.#restore(anchor);
    else if (this.#following) this.#stickToEnd();
    this.#showDown();
  }

  #place(wanted) {
    const kept = new Map();
    let next = this.scroller.firstChild;
    const focused = document.activeElement?.closest?.(".message");
    for (const [key, version, make] of wanted) {
      const old = this.#rows.get(key);
      const element = old?.[0] === version ? old[1] : make();
      kept.set(key, [version, element]);
      if (old && old[1] !== element) {
        const hadFocus = focused === old[1];
        if (next === old[1]) next = next.nextSibling;
        old[1].replaceWith(element);
        if (hadFocus) element.focus({ preventScroll: true });
      }
      if (element === next) next = next.nextSibling;
      else if (element.nextSibling !== next || element.parentNode !== this.scroller) this.scroller.insertBefore(element, next);
    }
    for (const [key, [, element]] of this.#rows) if (kept.get(key)?.[1] !== element) element.remove();
    this.#rows = kept;
    this.#keepTabStop();
  }

  // Where one is

  /** The first row that is in sight, and where it stands. */
  #anchor() {
    const top = this.scroller.scrollTop;
    const rows = this.scroller.children;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].offsetTop + rows[middle].offsetHeight <= top) low = middle + 1;
      else high = middle;
    }
    let row = rows[low];
    while (row && !row.dataset.id && row.nextSibling) row = row.nextSibling;
    return row?.dataset.id ? { id: Number(row.dataset.id), offset: row.getBoundingClientRect().top } : null;
  }

  #restore({ id, offset }) {
    const row = this.#rows.get(`m${id}`)?.[1];
    if (row) this.scroller.scrollTop += row.getBoundingClientRect().top - offset;
  }

  /** Keep the place in a talk that is being left. */
  #remember() {
    const talk = this.#talk;
    if (!talk?.loaded) return;
    const anchor = this.#following ? null : this.#anchor();
    talk.place = anchor && { id: anchor.id, offset: anchor.offset - this.scroller.getBoundingClientRect().top };
  }

  #showEnd() {
    const count = this.#talk.messages.length;
    this.#to = count;
    this.#from = Math.max(0, count - STEP);
    this.#following = this.#talk.endsHere;
    this.#newCount = 0;
    this.render(null);
    this.#stickToEnd();
  }

  /** Rows around a message, which stands `offset` below the top, or a third down the list. */
  #showAround(id, offset) {
    const at = this.#talk.messages.findIndex((message) => message.id >= id);
    this.#from = Math.max(0, at - STEP);
    this.#to = Math.min(this.#talk.messages.length, at + STEP);
    this.#following = false;
    this.render(null);
    const row = this.#rows.get(`m${id}`)?.[1];
    if (!row) return this.#showEnd();
    const top = this.scroller.getBoundingClientRect().top + (offset ?? this.scroller.clientHeight / 4);
    this.scroller.scrollTop += row.getBoundingClientRect().top - top;
    this.#following = this.atEnd;
    this.#showDown();
    return undefined;
  }

  #stickToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #showDown() {
    if (this.#following) this.#newCount = 0;
    this.down.hidden = this.#following;
    const text = this.#newCount ? `↓ ${this.#newCount} new` : "↓ To the end";
    if (this.down.textContent !== text) this.down.textContent = text;
  }

  // Moving

  #scrolled() {
    if (!this.#talk?.loaded) return;
    this.#following = this.atEnd;
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (scrollTop < NEAR_PX) this.#older();
    else if (scrollHeight - scrollTop - clientHeight < NEAR_PX) this.#newer();
    this.#showDown();
    if (this.#following) this.acts.atEnd();
  }

  async #older() {
    const talk = this.#talk;
    if (this.#from === 0) {
      if (talk.atStart || this.#loading.older) return;
      const before = talk.messages[0]?.id;
      if (!(await this.#load("older", () => this.acts.older(talk)))) return;
      const at = talk.messages.findIndex((message) => message.id === before);
      const added = Math.max(0, at);
      this.#from += added;
      this.#to = Math.min(this.#to + added, talk.messages.length);
    }
    const anchor = this.#anchor();
    this.#from = Math.max(0, this.#from - STEP);
    this.#to = Math.min(this.#to, this.#from + SHOWN_ROWS_MAX);
    this.#following = false;
    this.render(anchor);
  }

  async #newer() {
    const talk = this.#talk;
    if (this.#to >= talk.messages.length) {
      if (talk.atEnd || this.#loading.newer) return;
      const first = talk.messages[this.#from]?.id;
      if (!(await this.#load("newer", () => this.acts.newer(talk)))) return;
      const shown = this.#to - this.#from;
      this.#from = Math.max(0, talk.messages.findIndex((message) => message.id === first));
      this.#to = this.#from + shown;
    }
    const anchor = this.#anchor();
    this.#to = Math.min(talk.messages.length, this.#to + STEP);
    this.#from = Math.max(this.#from, this.#to - SHOWN_ROWS_MAX);
    this.render(anchor);
  }

  /** Load a page; tells whether the same talk is still open. */
  async #load(which, load) {
    const opening = this.#opened;
    this.#loading[which] = true;
    this.scroller.setAttribute("aria-busy", "true");
    try {
      await load();
    } catch {
      return false; // the connection is gone, or the talk: one scrolls again
    } finally {
      this.#loading[which] = false;
      this.scroller.removeAttribute("aria-busy");
    }
    return opening === this.#opened;
  }

  // Keys: one tab stop for the list, arrows inside

  #focused({ target }) {
    const row = target.closest(".message");
    if (!row) return;
    this.#focusId = row.dataset.id ?? "";
    this.#keepTabStop(row);
  }

  #keepTabStop(chosen = null) {
    const rows = this.scroller.querySelectorAll(".message");
    const stop = chosen ?? this.#rows.get(`m${this.#focusId}`)?.[1] ?? rows[rows.length - 1];
    for (const row of this.scroller.querySelectorAll('.message[tabindex="0"]')) if (row !== stop) row.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
  }

  #keyed(event) {
    const row = event.target.closest?.(".message");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    if (step) {
      let to = row[step];
      while (to && !to.classList.contains("message")) to = to[step];
      to?.focus();
    } else if (event.key === "End") this.toEnd().then(() => this.focusLast());
    else if (event.key === "Home") this.scroller.querySelector(".message")?.focus();
    else if (!this.acts.key(event, row)) return;
    event.preventDefault();
  }
}
