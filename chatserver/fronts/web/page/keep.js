// What outlives the page: logins, drafts, what was not sent yet, and choices. Passwords are never kept.
// localStorage is for every tab of this browser, sessionStorage for this tab and its reloads. Each user has places of
// their own, and each tab knows whose it is: two users in two tabs do not meet. Where the browser allows neither,
// everything works and is forgotten with the tab.

const USER = "pipechat.user"; // this tab: whose it is, "" once they have signed out; every tab: who came last
const THEME = "pipechat.theme";
const KEPT_MS = 24 * 60 * 60 * 1000;
const OF_A_USER = ["login", "talk", "outbox", "drafts", "choices"];

function area(name) {
  try {
    return globalThis[name];
  } catch {
    return null; // storage is forbidden here
  }
}
const everyTab = area("localStorage");
const thisTab = area("sessionStorage");

function read(store, key) {
  try {
    return JSON.parse(store?.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** Tells whether it is kept now. */
function write(store, key, value) {
  try {
    if (value === null) store?.removeItem(key);
    else store?.setItem(key, JSON.stringify(value));
    return Boolean(store);
  } catch {
    return false; // full or forbidden: what is said stays on the page
  }
}

const of = (what, user) => `pipechat.${what}.${user}`;

/** The kept login `{user, name, token, lastId, server, stay}` of this tab, or for a new tab of who came last; or null. */
export function loadLogin() {
  const own = read(thisTab, USER);
  for (const user of own === null ? [read(everyTab, USER), ...staying()] : [own]) {
    const kept = read(thisTab, of("login", user)) ?? read(everyTab, of("login", user));
    if (typeof kept?.name === "string" && typeof kept.token === "string") return kept;
  }
  return null;
}

/** Who stays signed in in this browser. */
function staying() {
  const begin = of("login", "");
  return Object.keys(everyTab ?? {}).filter((key) => key.startsWith(begin)).map((key) => key.slice(begin.length));
}

/** Keep a login; one that every tab should have, but storage is full, is at least this tab's. */
export function saveLogin(login) {
  const { user, stay } = login;
  write(thisTab, USER, user);
  if (stay && write(everyTab, of("login", user), login)) write(everyTab, USER, user);
  else write(thisTab, of("login", user), login);
}

/** Called when another tab of this browser has signed out the user of this one. */
export function onSignedOutElsewhere(call) {
  addEventListener("storage", ({ key, newValue }) => {
    const own = of("login", read(thisTab, USER));
    if (newValue === null && (key === null || key === own) && !read(thisTab, own)) call();
  });
}

/** Sign out: nothing of the account stays, and this tab does not become another user's by itself. */
export function forget(user) {
  for (const store of [everyTab, thisTab]) for (const what of OF_A_USER) write(store, of(what, user), null);
  if (read(everyTab, USER) === user) write(everyTab, USER, null);
  write(thisTab, USER, staying().length ? "" : null);
}

/** The name of the talk last open. */
export const loadTalk = (user) => read(thisTab, of("talk", user)) ?? read(everyTab, of("talk", user)) ?? "";

export function saveTalk(user, name) {
  for (const store of [thisTab, everyTab]) write(store, of("talk", user), name);
}

/**
 * What was written and is not known to be stored: a list of `{tag, to, text, at, why}`. The server knows a tag for a day;
 * what is older is not sent again without being asked for.
 */
export function loadOutbox(user, now = Date.now()) {
  const held = read(thisTab, of("outbox", user));
  if (!Array.isArray(held)) return [];
  return held.map((item) => ({ ...item, why: item.why || (now - item.at < KEPT_MS ? "" : "It was written more than a day ago.") }));
}

export const saveOutbox = (user, items) => write(thisTab, of("outbox", user), items.length ? items : null);

/** The draft of a talk; drafts are for all tabs, so that they outlive this one. */
export const loadDraft = (user, place) => (read(everyTab, of("drafts", user)) ?? {})[place] ?? "";

export function saveDraft(user, place, text) {
  const drafts = read(everyTab, of("drafts", user)) ?? {};
  if (text) drafts[place] = text;
  else delete drafts[place];
  write(everyTab, of("drafts", user), Object.keys(drafts).length ? drafts : null);
}

export const loadChoices = (user) => read(everyTab, of("choices", user)) ?? {};
export const saveChoices = (user, choices) => write(everyTab, of("choices", user), choices);

/** Called when another tab has kept something else under that user's choices. */
export function onChosenElsewhere(call) {
  addEventListener("storage", ({ key }) => key === of("choices", read(thisTab, USER)) && call());
}

export const loadTheme = () => read(everyTab, THEME) ?? "system";
export const saveTheme = (theme) => write(everyTab, THEME, theme === "system" ? null : theme);
