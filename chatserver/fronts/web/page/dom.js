// Making elements, and how names and times look. Nothing here ever parses HTML: text becomes text nodes.

import { nameKey } from "./core.js";

/**
 * An element: `el("button.quiet", {type: "button", onclick}, "Send")`. Properties that begin with `on` are listeners,
 * `null` and `false` leave an attribute out; children are nodes or text.
 */
export function el(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function button(label, onclick, properties = {}) {
  return el("button", { type: "button", onclick, ...properties }, label);
}

/** A button that shows a sign (icons.css) and says a word. */
export function iconButton(sign, label, onclick, properties = {}) {
  const icon = el(`span.sign.${sign}`, { "aria-hidden": "true" });
  return el("button.icon", { type: "button", "aria-label": label, title: label, onclick, ...properties }, icon);
}

/** A name, kept apart from the direction of the text around it. */
export const bdi = (name) => el("bdi", {}, name);

/** A name within a sentence that is no markup: it does not turn the sentence's direction. */
export const isolated = (name) => `\u2068${name}\u2069`;

export const byId = (id) => document.getElementById(id);

const HUES = 12;

/** The same colour for a name everywhere. */
export function hueOf(name) {
  let sum = 2166136261; // FNV-1a: names that are alike differ in colour
  for (const char of nameKey(name)) sum = Math.imul(sum ^ char.codePointAt(0), 16777619);
  return (sum >>> 10) % HUES;
}

/** The initial of a name in a disc of its colour; a room's is `#`. */
export function disc(name, status = "") {
  const letter = name.startsWith("#") ? "#" : [...name][0].toUpperCase();
  const mark = status ? [el(`span.mark.${status}`, {})] : [];
  return el(`span.disc.hue${hueOf(name)}`, { "aria-hidden": "true" }, letter, mark);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const fullDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_MS = 24 * 60 * 60 * 1000;

export const clockTime = (time) => clock.format(new Date(time));
export const fullTime = (time) => full.format(new Date(time));

/** Which day of the reader's calendar a time falls on. */
export const dayOf = (time) => new Date(time).toDateString();

/** How a day is called: Today, Yesterday, a weekday within the week, else a date. */
export function dayName(time, now = new Date()) {
  const then = new Date(time);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((midnight - new Date(then.getFullYear(), then.getMonth(), then.getDate())) / DAY_MS);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days > 1 && days < 7) return weekday.format(then);
  return then.getFullYear() === now.getFullYear() ? date.format(then) : fullDate.format(then);
}

/** A time as short as a list has room for. */
export function briefTime(time) {
  return dayOf(time) === new Date().toDateString() ? clockTime(time) : short.format(new Date(time));
}

/** Say something to a screen reader, once. */
export function announce(text) {
  byId("announcer").textContent = text;
}

let hiding = 0;

/** A sentence at the foot of the page, for a while; `action` is `[label, call]`. */
export function notice(text, action = null) {
  const place = byId("notice");
  const act = action && button(action[0], () => (hide(), action[1]()));
  place.replaceChildren(el("span", {}, text), ...(act ? [act] : []), iconButton("cross", "Dismiss", hide));
  place.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hide, 10_000);
}

function hide() {
  byId("notice").hidden = true;
}
