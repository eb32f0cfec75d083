// After a login: which `SYNC` to ask next, and which messages are new (the twin of chatclient/catchup.py and seen.py).
// Ids rise over the whole server and reach one connection in their order: while a connection is whole, one number says
// what has been seen; after a loss, what comes above it is kept back until a `SYNC` has closed the gap, so that messages are
// handed out in their order. If the connection is lost before, the next `SYNC` brings it again.

const SYNC_ROWS = 500;
const EARLY_MAX = 5000;

class SeenIds {
  #above = new Set();

  constructor(floor) {
    this.floor = floor; // the id up to which everything is known; null before that is known
    this.whole = false;
  }

  /** Take note of an id; tell whether it was not known before. */
  isNew(id) {
    if (this.#above.has(id) || (this.floor !== null && id <= this.floor)) return false;
    if (this.whole) this.floor = id;
    else this.#above.add(id);
    return true;
  }

  raiseFloor(id) {
    this.floor = Math.max(id, this.floor ?? 0);
    for (const seen of this.#above) if (seen <= this.floor) this.#above.delete(seen);
  }

  gapClosed() {
    this.raiseFloor(Math.max(this.floor ?? 0, ...this.#above));
    this.whole = true;
  }
}

/** Finds the id of a user's last message in about 2·log2(id) questions `SYNC|user|after|1`. */
class LastIdSearch {
  #low;
  #high = null;

  constructor(low = 0) {
    this.#low = low;
    this.after = low;
    this.found = null;
  }

  answer(firstId, more) {
    if (firstId === null || firstId <= this.after) this.#nothingAfter();
    else if (this.#high !== null && firstId > this.#high) this.found = this.#high; // said since: it came as an event
    else if (more) this.#low = firstId;
    else this.found = firstId;
    this.after = this.#high === null ? 2 * this.#low : Math.floor((this.#low + this.#high) / 2);
  }

  #nothingAfter() {
    this.#high = this.after;
    if (this.after === this.#low) this.found = this.#low;
  }
}

export class CatchUp {
  #seen;
  #search = null;
  #lastMissed = null;
  #early = null; // id → what has come as events of that message, while a gap is being closed
  #leftOut = false; // more has come than is kept back: another question finds it
  #pages = 0;

  /** `pagesMax`: after so many pages the rest is passed over, and `skipped` says so; `earlyMax`: messages kept back. */
  constructor(floor = null, { pagesMax = Infinity, earlyMax = EARLY_MAX } = {}) {
    this.#seen = new SeenIds(floor);
    Object.assign(this, { pagesMax, earlyMax, skipped: false });
  }

  get lastId() {
    return this.#seen.floor;
  }

  /** Take a message or a change of one; return it, unless it is a message that had come before, or is kept back. */
  heard(event) {
    const isMessage = event.type === "Message";
    if (this.#early && (isMessage || this.#early.has(event.id))) {
      this.#keepBack(event);
      return [];
    }
    if (isMessage && event.origin === "missed") this.#lastMissed = Math.max(event.id, this.#lastMissed ?? 0);
    return this.#isNews(event) ? [event] : [];
  }

  noteOwn(id) {
    this.#seen.isNew(id);
  }

  interrupted() {
    this.#search = this.#early = null;
    this.#seen.whole = false;
  }

  /** The fields of the first question after a login. */
  begin() {
    this.#lastMissed = null;
    this.#pages = 0;
    this.skipped = false;
    if (this.#seen.floor !== null) {
      this.#early = new Map();
      return this.#question();
    }
    this.#search = new LastIdSearch();
    return ["0", "1"];
  }

  /** Take an answer; return what is new up to its end, and the next question, null where there is none. */
  take(found, more) {
    if (this.#search !== null) return [[], this.#takeSearch(found, more)];
    const fresh = this.#inOrder(found, found.at(-1)?.id ?? 0);
    const before = this.#seen.floor;
    if (found.length) this.#seen.raiseFloor(found.at(-1).id);
    if (!this.#leftOut && (!more || this.#seen.floor === before)) return [[...fresh, ...this.end()], null];
    this.#pages += 1;
    if (this.#pages < this.pagesMax) return [fresh, this.#question()];
    return [[...fresh, ...this.#inOrder([])], this.#skip()];
  }

  /** There is nothing more to ask: return what was kept back. */
  end() {
    const fresh = this.#inOrder([]);
    this.#search = this.#early = null;
    this.#seen.gapClosed();
    return fresh;
  }

  #question() {
    this.#leftOut = false;
    return [String(this.#seen.floor), String(SYNC_ROWS)];
  }

  #keepBack(event) {
    const told = this.#early.get(event.id);
    if (told) told.push(event);
    else if (this.#early.size < this.earlyMax) this.#early.set(event.id, [event]);
    else this.#leftOut = true;
  }

  /** What is new of a page, and of what was kept back and belongs before its end: what came as an event first. */
  #inOrder(found, upTo = Infinity) {
    const events = [];
    for (const [id, told] of this.#early ?? []) {
      if (id > upTo) continue;
      events.push(...told);
      this.#early.delete(id);
    }
    return [...events, ...found].sort((one, other) => one.id - other.id).filter((event) => this.#isNews(event));
  }

  #isNews({ type, id }) {
    return type !== "Message" || this.#seen.isNew(id);
  }

  /** Too much was missed: look for the end of it. */
  #skip() {
    this.#pages = 0;
    this.#early = null;
    this.skipped = true;
    this.#search = new LastIdSearch(this.#seen.floor);
    return [String(this.#search.after), "1"];
  }

  #takeSearch(found, more) {
    let floor = this.skipped ? null : this.#lastMissed;
    if (floor === null) {
      this.#search.answer(found.length ? found[0].id : null, more);
      if (this.#search.found === null) return [String(this.#search.after), "1"];
      floor = this.#search.found;
    }
    this.#search = null;
    this.#seen.raiseFloor(floor);
    return this.#question();
  }
}
