// What reaches a person who is not looking: the title, a dot on the icon, and notifications, one for several tabs.

import { brief } from "./text.js";
import { byId } from "./dom.js";

const ICONS = ["icon.svg", "icon-unread.svg"].map((name) => new URL(name, import.meta.url).href);

export class Notifier {
  #user = "";
  #isFirst = false;
  #lookedAt = new Map(); // other tabs of the user → whether somebody looks at them
  #channel = null;
  #yield = () => {};
  #id = crypto.getRandomValues(new Uint32Array(1))[0];
  #icon = "";

  constructor(app) {
    this.app = app;
    this.store = app.store;
    for (const icon of ICONS) new Image().src = icon; // for the cache: it is wanted while this page's machine may be gone
    for (const name of ["focus", "blur", "pagehide"]) addEventListener(name, ({ type }) => this.#tell(type !== "pagehide" && isLookedAt()));
    document.addEventListener("visibilitychange", () => this.#tell(isLookedAt()));
  }

  /** Of all tabs of a user, the one that holds the lock speaks; the next one takes it over when it goes. */
  #join(user) {
    this.#channel?.close();
    this.#channel = null;
    this.#yield();
    this.#lookedAt.clear();
    this.#user = user;
    this.#isFirst = false;
    if (!user) return;
    const name = `pipechat.${user}`;
    const goes = new Promise((go) => (this.#yield = go));
    if (navigator.locks) navigator.locks.request(name, () => ((this.#isFirst = this.#user === user), goes));
    else this.#isFirst = true;
    if (!("BroadcastChannel" in globalThis)) return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    this.#channel.postMessage({ ask: true });
    this.#tell(isLookedAt());
  }

  /** Whether there is anything to ask a permission for. */
  get canAsk() {
    return "Notification" in globalThis && Notification.permission === "default" && globalThis.isSecureContext;
  }

  async askPermission() {
    await Notification.requestPermission();
    this.app.notice(Notification.permission === "granted" ? "You will be told of messages while you look elsewhere." : "Your browser will not show notifications: allow them in its settings.");
  }

  /** The count of what is unread, in the title and on the icon. */
  render() {
    const { store } = this;
    if (store.user !== this.#user) this.#join(store.user);
    const count = store.me ? store.unreadTotal : 0;
    const title = `${count ? `(${count}) ` : ""}${store.open ? `${store.open.name} · ` : ""}pipechat`;
    if (document.title !== title) document.title = title;
    const icon = ICONS[Number(count > 0)];
    if (icon !== this.#icon) byId("icon").href = icon;
    this.#icon = icon;
  }

  /** A message of somebody else: a notification, if it was for this user and nobody looks. */
  said(talk, message) {
    const { store } = this;
    if (store.choices.isMuted(talk.name) || (talk.isRoom && !this.app.isMentioned(message.text))) return;
    if (!this.#isFirst || isLookedAt() || [...this.#lookedAt.values()].includes(true)) return;
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    const title = talk.isRoom ? `${message.sender} in ${talk.name}` : message.sender;
    this.#show(title, { body: brief(message.text).slice(0, 300), tag: `pipechat ${store.me} ${talk.name}` }, talk);
  }

  #show(title, how, talk) {
    let shown;
    try {
      shown = new Notification(title, how);
    } catch {
      return; // Chrome on Android has the name and refuses the call
    }
    shown.onclick = () => {
      focus();
      shown.close();
      this.app.openTalk(talk.name, { focus: true });
    };
  }

  #tell(looked) {
    this.#channel?.postMessage({ id: this.#id, looked });
  }

  #heard({ ask, id, looked }) {
    if (ask) this.#tell(isLookedAt());
    else this.#lookedAt.set(id, looked);
  }
}

export function isLookedAt() {
  return document.visibilityState === "visible" && document.hasFocus();
}
