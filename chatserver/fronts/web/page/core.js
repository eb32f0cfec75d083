// The client without I/O: lines in, events out; commands in, lines out (the twin of chatclient/core.py).
// It logs in again after a loss, catches up with SYNC, drops what it has seen by id, and sends unanswered messages again
// under their tag: nothing is lost and nothing doubled. It knows no socket, no clock and no document.
// tests/page/conversations.json holds it to the Python core.

import { CatchUp } from "./catchup.js";
import { Commands } from "./commands.js";
import { BadCommand, NAMELESS, messageFromRow, parseFrame, shown } from "./frames.js";

const OFFLINE = "offline";
const GREETING = "connecting"; // open, waiting for HELLO: nothing is said to a stranger, least of all a password
const ANONYMOUS = "connected";
const LOGGING_IN = "logging in";
const CATCHING_UP = "catching up";
export const READY = "online";

const RETRY_LOGIN = new Set(["THROTTLED", "UNAVAILABLE", "INTERNAL"]); // they say nothing about the password
const LAST_WORDS = new Set(["QUIT", "DELETED", "REMOVED", "SUSPENDED", "BANNED"]);
const TOLD = new Set(["Message", "Edited", "Deleted", "Reaction"]); // a message, or a change of one
const WATCHED = new Set(["SENDMESSAGE", "LOGOUT", "SETPASSWORD"]);

/** The name under which two names are the same, near enough for what the server itself has spelled. */
export function nameKey(name) {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
}

const identityOf = (store) => store.split(".")[0];

export class Core {
  static #answers = {
    LOGIN: (core, answer) => core.#onLogin(answer),
    RESUME: (core, answer) => core.#onLogin(answer),
    SYNC: (core, answer) => core.#onSync(answer),
    LOGOUT: (core, answer) => core.#onLogout(answer),
    SENDMESSAGE: (core, answer, command) => core.#onSent(command, answer),
    SETPASSWORD: (core, answer, command) => core.#onPassword(command, answer),
  };

  #commands;
  #catchUp = new CatchUp();
  #userKey = "";
  #met = null; // the store of the last HELLO
  #eager;
  #limits;

  /**
   * `prefix` must be new for every run: a tag used again within 24 hours sends nothing. `eager(verb)` names questions
   * that are asked during the catch-up already, `limits` (CatchUp) say how much is caught up with.
   */
  constructor(prefix, { eager = () => false, ...limits } = {}) {
    this.phase = OFFLINE;
    this.credentials = null;
    this.#commands = new Commands(prefix);
    this.#eager = eager;
    this.#limits = limits;
  }

  get name() {
    return this.credentials?.name ?? null;
  }

  /** The id up to which everything has been seen; null if that is not known yet. */
  get lastId() {
    return this.#catchUp.lastId;
  }

  /** Whether the server owes a word: a greeting, or an answer to what was sent. */
  get awaitsAnswer() {
    return this.phase === GREETING || this.#commands.unanswered > 0;
  }

  // Commands in

  login(name, password) {
    this.#logInAs({ name, password, token: null, after: null, proven: false });
  }

  /** Log in by the token of an earlier login to that `store`; catch up from message id `after`, if that is known. */
  resume(name, token, after = null, store = null) {
    this.#met ??= store;
    this.#logInAs({ name, password: null, token, after, proven: false });
  }

  /** Say nothing more as this user, and do not come back by itself. */
  forget() {
    this.credentials = null;
    this.#commands.take(({ verb }) => !NAMELESS.has(verb));
  }

  /**
   * Send a command, now or when the connection allows; return its tag, which its answer carries. The acting user's name
   * is put in front of the fields. `sentBefore`: an earlier run may have sent this message under this tag.
   */
  command(verb, fields = [], { tag = null, sentBefore = false } = {}) {
    verb = verb.toUpperCase();
    if (this.credentials === null && !NAMELESS.has(verb)) {
      throw new BadCommand("You are not logged in: log in first");
    }
    if (verb === "RAW") tag ??= fields[0].split("|", 1)[0].split("#")[1] || null;
    const used = this.#commands.add(this.name, verb, fields, tag, sentBefore);
    this.#flush();
    return used;
  }

  /** Ask whether the server is still there; its answer is no event. */
  keepAlive() {
    if (this.phase === READY) this.#sendInternal("PING", []);
  }

  /** The lines to send now; they count as sent. */
  takeOutput() {
    return this.#commands.takeOutput();
  }

  // The connection

  opened() {
    this.phase = GREETING;
  }

  /** The connection is gone, for whatever reason: say which commands will never be answered. */
  lost() {
    if (this.phase === OFFLINE) return [];
    this.phase = OFFLINE;
    this.#catchUp.interrupted();
    return this.#commands.lost().map(unanswered);
  }

  /** Take whole lines of the server; return what they mean. Never fails, whatever they are. */
  receive(lines) {
    return lines.flatMap((line) => (line ? this.#take(parseFrame(line), line) : []));
  }

  #take(frame, line) {
    if (this.phase === GREETING && !["Hello", "Bye", "Stranger"].includes(frame.type)) {
      return [{ type: "Stranger", text: `This is no chat server: its first line is ${shown(line)}` }];
    }
    if (frame.type === "Item") {
      this.#commands.row(frame);
      return [];
    }
    if (frame.type === "Ok" || frame.type === "Refused") return this.#takeAnswer(frame);
    if (TOLD.has(frame.type)) return this.#catchUp.heard(frame);
    if (frame.type === "Hello") {
      const isRestored = this.#meet(frame.store);
      this.phase = ANONYMOUS;
      this.#startLogin();
      this.#flush();
      return isRestored ? [frame, { type: "Restored" }] : [frame];
    }
    if (frame.type === "Bye" && LAST_WORDS.has(frame.reason)) this.credentials = null;
    return [frame];
  }

  /** Whether the store was restored. Ids go on rising then, but another store counts its own: forget which were seen. */
  #meet(store) {
    const met = this.#met;
    this.#met = store;
    if (met === null || identityOf(met) === identityOf(store)) return met !== null && met !== store;
    this.#catchUp = new CatchUp(null, this.#limits);
    if (this.credentials) this.credentials.after = null;
    return false;
  }

  // Logging in

  #logInAs(credentials) {
    this.credentials = credentials;
    if (this.phase === ANONYMOUS) this.#startLogin();
  }

  #startLogin() {
    if (this.credentials === null) return;
    const { name, token, password } = this.credentials;
    this.phase = LOGGING_IN;
    if (token !== null) this.#sendInternal("RESUME", [name, token]);
    else this.#sendInternal("LOGIN", [name, password]);
  }

  #onLogin(answer) {
    const credentials = this.credentials;
    if (credentials === null) return [];
    if (answer.type === "Refused") return this.#onLoginRefused(credentials, answer);
    if (answer.fields.length !== 2) return [garbage("The server's answer to the login has no token")];
    const again = credentials.proven;
    [credentials.name, credentials.token] = answer.fields;
    credentials.proven = true;
    if (!again) this.#catchUp = new CatchUp(credentials.after, this.#limits);
    const dropped = this.#become(nameKey(credentials.name));
    this.phase = CATCHING_UP;
    this.#flush();
    this.#sendInternal("SYNC", this.#catchUp.begin());
    return [...dropped, { type: "LoggedIn", name: credentials.name, token: credentials.token, again }];
  }

  #onLoginRefused(credentials, { code, text }) {
    this.phase = ANONYMOUS;
    if (RETRY_LOGIN.has(code) && credentials.proven) return [{ type: "LoginDelayed", code, text }];
    if (credentials.token !== null && credentials.password !== null) {
      credentials.token = null;
      this.#startLogin();
      return [];
    }
    this.credentials = null;
    return [{ type: "LoginFailed", code, text }];
  }

  /** Forget what another user than the one now logged in left unsent. */
  #become(userKey) {
    const former = this.#userKey;
    this.#userKey = userKey;
    if (former === "" || former === userKey) return [];
    return this.#commands.take(({ verb }) => !NAMELESS.has(verb)).map(unanswered);
  }

  #onLogout(answer) {
    if (answer.type === "Refused") return [answer];
    const name = this.name ?? "";
    this.credentials = null;
    this.phase = ANONYMOUS;
    this.#catchUp.interrupted();
    return [answer, { type: "LoggedOut", name }];
  }

  // Catching up

  #onSync(answer) {
    if (answer.type === "Refused") {
      return [answer, ...this.#catchUp.end(), ...this.#caughtUp()];
    }
    const found = answer.rows.map((row) => messageFromRow(row, "sync")).filter(Boolean);
    const [fresh, question] = this.#catchUp.take(found, answer.fields[1] === "1");
    if (question) {
      this.#sendInternal("SYNC", question);
      return fresh;
    }
    const skipped = this.#catchUp.skipped ? [{ type: "Skipped" }] : [];
    return [...fresh, ...skipped, ...this.#caughtUp()];
  }

  #caughtUp() {
    this.phase = READY;
    this.#flush();
    return [{ type: "CaughtUp" }];
  }

  // Answers

  #takeAnswer(answer) {
    const command = this.#commands.answered(answer);
    if (!command) return [garbage(`The server answered what was not asked: ${shown(answer.verb)}`)];
    answer = { ...answer, tag: command.tag };
    if (answer.type === "Ok") answer.rows = command.rows;
    if (!command.internal && !WATCHED.has(command.verb)) return [answer];
    return Core.#answers[command.verb]?.(this, answer, command) ?? [];
  }

  #onPassword({ fields }, answer) {
    if (answer.type === "Ok" && this.credentials?.password != null) this.credentials.password = fields[1];
    return [answer];
  }

  #onSent({ tag, fields }, answer) {
    if (answer.type === "Refused") return [answer];
    if (answer.fields.length !== 2 || !/^[0-9]+$/.test(answer.fields[0])) {
      return [garbage("The server's answer to a message has no id")];
    }
    const id = Number(answer.fields[0]);
    this.#catchUp.noteOwn(id);
    return [{ type: "Sent", tag, id, time: answer.fields[1], to: fields[0], text: fields[1] }];
  }

  // Lines out

  #sendInternal(verb, fields) {
    this.#commands.sendInternal(this.name, verb, fields);
  }

  /** Send what waits, in its order, as far as the phase allows. */
  #flush() {
    const allowed = {
      [ANONYMOUS]: (command) => NAMELESS.has(command.verb),
      // Ahead of SYNC, so that the id of a message whose OK was lost is known before SYNC shows it.
      [CATCHING_UP]: ({ verb, sentBefore }) => (verb === "SENDMESSAGE" && sentBefore) || this.#eager(verb),
      [READY]: () => true,
    }[this.phase];
    if (allowed) this.#commands.flush(this.name, allowed);
  }
}

function unanswered({ verb, tag }) {
  return { type: "Unanswered", verb, tag };
}

function garbage(why) {
  return { type: "Garbage", why };
}
