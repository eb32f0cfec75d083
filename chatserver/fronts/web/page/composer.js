// The field one writes in: a draft for each talk, Enter and line breaks, completion, commands, edits of what was said.

import { asTyped } from "./text.js";
import { button, el, iconButton } from "./dom.js";
import { cleaned } from "./frames.js";
import { isCommand, runCommand, suggestions } from "./slash.js";
import { loadDraft, saveDraft } from "./keep.js";

const TYPING_EVERY_MS = 4000;
const TEXT_CHARS_MAX = 4000;
const WARN_FROM = 3600;
const KEY_OF_INPUT_METHOD = 229;
const EXAMPLES = / For example: (.+?)\.?$/; // how each bot's help ends

export class Composer {
  #talk = null;
  #editing = null;
  #typedAt = 0;
  #completion = null;
  #chosen = 0;

  constructor(app, parts) {
    Object.assign(this, { app, ...parts }); // form, field, above, why, send
    const { form, field } = this;
    form.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    field.addEventListener("keydown", (event) => this.#keyed(event));
    field.addEventListener("input", () => this.#changed());
    field.addEventListener("paste", (event) => this.#pasted(event));
  }

  /** Write to another talk: each keeps its draft. */
  open(talk) {
    if (talk === this.#talk) return;
    this.#editing = null;
    this.#talk = talk;
    this.field.value = talk ? this.#draft() : "";
    this.refresh();
    this.#changed(false);
  }

  /** What stands around the field follows what is known of the talk. */
  refresh() {
    const talk = this.#talk;
    this.form.hidden = !talk;
    if (!talk) return this.#name("Message");
    const closed = this.app.store.closedBecause(talk.name);
    this.why.textContent = closed;
    this.form.classList.toggle("closed", Boolean(closed));
    const label = this.#editing ? "Edit the message" : `Message ${talk.name}`;
    this.#name(label);
    this.#showAbove();
    return undefined;
  }

  #name(label) {
    this.field.setAttribute("aria-label", label);
    this.field.placeholder = label;
  }

  focus() {
    if (!this.form.hidden && !this.form.classList.contains("closed")) this.field.focus();
  }

  /** Edit one of this user's messages; the draft waits meanwhile. */
  edit(message) {
    this.#editing = { message };
    this.field.value = asTyped(message.text);
    this.#afterFill();
  }

  /** Take back into the field what was refused. */
  fill(text) {
    this.field.value = asTyped(text);
    this.#afterFill();
  }

  async submit() {
    const typed = this.field.value;
    const talk = this.#talk;
    if (!typed.trim() || !talk) return;
    this.why.textContent = "";
    try {
      if (this.#editing) {
        const { message } = this.#editing;
        this.#done();
        if (typed !== asTyped(message.text)) await this.#edited(talk, message, typed);
      } else if (isCommand(typed)) {
        this.#done();
        await this.#command(typed);
      } else {
        this.app.messages.send(talk.name, cleaned(unslashed(typed).replace(/\r\n?|\n/g, "␤")));
        this.#done();
        this.app.list.toEnd();
      }
    } catch (error) {
      this.why.textContent = error.message;
    }
  }

  async #edited(talk, message, typed) {
    try {
      await this.app.messages.edit(talk, message, cleaned(typed.replace(/\r\n?|\n/g, "␤")));
    } catch (error) {
      if (this.#talk === talk && !this.field.value) this.edit({ ...message, text: typed });
      throw error;
    }
  }

  async #command(typed) {
    try {
      await runCommand(this.app, typed);
    } catch (error) {
      if (!this.field.value) this.field.value = typed; // to be corrected
      this.#changed(false);
      throw error;
    }
  }

  /** Leave what was begun; tells whether there was anything. */
  escape() {
    if (this.#suggested().length) this.field.value = "";
    else if (!this.#editing) return false;
    this.#editing = null;
    this.field.value = this.#draft();
    this.refresh();
    this.#changed(false);
    return true;
  }

  #done() {
    this.#editing = null;
    this.field.value = "";
    this.refresh();
    this.#changed();
  }

  #afterFill() {
    this.refresh();
    this.#changed(false);
    this.field.focus();
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }

  #draft() {
    return loadDraft(this.app.store.user, this.#talk.name);
  }

  // What is typed

  #changed(byHand = true) {
    const { field } = this;
    this.#completion = null;
    if (byHand && this.#talk && !this.#editing) {
      saveDraft(this.app.store.user, this.#talk.name, field.value);
      this.#tellTyping();
    }
    field.style.height = "auto";
    if (field.scrollHeight) field.style.height = `${field.scrollHeight + 2}px`;
    const left = TEXT_CHARS_MAX - [...field.value].length;
    if (left < TEXT_CHARS_MAX - WARN_FROM) this.why.textContent = left < 0 ? `${-left} characters too many` : `${left} characters left`;
    else if (byHand) this.why.textContent = this.#talk ? this.app.store.closedBecause(this.#talk.name) : "";
    this.#chosen = 0;
    this.#showAbove();
  }

  #tellTyping() {
    const now = Date.now();
    if (!this.field.value || isCommand(this.field.value) || now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    this.app.messages.typing(this.#talk);
  }

  #pasted(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const clean = text.split(/\r\n|[\r\n\u2028\u2029]/).map(cleaned).join("\n");
    if (clean === text.replace(/\r\n?/g, "\n")) return;
    event.preventDefault();
    this.field.setRangeText(clean, this.field.selectionStart, this.field.selectionEnd, "end");
    this.#changed();
    this.why.textContent = "Characters that cannot be sent were taken out";
  }

  #keyed(event) {
    if (event.isComposing || event.keyCode === KEY_OF_INPUT_METHOD) return; // an input method is at work
    const handled = {
      Enter: () => this.#enter(event),
      Tab: () => !event.shiftKey && this.#tab(),
      ArrowUp: () => this.#move(-1) || (!this.field.value && !event.altKey && this.#editLast()),
      ArrowDown: () => this.#move(1),
      Escape: () => this.escape(),
    }[event.key];
    if (!event.altKey && handled?.()) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  #enter(event) {
    const touch = matchMedia("(pointer: coarse)").matches && !matchMedia("(any-pointer: fine)").matches;
    if (event.shiftKey || event.ctrlKey || event.metaKey || touch) return false;
    const suggested = this.#suggested();
    const word = this.field.value.slice(1);
    if (suggested.length && !suggested.some(({ usage }) => usage.split(" ")[0].slice(1) === word)) this.#take(suggested[this.#chosen]);
    else this.submit();
    return true;
  }

  #editLast() {
    const message = this.#talk?.lastOf(this.app.store.me);
    if (!message) return false;
    this.edit(message);
    return true;
  }

  // Completion

  /** Complete the word before the caret: a name of somebody here, a room, a bot; again for the next one. */
  #tab() {
    const suggested = this.#suggested();
    if (suggested.length) return this.#take(suggested[this.#chosen]);
    const { field } = this;
    const before = this.#completion ?? completable(field.value.slice(0, field.selectionStart));
    if (!before) return false;
    const names = this.#names(before.word);
    if (!names.length) return false;
    const next = { ...before, turn: (before.turn + 1) % names.length };
    const end = before.start + (before.length ?? before.word.length);
    const name = `${names[next.turn]} `;
    field.setRangeText(name, before.start, end, "end");
    this.#changed();
    this.#completion = { ...next, length: name.length };
    return true;
  }

  #names(word) {
    const { store } = this.app;
    const sign = /^[@#]/.test(word) ? word[0] : "";
    const begun = word.slice(sign.length).toLowerCase();
    const people = [...new Set([...(this.#talk?.messages ?? []).map(({ sender }) => sender).reverse(), ...store.friends.keys(), ...store.bots.keys()])];
    const known = sign === "#" ? [...store.rooms.keys()].map((name) => name.slice(1)) : people;
    return known.filter((name) => name.toLowerCase().startsWith(begun)).map((name) => sign + name);
  }

  #suggested() {
    return this.#editing ? [] : suggestions(this.field.value);
  }

  #move(step) {
    const count = this.#suggested().length;
    if (!count) return false;
    this.#chosen = (this.#chosen + step + count) % count;
    this.#showAbove();
    return true;
  }

  #take({ usage }) {
    this.field.value = `${usage.split(" ")[0]} `;
    this.#afterFill();
    return true;
  }

  #showAbove() {
    const suggested = this.#suggested();
    const rows = suggested.map((command, at) =>
      el(
        "button.suggestion",
        { type: "button", tabindex: "-1", "aria-current": at === this.#chosen ? "true" : null, onclick: () => this.#take(command) },
        el("b", {}, command.usage),
        ` ${command.help}`,
      ),
    );
    if (this.#editing) rows.push(el("div.editing", {}, el("span", {}, "You edit a message"), iconButton("cross", "Stop editing", () => this.escape())));
    else if (!suggested.length) rows.push(...this.#chips());
    this.above.replaceChildren(...rows);
    this.above.classList.toggle("suggesting", suggested.length > 0);
    this.above.children[this.#chosen]?.scrollIntoView?.({ block: "nearest" });
  }

  /** What one can say to a bot, taken from its own help: each is a click. */
  #chips() {
    const talk = this.#talk;
    if (!talk || this.app.store.kindOf(talk.name) !== "bot") return [];
    const help = talk.messages.findLast(({ sender, text }) => sender === talk.name && EXAMPLES.test(text));
    const examples = help ? help.text.match(EXAMPLES)[1].split(" · ") : [];
    const say = (text) => () => (this.app.messages.send(talk.name, text), this.app.list.toEnd());
    const chips = examples.map((text) => button(text, say(text), { class: "chip" }));
    return [...chips, button(help ? "Help" : "What can you do?", say("help"), { class: "chip" })];
  }
}

/** `//` begins a text with a slash. */
function unslashed(typed) {
  return typed.startsWith("//") ? typed.slice(1) : typed;
}

function completable(before) {
  const word = before.match(/[@#]?[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}_.-]*$|[@#]$/u)?.[0];
  return word ? { word, start: before.length - word.length, turn: -1 } : null;
}
