// A list of the members of a room, which may be ten thousand: only those in sight have rows.

import { bdi, disc, el, iconButton } from "./dom.js";
import { popup } from "./popup.js";

const BEYOND = 10; // rows above and below what is in sight

export class Members {
  #rows = [];
  #shown = [];
  #wanted = "";

  /** `actsOn(name, role, mine)` says what one may do with a member; `talk(name)` is called by a click on a name. */
  constructor({ talk, actsOn }) {
    Object.assign(this, { talk, actsOn });
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
    const acts = name === this.me ? [] : this.actsOn(name, role, this.role);
    const label = `What to do with ${name}`;
    const row = el(
      "div.member",
      { role: "listitem", "aria-setsize": String(this.#shown.length), "aria-posinset": String(at + 1) },
      disc(name, status),
      el("button.member-name", { type: "button", onclick: () => this.talk(name) }, bdi(name)),
      el("span.about", {}, role === "member" ? status : `${role} · ${status}`),
      acts.length > 0 && iconButton("dots", label, (event) => popup(event.currentTarget, acts, { label })),
    );
    row.style.top = `${at * height}px`;
    return row;
  }
}
