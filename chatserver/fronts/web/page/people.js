// What one can do with people: ask, accept, part, block; each is a dialog or a question, and a command of the protocol.

import { confirmDialog, formDialog, listDialog } from "./dialogs.js";
import { isolated, notice } from "./dom.js";

export class People {
  constructor(app) {
    this.app = app;
    this.store = app.store;
  }

  ask(verb, ...fields) {
    return this.app.session.ask(verb, ...fields);
  }

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
        buttons: [["Join", (dialog) => this.app.rooms.join(room).then(() => dialog.close())]],
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
}
