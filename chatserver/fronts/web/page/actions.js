// What one can do with a message in a dialog; help; and what administrators do.

import { attempt, confirmDialog, field, formDialog, openDialog } from "./dialogs.js";
import { button, el, notice } from "./dom.js";
import { SLASHES } from "./slash.js";
import { oneLine } from "./text.js";

export class Actions {
  constructor(app) {
    this.app = app;
    this.store = app.store;
  }

  ask(verb, ...fields) {
    return this.app.session.ask(verb, ...fields);
  }

  remove(talk, message) {
    confirmDialog("Delete this message?", `“${oneLine(message.text).slice(0, 200)}” is removed for everybody.`, "Delete", () =>
      this.app.messages.remove(talk, message),
    );
  }

  async explain(message) {
    const answer = await attempt(this.ask("EXPLAIN", String(message.id)));
    if (!answer) return;
    const rows = answer.rows.map(([what, who, text]) =>
      el("li", {}, el("div.who", {}, el("span.name", {}, what), el("span.about", { dir: "auto" }, text || who))),
    );
    const report = !this.store.isMe(message.sender) && button("Report it", () => this.report(message));
    openDialog("What became of it?", el("ul.rows", {}, ...rows), report && el("div.buttons", {}, report));
  }

  report(message) {
    formDialog({
      title: `Report ${message.sender}`,
      said: `The administrators will read “${oneLine(message.text).slice(0, 200)}”, and nobody else hears of it.`,
      fields: [{ name: "why", label: "What is wrong with it" }],
      action: "Report",
      run: async ({ why }) => {
        await this.ask("REPORT", String(message.id), why);
        notice("The administrators have been told.");
      },
    });
  }

  /** Administer the server, for those who may: the first command is refused in a sentence to all others. */
  async administer(command = "help") {
    const ask = async (words) => {
      const { rows, fields } = await this.ask("ADMIN", words);
      return [...rows.map((row) => row.join("  ")), fields[1]].join("\n");
    };
    const said = el("pre", { tabindex: "0", role: "status" }, await ask(command));
    this.store.choices.choose({ administers: true });
    const line = field({ name: "command", label: "Command" });
    const run = async () => (said.textContent = await ask(line.value()).catch((refusal) => refusal.message));
    const form = el("form", { onsubmit: (event) => (event.preventDefault(), run()) }, line.block, el("button.primary", { type: "submit" }, "Run"));
    openDialog("Administration", form, said);
    line.input.focus();
  }

  help() {
    const keys = [
      ["Ctrl K", "go to a talk"],
      ["Alt ↑ ↓", "the talk above or below"],
      ["Alt Shift ↑ ↓", "the next unread talk"],
      ["Enter", "send; Shift Enter begins a line"],
      ["↑", "in an empty field: edit your last message"],
      ["Tab", "completes a name"],
      ["Arrows", "in the messages: from one to the next; R reacts, E edits, Delete deletes, I explains"],
      ["Ctrl /", "this help"],
      ["Esc", "leaves what is open"],
    ];
    const table = (rows) => el("dl", {}, ...rows.flatMap(([key, text]) => [el("dt", {}, key), el("dd", {}, text)]));
    const commands = Object.values(SLASHES).map(({ usage, help }) => [usage, help]);
    openDialog("Keys and commands", el("h3", {}, "Keys"), table(keys), el("h3", {}, "Commands"), table(commands));
  }
}
