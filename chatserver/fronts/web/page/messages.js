// What is done with messages: saying, correcting, taking back, reacting, reading, searching.

import { messageFromRow } from "./frames.js";
import { LINE_BREAK } from "./text.js";

const PAGE_ROWS = 100;
const LINE_ENDS = /\r\n|[\n\r\u2028\u2029]/g;

/** A text as the wire has it: in one line. */
const inOneLine = (text) => text.replace(LINE_ENDS, LINE_BREAK);

export class Messages {
  constructor(session) {
    this.session = session;
    this.store = session.store;
  }

  async history(talk, { before = "", after = "", limit = PAGE_ROWS } = {}) {
    const fields = after === "" ? [String(limit), String(before)] : [String(limit), "", String(after)];
    const { rows } = await this.session.ask("HISTORY", talk.name, ...fields);
    return rows.map((row) => messageFromRow(row, "history")).filter(Boolean);
  }

  async search(words) {
    const { rows } = await this.session.ask("SEARCH", words);
    return rows.map((row) => messageFromRow(row, "search")).filter(Boolean);
  }

  /** Say something, in one line or several. */
  send(to, text) {
    this.session.outbox.say(to, inOneLine(text));
  }

  async edit(talk, message, text) {
    const wire = inOneLine(text);
    const { fields } = await this.session.ask("EDITMESSAGE", String(message.id), wire);
    talk.edit(message.id, wire, fields[1]);
    this.store.changed();
  }

  async remove(talk, message) {
    await this.session.ask("DELETEMESSAGE", String(message.id));
    talk.remove(message.id);
    this.store.changed();
  }

  async react(talk, message, emoji) {
    const { fields } = await this.session.ask("REACT", String(message.id), emoji);
    this.store.reacted(talk, message.id, fields[1], fields[2]);
  }

  async markRead(talk) {
    const id = talk.lastId;
    if (talk.marked >= id || !this.session.isReady) return;
    this.store.readUpTo(talk, id);
    await this.session.ask("MARKREAD", talk.name, String(id)).catch(() => (talk.marked = 0));
  }

  typing(talk) {
    if (this.session.isReady && this.store.choices.all.typing) this.session.ask("TYPING", talk.name).catch(() => {});
  }
}
