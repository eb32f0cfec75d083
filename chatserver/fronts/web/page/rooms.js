// What one can do with rooms: find, make, enter and leave them, say what they are about, and see to their members.

import { attempt, confirmDialog, formDialog, listDialog } from "./dialogs.js";
import { button, isolated, notice } from "./dom.js";

export class Rooms {
  constructor(app) {
    this.app = app;
    this.store = app.store;
  }

  ask(verb, ...fields) {
    return this.app.session.ask(verb, ...fields);
  }

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
    attempt(() => this.readRooms()).then(() =>
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

  kick(room, name) {
    confirmDialog(`Put ${name} out of ${room}?`, `${name} can come back if the room is public.`, "Put out", async () => {
      await this.giveRole(room, name, "KICK");
    });
  }

  /** Let the owner give a member another part in the room, or do it for one who may. */
  async giveRole(room, name, verb, ...more) {
    await this.ask(verb, room, name, ...more);
    this.app.details.refresh();
  }

  handOver(room, name) {
    const said = `${name} will own ${room}, and you will be a member like others.`;
    confirmDialog(`Hand ${room} over to ${name}?`, said, "Hand over", () => this.giveRole(room, name, "HANDOVER"));
  }

  /** What one may do with a member, given both parts in the room: `[label, call]` each. */
  actsOn(room, name, role, mine) {
    const set = (on) => () => attempt(() => this.giveRole(room, name, "MODERATOR", on));
    const acts = [];
    if (mine === "owner") {
      acts.push(role === "moderator" ? ["No moderator any more", set("off")] : ["Make moderator", set("on")]);
      acts.push(["Hand the room over", () => this.handOver(room, name)]);
    }
    const mayKick = mine === "owner" || (mine === "moderator" && role === "member");
    return mayKick ? [...acts, ["Put out", () => this.kick(room, name)]] : acts;
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
}

function roomName(name) {
  return name.startsWith("#") ? name : `#${name}`;
}
