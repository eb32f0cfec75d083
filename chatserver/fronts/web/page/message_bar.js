// What one can do to a message in the list: a bar of buttons that goes with the row under the pointer or the focus, and
// the keys on a row.

import { attempt, formDialog } from "./dialogs.js";
import { byId, el, iconButton } from "./dom.js";
import { popup } from "./popup.js";

const EMOJIS = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀", "✅", "🔥"];

export class MessageBar {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    const make = (label, sign, name, run) =>
      iconButton(sign, label, () => this.#onRow(run), { tabindex: "-1", "data-act": name });
    this.element = el(
      "div.actions",
      { role: "toolbar", "aria-label": "Message" },
      make("React", "smile", "react", (message) => this.#pickReaction(message, this.element.firstChild)),
      make("Edit", "pencil", "edit", (message) => app.composer.edit(message)),
      make("Delete", "bin", "remove", (message) => app.actions.remove(this.store.open, message)),
      make("Report", "flag", "report", (message) => app.actions.report(message)),
      make("What became of it?", "info", "explain", (message) => app.actions.explain(message)),
    );
    for (const type of ["pointerover", "focusin", "click"]) {
      byId("messages").addEventListener(type, ({ target }) => this.#show(target.closest?.(".message[data-id]")));
    }
  }

  /** Keys on a message that has the focus; tells whether it was one. */
  key({ key }, row) {
    const message = this.#messageOf(row);
    if (!message) return false;
    const mine = this.store.isMe(message.sender);
    if (key === "r" || key === "Enter") this.#pickReaction(message, row);
    else if (key === "e" && mine) this.app.composer.edit(message);
    else if (key === "Delete" && mine) this.app.actions.remove(this.store.open, message);
    else if (key === "i") this.app.actions.explain(message);
    else return false;
    return true;
  }

  /** The message of a row that can still be acted upon, or null. */
  #messageOf(row) {
    const message = this.store.open?.find(Number(row.dataset.id));
    return message?.deleted ? null : message;
  }

  #onRow(run) {
    const row = this.element.closest(".message");
    const message = row && this.#messageOf(row);
    if (message) run(message);
  }

  #show(row) {
    if (!row || this.element.parentNode === row) return;
    const message = this.#messageOf(row);
    if (!message) return this.element.remove();
    const mine = this.store.isMe(message.sender);
    const isShown = { edit: mine, remove: mine, report: !mine };
    for (const button of this.element.children) button.hidden = isShown[button.dataset.act] === false;
    row.append(this.element);
  }

  #pickReaction(message, at) {
    const react = (emoji) => this.app.messages.react(this.store.open, message, emoji);
    const other = () =>
      formDialog({ title: "React", fields: [{ name: "emoji", label: "An emoji" }], action: "React", run: ({ emoji }) => react(emoji.trim()) });
    const items = EMOJIS.map((emoji) => [emoji, () => attempt(() => react(emoji))]);
    popup(at, [...items, ["Other…", other]], { kind: "emojis", label: "React with" });
  }
}
