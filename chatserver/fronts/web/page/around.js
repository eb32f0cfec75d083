// What stands around the messages: the head of the talk, who is typing, the banner of a lost connection, the colours.

import { bdi, byId, notice } from "./dom.js";
import { loadTheme, saveTheme } from "./keep.js";

const BANNER_AFTER_MS = 2000;
const THEMES = ["system", "light", "dark"];

export class Around {
  #lostAt = Date.now();

  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.#show(loadTheme());
    setInterval(() => this.#banner(), 500);
  }

  render() {
    this.#head();
    this.#typing();
  }

  #head() {
    const { open, friends, rooms, bots, listed } = this.store;
    byId("app").dataset.pane = open ? "talk" : "list";
    byId("app").classList.toggle("fresh", listed && !friends.size && ![...rooms.values()].some(({ joined }) => joined));
    byId("welcome").hidden = Boolean(open);
    byId("talk").hidden = !open;
    if (!open) return;
    const { status = "", text = "" } = friends.get(open.name) ?? {};
    const about = open.isRoom ? rooms.get(open.name)?.topic : [status, text].filter(Boolean).join(" · ") || bots.get(open.name);
    const head = byId("talk-name");
    if (head.textContent !== open.name) head.replaceChildren(bdi(open.name));
    byId("talk-about").textContent = about ?? "";
    byId("messages").setAttribute("aria-label", `Messages with ${open.name}`);
  }

  #typing() {
    const now = Date.now();
    const names = [...(this.store.open?.typing ?? [])].filter(([, until]) => until > now).map(([name]) => name);
    const text = names.length > 3 ? "Several are typing…" : names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…` : "";
    if (byId("typing").textContent !== text) byId("typing").textContent = text;
  }

  /** What stands above everything while there is no connection. */
  #banner() {
    const banner = byId("banner");
    const { signIn, session } = this.app;
    const { connected, retryAt } = this.store;
    const misses = signIn.place.hidden ? !connected : signIn.isBusy && !session.isOpen;
    if (!misses) {
      this.#lostAt = Date.now();
      banner.hidden = true;
      return;
    }
    if (Date.now() - this.#lostAt < BANNER_AFTER_MS) return;
    const left = Math.ceil((retryAt - Date.now()) / 1000);
    const text = left > 0 ? `No connection. Trying again in ${left} s.` : "No connection. Trying…";
    banner.hidden = false;
    if (byId("banner-text").textContent !== text) byId("banner-text").textContent = text;
  }

  // Colours

  get theme() {
    return document.documentElement.dataset.theme ?? "system";
  }

  nextTheme() {
    this.#show(THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]);
    saveTheme(this.theme);
    notice(`Colours: ${this.theme}`);
  }

  #show(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}
