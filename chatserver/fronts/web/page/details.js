// The pane beside a talk: who it is or what room, what one can do about it, who is in it. It can be closed.

import { attempt } from "./dialogs.js";
import { bdi, button, byId, disc, el, iconButton } from "./dom.js";
import { Members } from "./members.js";

export class Details {
  #asked = 0;
  #shownFor = "";

  constructor(app) {
    this.app = app;
    this.pane = byId("details");
    this.members = new Members({
      talk: (name) => this.#clicked(name),
      actsOn: (...member) => (app.store.open ? app.rooms.actsOn(app.store.open.name, ...member) : []),
    });
  }

  get isShown() {
    return !this.pane.hidden;
  }

  show() {
    this.pane.hidden = false;
    byId("app").classList.add("with-details");
    this.render();
    this.refresh();
    this.pane.querySelector("button")?.focus();
  }

  hide() {
    this.pane.hidden = true;
    this.pane.replaceChildren();
    byId("app").classList.remove("with-details");
  }

  toggle() {
    if (this.isShown) this.hide();
    else this.show();
  }

  /** Ask again who is in the room. */
  async refresh() {
    const talk = this.app.store.open;
    if (!this.isShown || !talk?.isRoom || !this.app.store.rooms.get(talk.name)?.joined) return;
    const asked = (this.#asked += 1);
    const answer = await this.app.session.ask("SHOWMEMBERS", talk.name).catch(() => null);
    if (answer && asked === this.#asked) this.members.show(answer.rows, this.app.store.me);
  }

  render() {
    const talk = this.app.store.open;
    if (!this.isShown) return;
    if (!talk) return this.hide();
    const parts = talk.isRoom ? this.#room(talk.name) : this.#person(talk.name);
    const head = el("header", {}, el("h2", {}, bdi(talk.name)), iconButton("cross", "Close the details", () => this.hide()));
    const version = JSON.stringify([talk.name, parts.version]);
    if (version === this.#shownFor && this.pane.childElementCount) return;
    const changedTalk = JSON.parse(this.#shownFor || "[]")[0] !== talk.name;
    this.#shownFor = version;
    if (changedTalk) this.members.show([], this.app.store.me);
    const focused = document.activeElement;
    const at = this.#buttons().indexOf(focused);
    this.pane.replaceChildren(head, ...parts.content());
    if (at >= 0) (this.#buttons().find((one) => one.textContent === focused.textContent) ?? this.#buttons()[at])?.focus();
    if (changedTalk) this.refresh();
  }

  #buttons() {
    return [...this.pane.querySelectorAll("button")];
  }

  #room(name) {
    const { store, rooms } = this.app;
    const room = store.rooms.get(name) ?? { kind: "public", joined: false, topic: "", members: 0 };
    const acts = [
      ["Invite somebody", () => rooms.invite(name)],
      ["Change the topic", () => rooms.topic(name)],
      ...this.#talkActs(name),
      ["Leave the room", () => rooms.leave(name)],
    ];
    const content = () => [
      el("p.about", {}, room.kind === "private" ? "A private room: only who is invited finds it." : "A public room: everybody may join."),
      el("p.topic", { dir: "auto" }, room.topic || "No topic yet."),
      ...(room.joined ? [stack(acts), el("h3", {}, "Members"), this.members.element] : [stack([["Join", () => attempt(() => rooms.join(name))]])]),
    ];
    return { version: [room.kind, room.topic, room.joined, acts.map(([label]) => label)], content };
  }

  #person(name) {
    const { store, people } = this.app;
    const kind = store.kindOf(name);
    const { status = "", text = "" } = store.friends.get(name) ?? {};
    const blocked = store.blocks.has(name);
    const acts = this.#talkActs(name);
    if (kind === "friend") acts.push(["End the friendship", () => people.unfriend(name)]);
    if (kind === "other" && !blocked) acts.push(["Ask to be friends", () => attempt(() => people.askFriend(name))]);
    if (blocked) acts.push(["Unblock", () => attempt(() => people.unblock(name))]);
    else if (kind !== "bot") acts.push([`Block ${name}`, () => people.confirmBlock(name)]);
    const about = kind === "bot" ? `A bot: ${store.bots.get(name)}.` : blocked ? "You block them." : status || "Not a friend.";
    const content = () => [el("p.profile", {}, disc(name, status), el("span", { dir: "auto" }, about)), text ? el("p.topic", { dir: "auto" }, text) : "", stack(acts)];
    return { version: [kind, status, text, acts.map(([label]) => label)], content };
  }

  /** What one can do with any talk. */
  #talkActs(name) {
    const { store, messages } = this.app;
    const talk = store.talk(name);
    const muted = store.choices.isMuted(name);
    const read = ["Mark as read", () => messages.markRead(talk)];
    return [...(talk.unread && !store.choices.all.reading ? [read] : []), [muted ? "Unmute" : "Mute", () => store.choices.mute(name, !muted)]];
  }

  #clicked(name) {
    const { store, people } = this.app;
    if (store.isMe(name)) return;
    if (store.kindOf(name) === "other") people.addFriend(name);
    else this.app.openTalk(name);
  }
}

function stack(acts) {
  return el("div.stack", {}, ...acts.map(([label, call]) => button(label, call)));
}
