// What a client says: each command's life until it is answered, and the order of those that wait. It knows no socket.

import { NAMELESS, commandLine } from "./frames.js";

const LIST_ROWS_MAX = 50_000; // more than any list of a chat has: a server gone wrong must not fill the memory
const REPEATABLE = new Set(["SENDMESSAGE", "PING", "HELP", "HISTORY", "SEARCH"]);

function isRepeatable({ verb }) {
  return REPEATABLE.has(verb) || verb.startsWith("SHOW");
}

export class Commands {
  #prefix;
  #used = 0;
  #waiting = [];
  #sent = [];
  #output = [];

  /** `prefix` begins every tag. */
  constructor(prefix) {
    this.#prefix = prefix;
  }

  /** How many have no answer yet. */
  get unanswered() {
    return this.#sent.length;
  }

  /** A command that is to be sent when it may; `name` is who acts. Throws BadCommand if it makes no frame. */
  add(name, verb, fields, tag, sentBefore) {
    const command = this.#make(verb, fields, tag, { sentBefore });
    lineOf(name, command); // a defect in it is the caller's to hear, at once
    this.#waiting.push(command);
    return command.tag;
  }

  /** Send one of the client's own: its answer is no event. */
  sendInternal(name, verb, fields) {
    this.#send(name, this.#make(verb, fields, null, { internal: true }));
  }

  /** Send those that wait and may go, in their order. */
  flush(name, allowed) {
    if (this.#waiting.length) for (const command of this.take(allowed)) this.#send(name, command);
  }

  /** Take out those that wait and are wanted. */
  take(wanted) {
    const taken = this.#waiting.filter(wanted);
    if (taken.length) this.#waiting = this.#waiting.filter((command) => !taken.includes(command));
    return taken;
  }

  takeOutput() {
    return this.#output.splice(0);
  }

  /** The connection is gone: what can be sent again waits for the next one; return those that will never be answered. */
  lost() {
    const mine = this.#sent.filter(({ internal }) => !internal);
    const again = mine.filter(isRepeatable);
    for (const command of again) Object.assign(command, { sentBefore: true, rows: [] });
    this.#sent = [];
    this.#output = [];
    this.#waiting.unshift(...again);
    return mine.filter((command) => !isRepeatable(command));
  }

  /** A row of an answer that has begun. */
  row({ tag, row }) {
    const rows = this.#sent[0]?.tag === tag ? this.#sent[0].rows : [];
    if (rows.length < LIST_ROWS_MAX) rows.push(row);
  }

  /** The command that an answer is for, or null: they come in order; one without a known tag is for the oldest. */
  answered({ tag }) {
    return this.#sent.length && ["", this.#sent[0].tag].includes(tag) ? this.#sent.shift() : null;
  }

  #make(verb, fields, tag, more) {
    this.#used += tag === null;
    return { verb, fields, tag: tag ?? `${this.#prefix}.${this.#used}`, rows: [], ...more }; // numbered: that is cheap
  }

  #send(name, command) {
    this.#output.push(lineOf(name, command));
    this.#sent.push(command);
  }
}

function lineOf(name, { verb, tag, fields }) {
  return commandLine(verb, tag, NAMELESS.has(verb) ? fields : [name ?? "", ...fields]);
}
