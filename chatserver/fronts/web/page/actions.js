// What a person can do beside talking, with people, rooms and messages: each is a dialog or a question, and a command of
// the protocol.

import { button, el, isolated, notice } from "./dom.js";
import { confirmDialog, formDialog, listDialog, openDialog } from "./dialogs.js";
import { oneLine } from "./text.js";
import { SLASHES } from "./slash.js";

export class Actions {
  /** `app` has store, session, openTalk(name), closeTalk() and showCard(). */
  constructor(app) {
    this.app = app;
    this.store = app.store;
  }

  ask(verb, ...fields) {
    return this.app.session.ask(verb, ...fields);
  }

  /** Do it and say in a sentence what went wrong. */
  async attempt(doing) {
    try {
      return await (typeof doing === "function" ? doing() : doing);
    } catch (refusal) {
      notice(refusal.message);
      return null;
    }
  }

  // Friends

  addFriend(name = "") {
    formDialog({
      title: "Add a friend",
      fields: [{ name: "name", label: "Their user name", value: name }],
      action: "Ask",
      run: async (values) => this.askFriend(values.name.trim()),
    });
  }

  async askFriend(name) {
    const { fields } = await this.ask("ADDFRIEND", name);
    if (fields[1] === "requested") {
      this.store.requestsOut.add(fields[0]);
      notice(`${isolated(fields[0])} has been asked. You can write to each other once they accept.`);
    } else {
      await this.readFriends();
      this.app.openTalk(fields[0]);
    }
    this.store.changed();
  }

  async accept(name) {
    await this.ask("ACCEPTFRIEND", name);
    this.store.requestsIn.delete(name);
    await this.readFriends();
  }

  async reject(name) {
    await this.ask("REJECTFRIEND", name);
    this.store.requestsIn.delete(name);
    this.store.changed();
  }

  async takeBack(name) {
    await this.ask("DELETEFRIEND", name);
    this.store.requestsOut.delete(name);
    this.store.changed();
  }

  requests() {
    const { store } = this;
    const rows = () => [
      ...[...store.requestsIn].map((name) => ({
        name,
        about: "wants to be your friend",
        buttons: [
          ["Accept", () => this.accept(name)],
          ["Reject", () => this.reject(name)],
          ["Block", () => this.block(name)],
        ],
      })),
      ...[...store.invitations].map(([room, by]) => ({
        name: room,
        about: `${by} invites you`,
        buttons: [["Join", (dialog) => this.join(room).then(() => dialog.close())]],
      })),
      ...[...store.requestsOut].map((name) => ({
        name,
        about: "you have asked",
        buttons: [["Take back", () => this.takeBack(name)]],
      })),
    ];
    listDialog({ title: "Requests", rows, empty: ["There are no open requests.", "Add a friend", () => this.addFriend()] });
  }

  unfriend(name) {
    const said = `You and ${name} will not be able to write to each other. What was said stays.`;
    confirmDialog(`End the friendship with ${name}?`, said, "End it", async () => {
      await this.ask("DELETEFRIEND", name);
      this.store.friends.delete(name);
      this.store.changed();
    });
  }

  async block(name) {
    await this.ask("BLOCK", name);
    this.store.blocks.add(name);
    this.store.friends.delete(name);
    this.store.requestsIn.delete(name);
    this.store.requestsOut.delete(name);
    this.store.changed();
  }

  confirmBlock(name) {
    const said = `You will hear nothing more of ${name}, and the friendship ends. ${name} is not told.`;
    confirmDialog(`Block ${name}?`, said, "Block", () => this.block(name));
  }

  async unblock(name) {
    await this.ask("UNBLOCK", name);
    this.store.blocks.delete(name);
    this.store.changed();
  }

  blocks() {
    const rows = () => [...this.store.blocks].map((name) => ({ name, buttons: [["Unblock", () => this.unblock(name)]] }));
    listDialog({ title: "Blocked", rows, empty: ["You block nobody."] });
  }

  async readFriends() {
    this.store.takeFriends((await this.ask("SHOWFRIENDS")).rows);
  }

  // Rooms

  findRoom() {
    const { store } = this;
    const rows = () =>
      [...store.rooms].map(([name, { kind, members, joined, topic }]) => ({
        name,
        about: `${members} in it${kind === "private" ? ", private" : ""}${topic ? ` · ${topic}` : ""}`,
        buttons: [
          joined
            ? ["Open", (dialog) => (dialog.close(), this.app.openTalk(name))]
            : ["Join", (dialog) => this.join(name).then(() => dialog.close())],
        ],
      }));
    const make = button("Make a room", () => this.createRoom());
    const empty = ["No such room is in the list.", "Make a room", () => this.createRoom()];
    this.attempt(() => this.readRooms()).then(() =>
      listDialog({ title: "Rooms", filter: "Find a room", rows, empty, more: [make] }),
    );
  }

  async readRooms() {
    this.store.takeRooms((await this.ask("SHOWROOMS")).rows);
  }

  createRoom(name = "") {
    formDialog({
      title: "Make a room",
      fields: [
        { name: "name", label: "Name", value: name, hint: "Letters, digits, - _ and . in any script" },
        {
          name: "kind",
          label: "Who may come in",
          value: "public",
          options: [
            ["public", "Public: everybody finds it and may join"],
            ["private", "Private: only who is invited"],
          ],
        },
      ],
      action: "Make it",
      run: (values) => this.makeRoom(values.name.trim(), values.kind),
    });
  }

  async makeRoom(name, kind) {
    const { fields } = await this.ask("CREATEROOM", roomName(name), kind);
    await this.readRooms();
    this.app.openTalk(fields[0]);
  }

  async join(room) {
    const { fields } = await this.ask("JOIN", roomName(room));
    this.store.invitations.delete(fields[0]);
    if (!this.store.rooms.get(fields[0])?.joined) this.store.talk(fields[0]).forgetWindow(); // much may have been said
    await this.readRooms();
    this.app.openTalk(fields[0]);
  }

  invite(room) {
    formDialog({
      title: `Invite to ${room}`,
      fields: [{ name: "name", label: "Whom" }],
      action: "Invite",
      run: async ({ name }) => {
        const { fields } = await this.ask("INVITE", room, name.trim());
        notice(`${isolated(fields[1])} is invited to ${isolated(room)}.`);
      },
    });
  }

  topic(room) {
    formDialog({
      title: `The topic of ${room}`,
      fields: [{ name: "text", label: "What it is about", value: this.store.rooms.get(room)?.topic ?? "" }],
      action: "Save",
      run: ({ text }) => this.setTopic(room, text),
    });
  }

  async setTopic(room, text) {
    const { fields } = await this.ask("SETTOPIC", room, text);
    const known = this.store.rooms.get(room);
    if (known) known.topic = fields[1] ?? "";
    this.store.changed();
  }

  kick(room, name, then) {
    confirmDialog(`Put ${name} out of ${room}?`, `${name} can come back if the room is public.`, "Put out", async () => {
      await this.ask("KICK", room, name);
      then();
    });
  }

  leave(room) {
    const isPrivate = this.store.rooms.get(room)?.kind === "private";
    const said = isPrivate ? "You can only come back if you are invited." : "You can join again at any time.";
    confirmDialog(`Leave ${room}?`, said, "Leave", async () => {
      await this.ask("LEAVE", room);
      this.app.closeTalk(room);
      await this.readRooms();
    });
  }

  // Messages

  remove(talk, message) {
    confirmDialog("Delete this message?", `“${oneLine(message.text).slice(0, 200)}” is removed for everybody.`, "Delete", () =>
      this.app.session.remove(talk, message),
    );
  }

  async explain(message) {
    const answer = await this.attempt(this.ask("EXPLAIN", String(message.id)));
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

  /** Administer the server, for those who may. */
  async administer(command) {
    const { rows, fields } = await this.ask("ADMIN", command || "help");
    openDialog("Administration", el("pre", {}, [...rows.map((row) => row.join("  ")), fields[1]].join("\n")));
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

function roomName(name) {
  return name.startsWith("#") ? name : `#${name}`;
}
