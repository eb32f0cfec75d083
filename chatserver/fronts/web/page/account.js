// What a person can do with the account itself: status, password, what is stored, and its end.

import { el, notice } from "./dom.js";
import { attempt, confirmDialog, formDialog } from "./dialogs.js";

const STATUSES = [
  ["online", "Online"],
  ["away", "Away"],
  ["busy", "Busy"],
  ["invisible", "Invisible: others see offline"],
];

export class Account {
  /** `app` has store and session. */
  constructor(app) {
    this.app = app;
    this.store = app.store;
  }

  status() {
    const { status, text } = this.store.status;
    formDialog({
      title: "Your status",
      fields: [
        { name: "status", label: "How others see you", options: STATUSES, value: status },
        { name: "text", label: "A few words", value: text, hint: "At most 140 characters" },
      ],
      action: "Save",
      run: (values) => this.setStatus(values.status, values.text),
    });
  }

  async setStatus(status, text = "") {
    const { fields } = await this.app.session.ask("SETSTATUS", status, text);
    this.store.takeStatus(fields);
  }

  settings() {
    const { typing, reading, words } = this.store.choices.all;
    formDialog({
      title: "Settings",
      said: "They hold in this browser.",
      fields: [
        { name: "typing", label: "Others see that you are typing", type: "checkbox", value: typing },
        { name: "reading", label: "What you have seen is marked as read", type: "checkbox", value: reading },
        { name: "words", label: "Words that count as a mention of you", value: words.join(" "), hint: "Beside your name, with blanks between them" },
      ],
      action: "Save",
      run: (chosen) => this.store.choices.choose({ ...chosen, words: chosen.words.split(/[\s,]+/).filter(Boolean) }),
    });
  }

  password() {
    formDialog({
      title: "Change your password",
      said: "Every other device is signed out.",
      fields: [
        { name: "password", label: "Present password", type: "password", autocomplete: "current-password" },
        { name: "fresh", label: "New password", type: "password", autocomplete: "new-password", hint: "8 to 256 characters, no |" },
      ],
      action: "Change it",
      run: async ({ password, fresh }) => {
        await this.app.session.ask("SETPASSWORD", password, fresh);
        notice("Your password is changed.");
      },
    });
  }

  /** Save everything that is stored about the account: one row of EXPORT a line. */
  async export() {
    const text = await attempt(() => this.#stored());
    if (text === null) return;
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    el("a", { href: address, download: `${this.store.me}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  async #stored() {
    const lines = [];
    for (let after = null; after !== "0"; ) {
      const { rows, fields } = await this.app.session.ask("EXPORT", ...(after ? [after] : []));
      lines.push(...rows.map((row) => row.join("|")));
      after = fields[1] ?? "0";
    }
    return lines.join("\n");
  }

  deleteAccount() {
    formDialog({
      title: "Delete the account",
      said: `${this.store.me} and everything ${this.store.me} wrote will be removed for good.`,
      fields: [{ name: "password", label: "Password", type: "password", autocomplete: "current-password" }],
      action: "Delete for good",
      danger: true,
      run: ({ password }) => this.app.session.ask("DELETEACCOUNT", password),
    });
  }

  signOut() {
    const unsent = this.store.outbox.length;
    if (!unsent) return attempt(() => this.app.session.logOut());
    const said = "Messages that were not sent yet will be lost.";
    return confirmDialog("Sign out?", said, "Sign out", () => this.app.session.logOut());
  }
}
