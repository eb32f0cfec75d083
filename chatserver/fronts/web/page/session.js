// The core on a socket: commands become promises, events go to the store, and what outlives the page is kept.
// It knows no document but through the calls it was given.

import { Core, READY, nameKey } from "./core.js";
import { Refusal, commandLine } from "./frames.js";
import { forget, loadLogin, onSignedOutElsewhere, saveLogin } from "./keep.js";
import { Net } from "./net.js";
import { Outbox } from "./outbox.js";

const CATCH_UP_PAGES = 5; // 2,500 messages; beyond that windows are read again
const SILENT = new Set(["QUIT", "TOO_SLOW"]); // the page comes back by itself
const DISMISSALS = new Set(["REMOVED", "SUSPENDED", "BANNED"]);

export class Session {
  #core;
  #net;
  #asked = new Map(); // tag → {resolve, reject}
  #stay = true;
  #byToken = false; // the login that is tried is an earlier one's
  #server = ""; // which store the server has, and its epoch (PROTOCOL.md, "The store")
  #restored = false; // it has other messages than those that are shown

  /** `shows` has onLoggedIn(again), onCard(code, text), onSaid(talk, message) and onNotice(text). */
  constructor(store, shows) {
    this.store = store;
    this.shows = shows;
    const prefix = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(36)).join("");
    const eager = (verb) => verb.startsWith("SHOW") || verb === "HISTORY";
    this.#core = new Core(prefix, { eager, pagesMax: CATCH_UP_PAGES });
    this.#net = new Net({
      opened: () => this.#opened(),
      line: (line) => this.#heard(line),
      lost: (retryAt) => this.#lost(retryAt),
      ping: () => this.#ping(),
    });
    this.outbox = new Outbox(store, (to, text, how) => this.#say(to, text, how));
    onSignedOutElsewhere(() => this.store.me && this.#signedOut());
    addEventListener("pagehide", () => this.#keepPlace());
    addEventListener("beforeunload", (event) => this.outbox.isKept || event.preventDefault());
  }

  start() {
    const kept = loadLogin();
    if (kept) {
      this.#stay = kept.stay !== false;
      this.#byToken = true;
      this.#core.resume(kept.name, kept.token, kept.lastId ?? null, kept.server ?? null);
      this.outbox.restore(nameKey(kept.name));
    }
    this.#net.start();
    return Boolean(kept);
  }

  get isOpen() {
    return this.#net.isOpen;
  }

  get isReady() {
    return this.#core.phase === READY;
  }

  tryNow() {
    this.#net.now();
  }

  // Account

  /** Make an account, with an invitation code where the server wants one, and log in. */
  async signUp(name, password, stay, code = "") {
    const asked = code ? this.ask("REDEEM", name, password, code) : this.ask("SIGNUP", name, password);
    this.#net.start(); // it may have been at rest
    await asked;
    this.logIn(name, password, stay);
  }

  /** Change a password that an administrator has given, and log in. */
  async renew(name, old, fresh, stay) {
    if (fresh.includes("|")) throw new Refusal("BAD_PASSWORD", "A password cannot hold “|”");
    const asked = this.ask("RAW", `SETPASSWORD|${name}|${old}|${fresh}`);
    this.#net.start();
    await asked;
    this.logIn(name, fresh, stay);
  }

  logIn(name, password, stay) {
    commandLine("LOGIN", "", [name, password]); // what makes no frame is said at once
    this.#stay = stay;
    this.#byToken = false;
    this.#core.login(name, password);
    this.#flush();
    this.#net.start();
  }

  async logOut() {
    if (!this.isReady) return this.#signedOut();
    return this.ask("LOGOUT");
  }

  // Asking

  /** Send a command; the promise is kept with its `Ok`, or broken by a Refusal. */
  ask(verb, ...fields) {
    return new Promise((resolve, reject) => {
      const tag = this.#core.command(verb, fields);
      this.#asked.set(tag, { resolve, reject });
      this.#flush();
    });
  }

  /** Ask for all the lists; each is shown as it comes, whatever becomes of the others. */
  async readLists() {
    const { store } = this;
    const lists = [
      ["SHOWCONVERSATIONS", (rows) => store.takeConversations(rows)],
      ["SHOWFRIENDS", (rows) => store.takeFriends(rows)],
      ["SHOWROOMS", (rows) => store.takeRooms(rows)],
      ["SHOWBOTS", (rows) => store.takeBots(rows)],
      ["SHOWREQUESTS", (rows) => store.takeRequests(rows)],
      ["SHOWBLOCKS", (rows) => store.takeBlocks(rows)],
      ["SETSTATUS", (_, fields) => store.takeStatus(fields)],
    ];
    await Promise.allSettled(lists.map(([verb, take]) => this.ask(verb).then(({ rows, fields }) => take(rows, fields))));
    store.listed = Boolean(store.me);
    store.changed();
  }

  // The socket

  #opened() {
    this.#core.opened();
    this.#flush();
  }

  #heard(line) {
    for (const event of this.#core.receive([line])) this.#take(event);
    this.#flush();
  }

  #lost(retryAt) {
    for (const event of this.#core.lost()) this.#take(event);
    this.store.connected = false;
    this.store.retryAt = retryAt;
    this.store.changed();
  }

  #ping() {
    this.#core.keepAlive();
    this.#flush();
    return this.#core.awaitsAnswer;
  }

  #flush() {
    const lines = this.#core.takeOutput();
    if (!lines.length) return;
    this.#net.send(lines);
    this.#net.expectWord();
  }

  #say(to, text, how) {
    const tag = this.#core.command("SENDMESSAGE", [to, text], how);
    queueMicrotask(() => this.#flush()); // its row is in the outbox by then
    return tag;
  }

  // Events

  #take(event) {
    const handle = HEARD[event.type];
    if (handle) handle.call(this, event);
    else if (this.store.me) {
      const talk = this.store.take(event);
      if (event.type === "Message" && talk) this.shows.onSaid(talk, event);
      else this.shows.onHappened?.(event);
    }
  }

  static handlers() {
    return {
      Ok(answer) {
        this.#settle(answer.tag)?.resolve(answer);
      },
      Refused(answer) {
        this.#settle(answer.tag)?.reject(new Refusal(answer.code, answer.text));
        if (answer.verb === "SENDMESSAGE") this.outbox.refused(answer);
      },
      Unanswered({ tag }) {
        const text = "The connection was lost before the answer came: look whether it has been done";
        this.#settle(tag)?.reject(new Refusal("UNANSWERED", text));
      },
      Sent(event) {
        this.outbox.sent(event);
      },
      LoggedIn({ name, token, again }) {
        this.store.become(name);
        this.#byToken = true;
        this.#net.proved();
        this.#keepLogin(name, token, null);
        if (!again) this.outbox.restore(this.store.user);
        if (this.#restored) this.store.forgetTalks();
        this.shows.onLoggedIn(again);
        if (this.#restored) this.shows.onRestored();
        this.#restored = false;
      },
      LoginFailed({ code, text }) {
        const byToken = code === "BAD_LOGIN" && this.#byToken;
        this.#leave(byToken ? "" : code, byToken ? "You have been signed out: sign in again." : text);
      },
      LoginDelayed({ text }) {
        this.shows.onNotice(text);
        this.#net.again();
      },
      LoggedOut() {
        this.#signedOut();
      },
      CaughtUp() {
        this.store.connected = true;
        this.store.changed();
        this.#keepPlace();
        this.shows.onCaughtUp?.();
      },
      Skipped() {
        this.shows.onSkipped?.();
      },
      Hello({ store }) {
        this.#server = store;
      },
      Restored() {
        this.#restored = true;
      },
      Garbage({ why }) {
        console.warn(why);
      },
      Stranger({ text }) {
        this.shows.onNotice(text);
        this.#net.again();
      },
      Bye({ reason, text }) {
        if (reason === "KICKED") this.#leave(reason, "Your password was changed elsewhere: sign in with the new one.");
        else if (reason === "DELETED") this.#signedOut("This account has been deleted.");
        else if (reason === "LOGIN_TIMEOUT") this.#net.rest(); // nobody signs in just now
        else if (DISMISSALS.has(reason)) this.#dismissed(reason, text);
        else if (reason === "SHUTDOWN") this.#net.expectSoon();
        else if (reason === "RESTART") this.#net.expectAtOnce();
        else if (!SILENT.has(reason)) this.shows.onNotice(text);
      },
      Notice({ text }) {
        this.shows.onNotice(text);
      },
    };
  }

  #settle(tag) {
    const promise = this.#asked.get(tag);
    this.#asked.delete(tag);
    if (promise) this.#net.pause(); // whoever waits sees to the answer before what came behind it
    return promise;
  }

  /** This user has gone for good: nothing of the account stays in the browser. */
  #signedOut(text = "") {
    forget(this.store.user || this.outbox.user);
    this.#leave("", text);
    this.#net.again({ atOnce: true }); // a fresh connection, of nobody
  }

  /** An administrator has ended this: it is for the person to try again. */
  #dismissed(reason, text) {
    this.#net.rest();
    this.#leave(reason, text);
  }

  /** The card again. What was not sent waits for the same user to come back. */
  #leave(code, text) {
    const promises = [...this.#asked.values()];
    this.#asked.clear();
    this.#core.forget();
    this.store.clear();
    for (const { reject } of promises) reject(new Refusal("SIGNED_OUT", "You are signed out"));
    this.shows.onCard(code, text);
  }

  // What outlives the page

  /** Where a later page may catch up from. */
  #keepPlace() {
    const { credentials, lastId } = this.#core;
    if (credentials?.proven && this.store.me) this.#keepLogin(credentials.name, credentials.token, lastId);
  }

  #keepLogin(name, token, lastId) {
    saveLogin({ user: nameKey(name), name, token, lastId, server: this.#server, stay: this.#stay });
  }
}

const HEARD = Session.handlers();
