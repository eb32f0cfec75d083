// Which rows should stand in the list of messages: days, the "New" line, messages in groups, and what is not sent yet.

import { dayOf } from "./dom.js";
import { dayRow, messageRow, newRow, pendingRow, startRow } from "./row.js";

const GROUP_MS = 5 * 60 * 1000;

/**
 * The rows for a talk's messages from one position to another: `[key, version, make]` each; a row whose version is the
 * same need not be made anew. `outbox` holds what is not sent yet, `acts` what the buttons of a row do.
 */
export function wantedRows(talk, from, to, { me, outbox, acts }) {
  const wanted = [];
  const isWhole = talk.endsHere && to === talk.messages.length;
  const lastMine = isWhole ? talk.lastOf(me) : null;
  let before = null;
  if (from === 0 && talk.atStart) wanted.push(["start", "", () => startRow(`This is the beginning of ${talk.name}.`)]);
  for (const message of talk.messages.slice(from, to)) {
    const day = dayOf(message.time);
    const newDay = !before || dayOf(before.time) !== day;
    const isNew = message.id === talk.divider;
    if (newDay) wanted.push([`d${message.id}`, "", () => dayRow(message.time)]); // a clock set back brings a day twice
    if (isNew) wanted.push(["new", "", newRow]);
    const first = newDay || isNew || !continues(before, message);
    const mine = message.sender === me;
    const state = message === lastMine ? stateOf(talk, message) : "";
    wanted.push([`m${message.id}`, `${message.version}${first}${state}`, () => messageRow(message, { me, acts, first, mine, state })]);
    before = message;
  }
  const waiting = isWhole ? outbox.filter((item) => item.to === talk.name) : [];
  return [...wanted, ...waiting.map((item) => [`p${item.tag}`, item.why, () => pendingRow(item, { me, acts })])];
}

/** What has become of this user's last message. */
function stateOf(talk, message) {
  const readers = [...talk.readBy].filter(([, id]) => id >= message.id).map(([name]) => name);
  if (!readers.length) return "Sent";
  return talk.isRoom ? `Read by ${readers.slice(0, 5).join(", ")}${readers.length > 5 ? " and others" : ""}` : "Read";
}

/** Whether a message belongs to the group of the one before it. */
function continues(before, message) {
  return before?.sender === message.sender && new Date(message.time) - new Date(before.time) < GROUP_MS;
}
