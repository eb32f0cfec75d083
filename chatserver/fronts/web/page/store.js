// What this page knows of the account: friends, requests, rooms, bots, blocks and talks, and how each event of the server
// changes it. Whoever shows something of it subscribes, and is called once for all that came together.
// It knows no socket and no document.

import { Choices } from "./choices.js";
import { nameKey } from "./core.js";
import { Talk } from "./talk.js";

const TYPING_MS = 6000;

export class Store {
  #subscribers = [];
  #dirty = false;

  constructor() {
    this.choices = new Choices(() => this.changed());
    this.clear();
  }

  clear() {
    this.me = "";
    this.status = { status: "online", text: "" };
    this.friends = new Map(); // name → {status, text}
    this.requestsIn = new Set();
    this.requestsOut = new Set();
    this.blocks = new Set();
    this.rooms = new Map(); // #name → {kind, members, joined, topic}
    this.invitations = new Map(); // #room → by whom
    this.bots = new Map(); // name → what it does
    this.talks = new Map(); // key of the name → Talk
    this.outbox = []; // {tag, to, text, at, why}
    this.open = null; // the Talk on the screen
    this.listed = false; // the lists have come: before, nobody knows what is unread
    this.connected = false;
    this.retryAt = 0;
    this.changed();
  }

  /** Somebody has logged in. */
  become(name) {
    this.me = name;
    this.choices.load(this.user);
  }

  subscribe(call) {
    this.#subscribers.push(call);
  }

  /** Something changed: tell, once the present piece of work is done. */
  changed() {
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => {
      this.#dirty = false;
      for (const call of this.#subscribers) call();
    });
  }

  // Asking

  /** The user under the name by which things are kept for them. */
  get user() {
    return nameKey(this.me);
  }

  isMe(name) {
    return nameKey(name) === this.user;
  }

  /** The talk of that name, made if it is new. */
  talk(name) {
    const key = nameKey(name);
    if (!this.talks.has(key)) this.talks.set(key, new Talk(this.spelled(name)));
    return this.talks.get(key);
  }

  /** The talk that a message from one to another belongs to. */
  talkOf({ sender, to }) {
    return this.talk(to.startsWith("#") || this.isMe(sender) ? to : sender);
  }

  /** A name as the server spells it, if it is known here. */
  spelled(name) {
    const key = nameKey(name);
    for (const known of [this.friends, this.rooms, this.bots]) {
      for (const spelling of known.keys()) if (nameKey(spelling) === key) return spelling;
    }
    return name;
  }

  kindOf(name) {
    if (name.startsWith("#")) return "room";
    if (this.bots.has(name)) return "bot";
    return this.friends.has(name) ? "friend" : "other";
  }

  /** Why nothing can be written there; empty if it can. */
  closedBecause(name) {
    if (this.blocks.has(name)) return `You block ${name}. Unblock first, then be friends again.`;
    const kind = this.kindOf(name);
    if (kind === "room" && this.rooms.get(name)?.joined !== true) return `You are not in ${name}.`;
    if (kind === "other" && !this.talk(name).isOpenToAll) return `You and ${name} are not friends: what was said can be read, and no more.`;
    return "";
  }

  get unreadTotal() {
    let total = 0;
    for (const { name, unread } of this.talks.values()) if (!this.choices.isMuted(name)) total += unread;
    return total;
  }

  // Lists that were asked for

  /** The status of this user, as the server keeps it. */
  takeStatus([status, text = ""]) {
    this.status = { status, text };
    this.changed();
  }

  takeFriends(rows) {
    this.friends = new Map(rows.map(([name, status, text]) => [name, { status, text: text ?? "" }]));
    this.changed();
  }

  takeRequests(rows) {
    this.requestsIn = new Set(rows.filter(([way]) => way === "in").map(([, name]) => name));
    this.requestsOut = new Set(rows.filter(([way]) => way === "out").map(([, name]) => name));
    this.changed();
  }

  takeBlocks(rows) {
    this.blocks = new Set(rows.map(([name]) => name));
    this.changed();
  }

  takeBots(rows) {
    this.bots = new Map(rows.map(([name, does]) => [name, does ?? ""]));
    this.changed();
  }

  takeRooms(rows) {
    this.rooms = new Map();
    for (const [name, kind, members, joined, topic] of rows) {
      this.rooms.set(name, { kind, members: Number(members), joined: joined === "joined", topic: topic ?? "" });
      if (joined === "joined") this.invitations.delete(name);
    }
    this.changed();
  }

  /** Rows of SHOWCONVERSATIONS: with, last id, time, unread, first unread id, read by the other up to. */
  takeConversations(rows) {
    for (const talk of this.talks.values()) talk.unread = 0;
    for (const [name, lastId, time, unread, firstUnread, readByOther] of rows) {
      const talk = this.talk(name);
      talk.name = name;
      if (Number(lastId) >= talk.lastId) Object.assign(talk, { lastId: Number(lastId), lastTime: time });
      talk.unread = Number(unread) || 0;
      talk.firstUnread = Number(firstUnread) || 0;
      if (!talk.isRoom && Number(readByOther)) this.#noteRead(talk, name, Number(readByOther));
    }
    this.changed();
  }

  /** What was known of the talks is no longer so: the store has gone back to an earlier day. */
  forgetTalks() {
    for (const talk of this.talks.values()) talk.forgetAll();
  }

  // What happens

  /** Apply an event of the core. Returns the talk that a new message of somebody else has come to, or null. */
  take(event) {
    const told = HAPPENINGS[event.type]?.(this, event) ?? null;
    this.changed();
    return told;
  }

  /** A message, whoever wrote it; counts it as unread where that is so. */
  message(event) {
    const talk = this.talkOf(event);
    talk.typing.delete(event.sender);
    const known = event.id <= talk.lastId;
    talk.add(event);
    if (this.isMe(event.sender)) return null;
    if (known || event.id <= talk.marked || !event.text) return null;
    if (talk.unread === 0) talk.firstUnread = event.id;
    talk.unread += 1;
    return talk;
  }

  /** One of ours has been stored. */
  sent({ tag, id, time, to, text }) {
    this.outbox = this.outbox.filter((item) => item.tag !== tag);
    this.talk(to).add({ id, time, sender: this.me, to, text });
    this.changed();
  }

  /** This user has read a talk, here or on another device. */
  readUpTo(talk, id) {
    talk.marked = Math.max(talk.marked, id);
    if (id >= talk.lastId) talk.unread = talk.firstUnread = 0;
    else if (talk.unread && id >= talk.firstUnread) {
      const left = talk.messages.filter((message) => message.id > id && !this.isMe(message.sender) && !message.deleted);
      talk.unread = talk.atEnd ? left.length : Math.max(0, talk.unread - 1);
      talk.firstUnread = left[0]?.id ?? 0;
    }
    this.changed();
  }

  /** After an answer that says how a reaction stands now. */
  reacted(talk, id, emoji, change) {
    talk.react(id, this.me, emoji, change);
    this.changed();
  }

  #noteRead(talk, reader, id) {
    talk.readBy.set(reader, Math.max(id, talk.readBy.get(reader) ?? 0));
  }

  noteReader({ reader, place, id }) {
    if (this.isMe(reader)) this.readUpTo(this.talk(place), id);
    else this.#noteRead(this.talk(place.startsWith("#") ? place : reader), reader, id);
  }

  noteTyping({ sender, to }, now = Date.now()) {
    if (this.isMe(sender)) return;
    this.talk(to.startsWith("#") ? to : sender).typing.set(sender, now + TYPING_MS);
    setTimeout(() => this.changed(), TYPING_MS + 50);
  }
}

const HAPPENINGS = {
  Message: (store, event) => store.message(event),
  Edited: (store, event) => store.talkOf(event).edit(event.id, event.text, event.time),
  Deleted: (store, event) => store.talkOf(event).remove(event.id),
  Reaction(store, event) {
    // The event names who reacts and the other party: both sides of a talk may react to either's message.
    store.talkOf(event).react(event.id, event.sender, event.emoji, event.change);
  },
  Read: (store, event) => store.noteReader(event),
  Typing: (store, event) => store.noteTyping(event),
  FriendRequest(store, { name }) {
    store.requestsIn.add(name);
  },
  FriendAdded(store, { name, status, text }) {
    store.friends.set(name, { status, text });
    store.requestsIn.delete(name);
    store.requestsOut.delete(name);
  },
  FriendRemoved(store, { name }) {
    store.friends.delete(name);
  },
  StatusChanged(store, { name, status, text }) {
    if (store.friends.has(name)) store.friends.set(name, { status, text });
  },
  Invited(store, { room, by }) {
    store.invitations.set(room, by);
  },
  Joined(store, { room, name }) {
    const known = store.rooms.get(room) ?? { kind: "public", members: 0, joined: false, topic: "" };
    if (store.isMe(name)) {
      known.joined = true;
      store.invitations.delete(room);
      store.talk(room).forgetWindow(); // nobody has told what was said meanwhile
    }
    store.rooms.set(room, { ...known, members: known.members + 1 });
  },
  Left(store, { room, name }) {
    const known = store.rooms.get(room);
    if (!known) return;
    known.members -= 1;
    if (store.isMe(name)) known.joined = false;
    if (store.isMe(name) && known.kind === "private") store.rooms.delete(room);
  },
  Topic(store, { room, text }) {
    const known = store.rooms.get(room);
    if (known) known.topic = text;
  },
};
