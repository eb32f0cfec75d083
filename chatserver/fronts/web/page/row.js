// One row of the list of messages: a message, one that waits, a day, the "New" line. Rows are made anew when they change.

import { asTyped, deedIn, oneLine, textNodes } from "./text.js";
import { bdi, button, clockTime, dayName, disc, el, fullTime, hueOf } from "./dom.js";

/** A day's name between two messages. */
export function dayRow(time) {
  return el("div.row.day", { role: "separator" }, el("span", {}, dayName(time)));
}

export function newRow() {
  return el("div.row.new", { role: "separator", "aria-label": "New messages" }, el("span", {}, "New"));
}

/** The beginning of a talk. */
export function startRow(text) {
  return el("div.row.start", {}, text);
}

/**
 * A message. `first`: the first of its group, which names the sender; `state`: a word under it; `acts` has react(message,
 * emoji), room(name) and search words in `me`.
 */
export function messageRow(message, { first, mine, state, me, acts }) {
  const row = el(`div.row.message${first ? ".first" : ""}${mine ? ".mine" : ""}`, {
    "data-id": String(message.id),
    role: "article",
    tabindex: "-1",
    "aria-label": labelOf(message, state),
  });
  if (first) row.append(disc(message.sender), head(message));
  else row.append(el("time.aside", { datetime: message.time, title: fullTime(message.time) }, clockTime(message.time)));
  row.append(body(message, me, acts));
  if (message.reactions.size) row.append(reactions(message, me, acts));
  if (state) row.append(el("div.state", {}, state));
  return row;
}

/** A message that is not stored yet, or was refused: then it says why, and what one can do. */
export function pendingRow(item, { me, acts }) {
  const text = el("div.body", {}, ...textNodes(item.text, { me }));
  const row = el(`div.row.message.mine.first.pending${item.why ? ".refused" : ""}`, {
    "data-tag": item.tag,
    role: "article",
    tabindex: "-1",
    "aria-label": `${me}, ${item.why ? "not sent" : "waiting"}: ${oneLine(item.text)}`,
  });
  row.append(disc(me), el("div.head", {}, el(`span.sender.hue${hueOf(me)}`, {}, bdi(me))), text);
  if (!item.why) row.append(el("div.state", {}, "waiting"));
  else {
    row.append(
      el(
        "div.state.why",
        { role: "alert" },
        el("span", {}, `Not sent. ${item.why}`),
        button("Edit", () => acts.editRefused(item)),
        button("Try again", () => acts.sendAgain(item)),
        button("Discard", () => acts.discard(item)),
      ),
    );
  }
  return row;
}

function head({ sender, time }) {
  return el(
    "div.head",
    {},
    el(`span.sender.hue${hueOf(sender)}`, {}, bdi(sender)),
    el("time", { datetime: time, title: fullTime(time) }, clockTime(time)),
  );
}

function body(message, me, acts) {
  if (message.deleted) return el("div.body.gone", {}, "This message was deleted");
  const deed = deedIn(message.text);
  const nodes = textNodes(deed ?? message.text, { me, onRoom: acts.room });
  if (deed !== null) nodes[0]?.prepend("* ", bdi(message.sender), " ");
  const edited = message.edited && el("span.edited", { title: fullTime(message.edited) }, "edited");
  return el("div.body", {}, ...nodes, edited);
}

function reactions(message, me, acts) {
  const one = ([emoji, names]) => {
    const who = [...names].join(", ");
    return el(
      `button.reaction${names.has(me) ? ".mine" : ""}`,
      {
        type: "button",
        tabindex: "-1",
        title: who,
        "aria-pressed": String(names.has(me)),
        "aria-label": `${emoji} ${names.size}: ${who}`,
        onclick: () => acts.react(message, emoji),
      },
      el("span", {}, emoji),
      ` ${names.size}`,
    );
  };
  return el("div.reactions", {}, ...[...message.reactions].map(one));
}

function labelOf(message, state) {
  const text = message.deleted ? "deleted message" : asTyped(message.text);
  const edited = message.edited ? ", edited" : "";
  return `${message.sender}, ${clockTime(message.time)}${edited}: ${text}${state ? ` (${state})` : ""}`;
}
