// After a login: which `SYNC` to ask next, and which messages are new (the twin of chatclient/catchup.py and seen.py).
// Ids rise over the whole server and reach one connection in their order: while a connection is whole, one number says
// what has been seen; after a loss, what comes above it is remembered by itself until a `SYNC` has closed the gap.

const SYNC_ROWS = 500;

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
  #pages = 0;

  /** `pagesMax`: after so many pages the rest is passed over, and `skipped` says so. */
  constructor(floor = null, pagesMax = Infinity) {
    this.#seen = new SeenIds(floor);
    this.pagesMax = pagesMax;
    this.skipped = false;
  }

  get lastId() {
    return this.#seen.floor;
  }

  /** Take note of a message that came as an event; tell whether it had not come before. */
  isNew(message) {
    if (message.origin === "missed") this.#lastMissed = Math.max(message.id, this.#lastMissed ?? 0);
    return this.#seen.isNew(message.id);
  }

  noteOwn(id) {
    this.#seen.isNew(id);
  }

  interrupted() {
    this.#search = null;
    this.#seen.whole = false;
  }

  /** The fields of the first question after a login. */
  begin() {
    this.#lastMissed = null;
    this.#pages = 0;
    this.skipped = false;
    if (this.#seen.floor !== null) return [String(this.#seen.floor), String(SYNC_ROWS)];
    this.#search = new LastIdSearch();
    return ["0", "1"];
  }

  /** Take an answer; return the messages of it that are new, and the next question, null at the end. */
  take(found, more) {
    if (this.#search !== null) return [[], this.#takeSearch(found, more)];
    const fresh = found.filter((message) => this.#seen.isNew(message.id));
    const before = this.#seen.floor;
    if (found.length) this.#seen.raiseFloor(found.at(-1).id);
    if (more && this.#seen.floor !== before) return [fresh, this.#goOn()];
    this.end();
    return [fresh, null];
  }

  end() {
    this.#search = null;
    this.#seen.gapClosed();
  }

  /** The next page; or, where too much was missed, a search for the end of it. */
  #goOn() {
    this.#pages += 1;
    if (this.#pages < this.pagesMax) return [String(this.#seen.floor), String(SYNC_ROWS)];
    this.#pages = 0;
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
    return [String(floor), String(SYNC_ROWS)];
  }
}
