// The card of a first visit: sign in, or make an account; the server's sentence stands at the field it is about.

import { field } from "./dialogs.js";
import { byId, el } from "./dom.js";

const RULES = "A name has 1 to 32 letters or digits of any script, and _ - . within it. A password has 8 to 256 characters, and no “|”.";
const AT_FIELD = { BAD_NAME: "name", NAME_TAKEN: "name", BAD_PASSWORD: "password", BAD_LOGIN: "password", NOT_ALLOWED: "code" };

export class SignIn {
  #creating = false;
  #countdown = 0;

  constructor(app) {
    this.app = app;
    this.place = byId("card");
    this.name = field({ name: "name", label: "User name", autocomplete: "username", autocapitalize: "none", required: true });
    this.password = field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", required: true });
    this.fresh = field({ name: "fresh", label: "New password", type: "password", autocomplete: "new-password" });
    this.code = field({ name: "code", label: "Invitation code" });
    this.stay = field({ name: "stay", label: "Stay signed in", type: "checkbox", value: true });
    this.problem = el("p.problem", { role: "alert" });
    this.rules = el("p.hint", {}, RULES);
    this.submit = el("button.primary", { type: "submit" });
    this.modes = [this.#mode("Sign in", false), this.#mode("Create account", true)];
    const form = el("form", { novalidate: true, onsubmit: (event) => (event.preventDefault(), this.#submit()) });
    form.append(this.name.block, this.password.block, this.stay.block, this.problem, this.submit, this.rules);
    byId("card-body").append(el("div.modes", { role: "group", "aria-label": "Sign in or create an account" }, ...this.modes), form);
    this.#turn(false);
  }

  /** Show the card, with why one is here again. */
  show(code = "", text = "") {
    this.submit.disabled = false;
    this.place.hidden = false;
    if (!this.#complain(code, text)) this.name.input.focus();
    this.#busy(false);
  }

  hide() {
    this.place.hidden = true;
    for (const one of [this.password, this.fresh, this.code]) one.input.value = "";
    this.#turn(false);
    this.problem.textContent = "";
    clearInterval(this.#countdown);
  }

  #mode(label, creating) {
    return el("button", { type: "button", onclick: () => (this.#turn(creating), this.name.input.focus()) }, label);
  }

  #turn(creating) {
    this.#creating = creating;
    this.modes.forEach((mode, at) => mode.setAttribute("aria-pressed", String(Boolean(at) === creating)));
    this.submit.textContent = creating ? "Create account" : "Sign in";
    this.rules.hidden = !creating;
    this.password.input.autocomplete = creating ? "new-password" : "current-password";
    this.fresh.block.remove();
    this.code.block.remove();
    this.#clear();
  }

  #clear() {
    for (const one of [this.name, this.password, this.fresh, this.code]) one.clear();
    this.problem.textContent = "";
  }

  async #submit() {
    this.#clear();
    const name = this.name.value().trim();
    const password = this.password.value();
    if (!name) return this.name.complain("Which name?");
    if (!password) return this.password.complain("Which password?");
    this.#busy(true);
    try {
      const { session } = this.app;
      const stay = this.stay.value();
      if (this.#creating) await session.signUp(name, password, stay, this.code.value().trim());
      else if (this.fresh.block.isConnected) await session.renew(name, password, this.fresh.value(), stay);
      else session.logIn(name, password, stay);
    } catch (refusal) {
      this.#busy(false);
      this.#complain(refusal.code ?? "", refusal.message);
    }
    return undefined;
  }

  #busy(busy) {
    this.isBusy = busy;
    this.submit.disabled = busy;
    this.place.setAttribute("aria-busy", String(busy));
  }

  /** Show a refusal; tells whether that moved the focus. */
  #complain(code, text) {
    this.#busy(false);
    clearInterval(this.#countdown);
    if (code === "THROTTLED") return this.#countDown(text);
    if (code === "PASSWORD_EXPIRED") {
      this.stay.block.before(this.fresh.block);
      text = "That password was given to you for once: choose your own.";
    }
    if (code === "NOT_ALLOWED" && /code/.test(text)) this.stay.block.before(this.code.block);
    const at = this.#fieldFor(code);
    if (at) at.complain(text.replace(/: REDEEM.*/, ""));
    else this.problem.textContent = text;
    return Boolean(at);
  }

  /** The field that a refusal is about, or null. */
  #fieldFor(code) {
    if (this.fresh.block.isConnected && ["PASSWORD_EXPIRED", "BAD_PASSWORD"].includes(code)) return this.fresh;
    const at = this[AT_FIELD[code]];
    return at?.block.isConnected ? at : null;
  }

  /** The seconds that the server named go down, and the button waits for them. */
  #countDown(text) {
    let left = Number(text.match(/(\d+) ?s/)?.[1] ?? 60);
    const tick = () => {
      this.submit.disabled = left > 0;
      this.problem.textContent = left > 0 ? `Too many attempts: try again in ${left} s.` : "You can try again now.";
      if (left <= 0) clearInterval(this.#countdown);
      left -= 1;
    };
    this.#countdown = setInterval(tick, 1000);
    tick();
    return false;
  }
}
