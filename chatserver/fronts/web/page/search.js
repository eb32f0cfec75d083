// Finding: messages by their words, and a talk by its name (Ctrl K).

import { nameKey } from "./core.js";
import { bdi, briefTime, disc, el, fullTime, hueOf } from "./dom.js";
import { attempt, closeDialogs, openDialog } from "./dialogs.js";
import { oneLine } from "./text.js";

const FOUND_MAX = 50;

export class Search {
  constructor(app) {
    this.app = app;
  }

  /** A dialog for words; each hit opens in its place. */
  open(words = "") {
    const input = el("input", { type: "search", "aria-label": "Search messages", placeholder: "Words", enterkeyhint: "search" });
    const said = el("p.hint", { role: "status" }, "All the words, anywhere in a message, in your own talks.");
    const hits = el("ul.rows.hits", {});
    const form = el("form", { role: "search" }, input, el("button.primary", { type: "submit" }, "Search"));
    openDialog("Search", form, said, hits);
    input.value = words;
    input.focus();
    const run = async () => {
      said.textContent = "Searching…";
      try {
        const found = await this.app.messages.search(input.value);
        said.textContent = found.length ? `${found.length} found, the newest first` : "Nothing found: try fewer or shorter words.";
        hits.replaceChildren(...found.reverse().map((message) => this.#hit(message)));
      } catch (refusal) {
        said.textContent = refusal.message;
      }
    };
    form.addEventListener("submit", (event) => (event.preventDefault(), run()));
    if (words) run();
  }

  #hit(message) {
    const talk = this.app.store.talkOf(message);
    const open = () => {
      closeDialogs();
      this.app.openAt(talk, message.id);
    };
    return el(
      "li",
      {},
      el(
        "button.hit",
        { type: "button", onclick: open },
        el("span.hit-head", {}, el(`b.hue${hueOf(message.sender)}`, {}, bdi(message.sender)), " in ", bdi(talk.name), el("time", { title: fullTime(message.time) }, briefTime(message.time))),
        el("span.hit-text", { dir: "auto" }, oneLine(message.text)),
      ),
    );
  }
}

/** Go to a talk by a few letters of its name. */
export function openSwitcher(app) {
  const { store } = app;
  const list = el("div.options", { role: "listbox", id: "switcher-options", "aria-label": "Talks" });
  const input = el("input", {
    ...{ type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "switcher-options", "aria-autocomplete": "list" },
    ...{ "aria-label": "Go to", placeholder: "A friend, a room, a bot", autocomplete: "off", spellcheck: "false" },
  });
  const dialog = openDialog("Go to", input, list);
  let names = [];
  let chosen = 0;
  const choose = (name) => {
    dialog.close();
    if (store.rooms.get(name)?.joined === false) attempt(() => app.rooms.join(name));
    else app.openTalk(name, { focus: true });
  };
  const show = () => {
    names = matching(store, input.value).slice(0, FOUND_MAX);
    chosen = Math.min(chosen, Math.max(0, names.length - 1));
    const options = names.map((name, at) =>
      el("div.option", { role: "option", id: `option${at}`, "aria-selected": String(at === chosen), onclick: () => choose(name) }, disc(name, store.friends.get(name)?.status), bdi(name), el("span.about", {}, about(store, name))),
    );
    list.replaceChildren(...options);
    if (!names.length) list.append(el("p.empty", {}, "There is nobody and nothing of that name here."));
    input.setAttribute("aria-activedescendant", names.length ? `option${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => ((chosen = 0), show()));
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) chosen = (chosen + step + names.length) % Math.max(1, names.length);
    else if (event.key === "Enter" && names[chosen]) choose(names[chosen]);
    else return;
    event.preventDefault();
    if (step) show();
  });
  show();
  input.focus();
}

/** Names that hold the letters, those that begin with them first, then the latest talk first. */
function matching(store, typed) {
  const wanted = typed.trim().toLowerCase().replace(/^[@]/, "");
  const names = new Set([...store.friends.keys(), ...store.rooms.keys(), ...store.bots.keys(), ...[...store.talks.values()].filter((talk) => talk.isBegun).map(({ name }) => name)]);
  const last = (name) => store.talks.get(nameKey(name))?.lastId ?? 0;
  const bare = (name) => name.toLowerCase().replace(/^#/, "");
  const begins = (name) => bare(name).startsWith(wanted.replace(/^#/, ""));
  return [...names]
    .filter((name) => name.toLowerCase().includes(wanted))
    .sort((one, other) => begins(other) - begins(one) || last(other) - last(one) || one.localeCompare(other));
}

function about(store, name) {
  const room = store.rooms.get(name);
  if (room) return room.joined ? "room" : "room, not joined";
  return store.friends.get(name)?.status ?? (store.bots.has(name) ? "bot" : "");
}
