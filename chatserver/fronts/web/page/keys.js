// The keys that work everywhere on the page.

import { closeDialogs } from "./dialogs.js";

export class Keys {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    document.addEventListener("keydown", (event) => this.#keyed(event));
  }

  #keyed(event) {
    if (!this.store.me || event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && event.key.toLowerCase() === "k") {
      closeDialogs();
      this.app.switcher();
    } else if (command && event.key === "/") this.app.actions.help();
    else if (event.altKey && !command && ["ArrowUp", "ArrowDown"].includes(event.key)) this.#step(event);
    else if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.#escape();
    else return;
    event.preventDefault();
  }

  /** To the talk above or below, or to the next one that is unread. */
  #step({ key, shiftKey }) {
    const { store } = this;
    const names = this.app.sidebar.names();
    const wanted = shiftKey ? names.filter((name) => store.talk(name).unread && !store.choices.isMuted(name)) : names;
    if (!wanted.length) return;
    const step = key === "ArrowUp" ? -1 : 1;
    const at = wanted.indexOf(store.open?.name);
    const next = at < 0 ? (step > 0 ? 0 : wanted.length - 1) : (at + step + wanted.length) % wanted.length;
    this.app.openTalk(wanted[next], { focus: true });
  }

  #escape() {
    const { composer, details } = this.app;
    if (composer.escape()) return;
    if (details.isShown) details.hide();
    composer.focus();
  }
}
