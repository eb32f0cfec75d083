// The commands a person types behind a slash: those of the terminal client that mean something on a page.
// A row is how it is used, what it is for, and what it does with the rest of the line. `app` is the composition (app.js).

class UsageError extends Error {}

const verb = (name, said) => async (app, rest) => {
  if (!rest) throw new UsageError();
  const { fields } = await app.session.ask(name, app.store.spelled(rest));
  app.notice(said(fields[0]));
  await app.session.readLists();
};

/** The room that is meant and the rest: the open one unless another is named. */
function roomAnd(app, rest) {
  const [first, ...words] = rest.split(" ");
  if (first.startsWith("#")) return [app.store.spelled(first), words.join(" ").trim()];
  if (!app.store.open?.isRoom) throw new UsageError("Which room? Give its name, as in #lobby, or open it");
  return [app.store.open.name, rest];
}

/** Ask for something to be done with a member of a room. */
function inRoom(app, verb, rest) {
  const [room, words] = roomAnd(app, rest);
  const [name, ...more] = need(words).split(/ +/);
  return app.rooms.giveRole(room, name, verb, ...more);
}

/** The message with that number, or the last one in question. */
function message(app, last) {
  const talk = app.store.open;
  const found = talk && last(talk);
  if (!found) throw new UsageError("Which message? Open a talk that has one");
  return [talk, found];
}

const lastMine = (app) => message(app, (talk) => talk.lastOf(app.store.me));
const lastOfAll = (app) => message(app, (talk) => talk.messages.findLast(({ deleted }) => !deleted));

function opened({ store }) {
  if (!store.open) throw new UsageError("Which talk? Open it, or give its name");
  return store.open;
}

function need(rest) {
  if (!rest) throw new UsageError();
  return rest;
}

const ROWS = [
  ["/help", "show the keys and the commands", (app) => app.actions.help()],
  ["/to NAME or #ROOM", "open a talk; without a name, go to one", (app, rest) => (rest ? app.openTalk(app.store.spelled(rest)) : app.switcher())],
  ["/msg NAME TEXT", "write to somebody without opening the talk", (app, rest) => {
    const [name, ...words] = need(rest).split(" ");
    app.messages.send(app.store.spelled(name), need(words.join(" ").trim()));
  }],
  ["/me TEXT", "say what you do, as in: * ana waves", (app, rest) => app.messages.send(opened(app).name, `/me ${need(rest)}`)],
  ["/mute [NAME]", "hear nothing of a talk unless you look", (app, rest) => app.store.choices.mute(rest || opened(app).name, true)],
  ["/unmute [NAME]", "hear of it again", (app, rest) => app.store.choices.mute(rest || opened(app).name, false)],
  ["/settings", "what others see of you, and which words call you", (app) => app.account.settings()],
  ["/friends", "list your friends", (app) => app.switcher()],
  ["/requests", "list friend requests and invitations", (app) => app.people.requests()],
  ["/add NAME", "ask somebody to be your friend", (app, rest) => (rest ? app.people.askFriend(rest) : app.people.addFriend())],
  ["/accept NAME", "say yes to a friend request", (app, rest) => app.people.accept(app.store.spelled(need(rest)))],
  ["/reject NAME", "say no to a friend request", (app, rest) => app.people.reject(app.store.spelled(need(rest)))],
  ["/remove NAME", "end a friendship, or take back a request", verb("DELETEFRIEND", (name) => `You and ${name} are not friends.`)],
  ["/block NAME", "hear nothing more of somebody", verb("BLOCK", (name) => `You block ${name}.`)],
  ["/unblock NAME", "end a block", verb("UNBLOCK", (name) => `You do not block ${name}.`)],
  ["/blocks", "list whom you block", (app) => app.people.blocks()],
  ["/status STATUS [TEXT]", "be online, away, busy or invisible", (app, rest) => {
    const [status, ...words] = rest.split(" ");
    return status ? app.account.setStatus(status.toLowerCase(), words.join(" ")) : app.account.status();
  }],
  ["/search WORDS", "find messages that hold all the words", (app, rest) => app.search.open(rest)],
  ["/read", "mark this talk as read", (app) => app.messages.markRead(opened(app))],
  ["/edit TEXT", "correct your last message", (app, rest) => {
    const [talk, found] = lastMine(app);
    return rest ? app.messages.edit(talk, found, rest) : app.composer.edit(found);
  }],
  ["/delete", "take back your last message", (app) => app.actions.remove(...lastMine(app))],
  ["/react EMOJI", "put an emoji under the last message, or take it away", (app, rest) => {
    const [talk, found] = lastOfAll(app);
    return app.messages.react(talk, found, need(rest));
  }],
  ["/report", "tell the administrators of the last message", (app) => app.actions.report(message(app, (talk) => talk.lastOfOthers(app.store.me))[1])],
  ["/explain", "tell what became of your last message", (app) => app.actions.explain(lastMine(app)[1])],
  ["/rooms", "list the rooms", (app) => app.rooms.findRoom()],
  ["/create #ROOM [private]", "make a room", (app, rest) => {
    const [name, kind] = rest.split(" ");
    return name ? app.rooms.makeRoom(name, kind || "public") : app.rooms.createRoom();
  }],
  ["/join #ROOM", "go into a room", (app, rest) => app.rooms.join(need(rest))],
  ["/leave [#ROOM]", "leave a room", (app, rest) => app.rooms.leave(roomAnd(app, rest)[0])],
  ["/members", "list who is in the room", (app) => app.details.show()],
  ["/invite [#ROOM] NAME", "ask somebody into a room", async (app, rest) => {
    const [room, name] = roomAnd(app, rest);
    if (!name) return app.rooms.invite(room);
    await app.session.ask("INVITE", room, name);
    return app.notice(`${name} is invited to ${room}.`);
  }],
  ["/kick [#ROOM] NAME", "put somebody out of your room", (app, rest) => inRoom(app, "KICK", rest)],
  ["/handover [#ROOM] NAME", "make somebody owner of your room", (app, rest) => inRoom(app, "HANDOVER", rest)],
  ["/moderator [#ROOM] NAME on|off", "let a member help you in your room", (app, rest) => inRoom(app, "MODERATOR", rest)],
  ["/topic [#ROOM] [TEXT or -]", "say what a room is about; - clears it", (app, rest) => {
    const [room, text] = roomAnd(app, rest);
    return text ? app.rooms.setTopic(room, text === "-" ? "" : text) : app.rooms.topic(room);
  }],
  ["/bots", "list the bots", (app) => app.switcher()],
  ["/passwd", "change your password", (app) => app.account.password()],
  ["/export", "save all that is stored about you", (app) => app.account.export()],
  ["/ping", "see whether the server answers", (app) => app.session.ask("PING").then(() => app.notice("The server answers."))],
  ["/admin [COMMAND]", "administer the server, if you may", (app, rest) => app.actions.administer(rest || "help")],
  ["/deleteaccount", "remove your account and all you wrote, for good", (app) => app.account.deleteAccount()],
  ["/logout", "sign out", (app) => app.account.signOut()],
];

/** Every command by its name, in the order in which help lists them. */
export const SLASHES = Object.fromEntries(
  ROWS.map(([usage, help, run]) => [usage.split(" ")[0].slice(1), { usage, help, run }]),
);

/** Do what a line says. Returns false where it is a text: one that begins with no slash, or with two. */
export function isCommand(typed) {
  return /^\/(?!\/)/.test(typed);
}

/** Run a command; what goes wrong is thrown as a sentence. */
export async function runCommand(app, typed) {
  const [, word, rest] = typed.match(/^\/(\S*)\s*([\s\S]*)$/);
  const name = word.toLowerCase();
  if (!Object.hasOwn(SLASHES, name)) throw new Error(`There is no /${word}. See /help`);
  const command = SLASHES[name];
  try {
    await command.run(app, rest.trim());
  } catch (error) {
    if (error instanceof UsageError) throw new Error(error.message || `Usage: ${command.usage} (${command.help})`);
    throw error;
  }
}

/** The commands that begin so, for the list above the field. */
export function suggestions(typed) {
  const begun = typed.match(/^\/(\w*)$/)?.[1].toLowerCase();
  if (begun === undefined) return [];
  return Object.values(SLASHES).filter(({ usage }) => usage.slice(1).startsWith(begun));
}
