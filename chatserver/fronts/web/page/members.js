// A list of the members of a room, which may be ten thousand: only those in sight have rows.

import { bdi, disc, el, iconButton } from "./dom.js";

const BEYOND = 10; // rows above and below what is in sight

export class Members {
  #rows = [];
  #shown = [];
  #wanted = "";

  /** `kick(name)` is called by the button of who may; `talk(name)` by a click on a name. */
  constructor({ talk, kick }) {
    Object.assign(this, { talk, kick });
    this.filter = el("input", { type: "search", "aria-label": "Find a member", placeholder: "Find a member", oninput: () => this.#narrow() });
    this.space = el("div.member-space", { role: "list", "aria-label": "Members" });
    this.scroller = el("div.member-list", { onscroll: () => this.#place() }, this.space);
    this.element = el("div.members", {}, this.filter, this.scroller);
    new ResizeObserver(() => this.#place()).observe(this.scroller);
  }

  /** Show rows of SHOWMEMBERS: name, status, owner or member. */
  show(rows, me) {
    this.#rows = rows;
    this.role = rows.find(([name]) => name === me)?.[2] ?? "";
    this.me = me;
    this.filter.hidden = rows.length < 10;
    this.#narrow();
  }

  #narrow() {
    this.#wanted = this.filter.hidden ? "" : this.filter.value.trim().toLowerCase();
    this.#shown = this.#rows.filter(([name]) => name.toLowerCase().includes(this.#wanted));
    this.space.replaceChildren();
    this.#place();
  }

  #place() {
    const height = parseFloat(getComputedStyle(this.space).getPropertyValue("--member-height")) || 44;
    this.space.style.height = `${this.#shown.length * height}px`;
    const from = Math.max(0, Math.floor(this.scroller.scrollTop / height) - BEYOND);
    const to = Math.min(this.#shown.length, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / height) + BEYOND);
    this.space.replaceChildren(...this.#shown.slice(from, to).map((row, at) => this.#row(row, from + at, height)));
  }

  #row([name, status, role], at, height) {
    const row = el(
      "div.member",
      { role: "listitem", "aria-setsize": String(this.#shown.length), "aria-posinset": String(at + 1) },
      disc(name, status),
      el("button.member-name", { type: "button", onclick: () => this.talk(name) }, bdi(name)),
      el("span.about", {}, role === "member" ? status : `${role} · ${status}`),
      name !== this.me && (this.role === "owner" || (this.role === "moderator" && role === "member")) ? iconButton("cross", `Put ${name} out`, () => this.kick(name)) : null,
    );
    row.style.top = `${at * height}px`;
    return row;
  }
}
