// One talk (with a friend, a bot, or in a room): a window of its messages, kept in order, and the marks on them.
// The window is whole: between its first and its last message none is missing. It knows no server and no document.

const HELD_MAX = 2000;
const MARKS_MAX = 6000; // one answer of the server has some 5,000

/** Insert or find in a list sorted by `id`: where the first one not below `id` stands. */
function positionOf(messages, id) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Talk {
  #marks = new Map(); // id → changes told before its message: the marks of a page stand before its rows

  constructor(name) {
    this.name = name;
    this.messages = [];
    this.loaded = false; // a first page has been read
    this.atStart = false; // nothing is older than the window
    this.atEnd = false; // nothing is newer than it
    this.lastId = 0;
    this.lastTime = "";
    this.unread = 0;
    this.firstUnread = 0;
    this.divider = 0; // the message above which "New" stands while the talk is open
    this.marked = 0; // what this user has told to be read
    this.readBy = new Map(); // reader's name → up to which id
    this.typing = new Map(); // who types → until when
    this.place = null; // {id, offset} of the top row where one left it
    this.leftAt = 0; // the last message there was then
    this.mentioned = false;
    this.isOpenToAll = false; // one writes to them without being friends
  }

  get isRoom() {
    return this.name.startsWith("#");
  }

  /** Whether what is said now stands right behind the window: it reaches to the end, or is yet to be read. */
  get endsHere() {
    return this.atEnd || !this.loaded;
  }

  /** Whether it would show in a list of talks. */
  get isBegun() {
    return this.lastId > 0;
  }

  find(id) {
    const at = positionOf(this.messages, id);
    return this.messages[at]?.id === id ? this.messages[at] : null;
  }

  /** The last message of this user that still stands, or null. */
  lastOf(name) {
    return this.messages.findLast((message) => message.sender === name && !message.deleted) ?? null;
  }

  /** The last one of somebody else, or null. */
  lastOfOthers(name) {
    return this.messages.findLast((message) => message.sender !== name && !message.deleted) ?? null;
  }

  /** A message that was just said, or caught up with. It joins the window only if that reaches to the end. */
  add(message) {
    if (message.id > this.lastId) {
      this.lastId = message.id;
      this.lastTime = message.time;
    }
    if (!this.loaded) return false;
    const at = positionOf(this.messages, message.id);
    if (this.messages[at]?.id === message.id) return false;
    if (at === this.messages.length ? !this.atEnd : at === 0 && !this.atStart) return false;
    this.messages.splice(at, 0, this.#fresh(message));
    return true;
  }

  /** Put a page of history in place of the window. */
  replace(rows, { atStart, atEnd }) {
    this.messages = this.#page(rows);
    this.loaded = true;
    this.atStart = atStart;
    this.atEnd = atEnd;
    this.#noteLast();
  }

  /** A page that goes before the window; the window lets go of its newest messages if it grows too long. */
  prepend(rows, atStart) {
    const first = this.messages[0]?.id ?? Infinity;
    this.messages.unshift(...this.#page(rows.filter((row) => row.id < first)));
    this.atStart = atStart;
    if (this.messages.length > HELD_MAX) {
      this.messages.length = HELD_MAX;
      this.atEnd = false;
    }
  }

  /** A page that goes behind the window. */
  append(rows, atEnd) {
    const last = this.messages.at(-1)?.id ?? 0;
    this.messages.push(...this.#page(rows.filter((row) => row.id > last)));
    this.atEnd = atEnd;
    this.trimOldest();
    this.#noteLast();
  }

  /** Let go of the oldest messages beyond the limit: for a talk that is read at its end. */
  trimOldest() {
    if (this.messages.length <= HELD_MAX) return;
    this.messages.splice(0, this.messages.length - HELD_MAX);
    this.atStart = false;
  }

  /** The window can no longer be trusted to be whole: it is read again when it is looked at. */
  forgetWindow() {
    this.loaded = false;
    this.messages = [];
    this.atStart = this.atEnd = false;
  }

  /** Not even the marks hold any more. */
  forgetAll() {
    this.forgetWindow();
    Object.assign(this, { lastId: 0, lastTime: "", unread: 0, firstUnread: 0, divider: 0, marked: 0, place: null, leftAt: 0 });
    this.readBy.clear();
  }

  // Marks: to be told twice changes nothing

  edit(id, text, time) {
    this.#change(id, (message) => Object.assign(message, { text, edited: time }));
  }

  remove(id) {
    this.#change(id, (message) => Object.assign(message, { text: "", deleted: true, reactions: new Map() }));
  }

  react(id, who, emoji, change) {
    this.#change(id, ({ reactions }) => {
      const names = reactions.get(emoji) ?? new Set();
      if (change === "+") names.add(who);
      else names.delete(who);
      if (names.size) reactions.set(emoji, names);
      else reactions.delete(emoji);
    });
  }

  #change(id, how) {
    if (this.#marks.size >= MARKS_MAX) this.#marks.clear();
    this.#marks.set(id, [...(this.#marks.get(id) ?? []), how]);
    const message = this.find(id);
    if (!message) return;
    how(message);
    message.version += 1;
  }

  /** Rows of a page with the marks that came ahead of them, which are then used up. */
  #page(rows) {
    const messages = rows.map((row) => this.#fresh(row));
    this.#marks.clear();
    return messages;
  }

  #fresh({ id, time, sender, to, text }) {
    // A deleted message has an empty text, and no other message can have one.
    const message = { id, time, sender, to, text, edited: "", deleted: text === "", reactions: new Map(), version: 0 };
    for (const how of this.#marks.get(id) ?? []) how(message);
    return message;
  }

  #noteLast() {
    const last = this.messages.at(-1);
    if (last && last.id > this.lastId) {
      this.lastId = last.id;
      this.lastTime = last.time;
    }
  }
}
