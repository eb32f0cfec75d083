// The socket: it opens, comes back by itself, and notices silence. It carries lines and knows nothing of what they say.
// Attempts come after 0.5 s, doubled up to 30 s, each ± 20 %; at once when the network or the person comes back. Where the
// chat has several machines, an attempt goes round all of them, and begins behind the one that was lost.

const FIRST_S = 0.5;
const LONGEST_S = 30;
const SOON_S = 1.5; // the longest pause, for a minute, after a server that said it would stop, or where another takes over
const SOON_MS = 60_000;
const PING_EVERY_S = 30;
const ANSWER_WITHIN_S = 8;
const PROTOCOL = "pipechat.1";

/** Where the chat is: on this page's own machine, and on its peers, under the same path and by the same scheme. */
function addresses() {
  const own = new URL("ws", document.baseURI);
  const named = document.querySelector("meta[name=peers]").content.split(" ");
  const peers = named.filter((peer) => peer.startsWith(own.protocol)).map((peer) => new URL(own.pathname, peer));
  return [...new Set([own, ...peers].map(({ href }) => href.replace("http", "ws")))];
}

export class Net {
  #urls = addresses();
  #at = 0;
  #losses = 0;
  #socket = null;
  #delay = FIRST_S;
  #retryTimer = 0;
  #silenceTimer = 0;
  #wanted = false;
  #soonUntil = 0;
  #comesAtOnce = false;
  #unheard = []; // lines that have come
  #isPaused = false;
  #nextTask = new MessageChannel(); // no timer: those of a tab behind others come once a second

  /** `hears` has the methods opened(), line(text), lost(retryAt) and ping(), which says whether an answer will come. */
  constructor(hears) {
    this.hears = hears;
    addEventListener("online", () => this.now());
    addEventListener("offline", () => this.#check());
    document.addEventListener("visibilitychange", () => document.hidden || this.#check());
    setInterval(() => this.#check(), PING_EVERY_S * 1000);
    this.#nextTask.port1.onmessage = () => this.#goOn();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Connect, and stay connected. */
  start() {
    this.#wanted = true;
    this.now();
  }

  /** Connect no more by itself. */
  rest() {
    this.#wanted = false;
  }

  /** Connect now, whatever the next attempt's time is. */
  now() {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.#open();
  }

  /** Hang up and try again: at once and on the same machine, or as after any loss. */
  again({ atOnce = false } = {}) {
    if (this.#socket) this.#lose(this.#socket, atOnce);
    else if (atOnce) this.now();
  }

  send(lines) {
    if (lines.length && this.isOpen) this.#socket.send(lines.join("\n"));
  }

  /** What came behind the line that is being heard is heard in the next task. */
  pause() {
    this.#isPaused = true;
    this.#nextTask.port2.postMessage(0);
  }

  /** The connection has proved good: the next loss begins with a short pause again. */
  proved() {
    this.#delay = FIRST_S;
    this.#losses = 0;
  }

  /** The server has said that it stops: mostly it is started again at once. */
  expectSoon() {
    this.#soonUntil = performance.now() + SOON_MS;
  }

  /** The server has said that a new program takes its place: the port goes on listening. */
  expectAtOnce() {
    this.#comesAtOnce = true;
  }

  /** Something was asked: without any word from the server soon, the connection counts as lost. */
  expectWord() {
    const socket = this.#socket;
    this.#silenceTimer ||= setTimeout(() => this.#lose(socket), ANSWER_WITHIN_S * 1000);
  }

  #open() {
    const socket = new WebSocket(this.#urls[this.#at], PROTOCOL);
    this.#socket = socket;
    this.#silenceTimer = setTimeout(() => this.#lose(socket), ANSWER_WITHIN_S * 1000);
    socket.onopen = () => socket === this.#socket && this.hears.opened();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#heard(data);
    socket.onclose = () => this.#lose(socket);
  }

  #heard(data) {
    this.#heardSomething();
    this.#unheard = this.#unheard.concat(String(data).split("\n"));
    if (!this.#isPaused) this.#goOn();
  }

  #goOn() {
    this.#isPaused = false;
    while (this.#unheard.length && !this.#isPaused) this.hears.line(this.#unheard.shift());
  }

  #heardSomething() {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = 0;
  }

  #lose(socket, atOnce = false) {
    if (!socket || socket !== this.#socket) return; // one that was given up before
    while (this.#unheard.length) this.hears.line(this.#unheard.shift()); // they came before
    if (socket !== this.#socket) return; // and one of them has ended it
    this.#socket = null;
    this.#heardSomething();
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
    const wait = atOnce || this.#comesAtOnce ? 0 : this.#waitForNext();
    this.#comesAtOnce = false;
    this.#retryTimer = setTimeout(() => this.now(), wait);
    this.hears.lost(Date.now() + wait);
  }

  /** Turn to the next machine; for how many ms to wait before it, which is only where a round begins. */
  #waitForNext() {
    const count = this.#urls.length;
    this.#at = (this.#at + 1) % count;
    if (this.#losses++ % count) return 0;
    if (count > 1 && this.#delay === FIRST_S) this.expectSoon();
    const wait = this.#delay * (0.8 + 0.4 * Math.random()) * 1000;
    this.#delay = Math.min(this.#delay * 2, performance.now() < this.#soonUntil ? SOON_S : LONGEST_S);
    return wait;
  }

  #check() {
    if (!this.#socket) this.now();
    else if (this.isOpen && this.hears.ping()) this.expectWord();
  }
}
