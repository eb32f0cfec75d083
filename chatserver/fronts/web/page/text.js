// A message's text to nodes: lines, links, names, rooms, code. Never HTML: what was typed is what is shown.

import { el } from "./dom.js";

export const LINE_BREAK = "␤"; // stands for a line break within a text (PROTOCOL.md)
const TRAILING = /[.,:;!?"'”’»*_~]+$/u;
const PARTS = /(`[^`␤]+`)|(https?:\/\/[^\s␤<>"]+)|(?<![\p{L}\p{N}_#])(#[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}_.-]{0,31})|(?<![\p{L}\p{N}_@.])(@[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}_.-]{0,31})/gu;
const FENCE = /```(?:[\p{L}\p{N}+-]*␤)?([\s\S]*?)```/gu;

/** Nodes for a text. `me`: whose mentions stand out; `onRoom(name)`: what a click on a room does. */
export function textNodes(text, { me = "", onRoom = null } = {}) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(FENCE)) {
    const code = match[1].replace(/^␤|␤$/g, "");
    if (!code) continue;
    nodes.push(...lines(text.slice(from, match.index).replace(/␤$/, ""), me, onRoom));
    nodes.push(el("pre", { tabindex: "-1" }, el("code", { dir: "auto" }, code.replaceAll(LINE_BREAK, "\n"))));
    from = match.index + match[0].length;
    if (text[from] === LINE_BREAK) from += 1;
  }
  nodes.push(...lines(text.slice(from), me, onRoom));
  return nodes;
}

/** A text in one line, for a notification, a list or a label. */
export const oneLine = (text) => text.replaceAll(LINE_BREAK, " ");

/** A text as one types it. */
export const asTyped = (text) => text.replaceAll(LINE_BREAK, "\n");

/** The text of somebody who says what they do: `/me waves`; else null. */
export const deedIn = (text) => (text.startsWith("/me ") ? text.slice(4) : null);

/** What somebody said in one line, as a list or a notification has it. */
export const brief = (text) => oneLine(deedIn(text) ?? text);

/** Whether a text speaks to that name (`@name`, in any letter case), or holds one of the words. */
export function mentions(text, name, words = []) {
  const wanted = `@${name}`.toLowerCase();
  if (Array.from(text.matchAll(PARTS)).some((match) => nameIn(match[4] ?? "").toLowerCase() === wanted)) return true;
  const said = text.toLowerCase().split(/[^\p{L}\p{N}\p{M}_-]+/u);
  return words.some((word) => said.includes(word.toLowerCase()));
}

function lines(text, me, onRoom) {
  if (!text) return [];
  // Each line by itself finds its direction.
  return text.split(LINE_BREAK).map((line) => el("div.line", { dir: "auto" }, ...inline(line, me, onRoom)));
}

function inline(line, me, onRoom) {
  const nodes = [];
  let from = 0;
  for (const match of line.matchAll(PARTS)) {
    const [whole, code, address, room, name] = match;
    const [node, length] = code ? [el("code", {}, code.slice(1, -1)), code.length] : special(address, room, name, me, onRoom);
    if (!node) continue;
    nodes.push(line.slice(from, match.index), node);
    from = match.index + (length ?? whole.length);
  }
  nodes.push(line.slice(from));
  return nodes.filter((node) => node !== "");
}

function special(address, room, name, me, onRoom) {
  if (address) return link(address);
  if (room) {
    const named = nameIn(room);
    if (!onRoom || named.length < 2) return [null, 0];
    const open = () => onRoom(named);
    return [el("button.room-name", { type: "button", tabindex: "-1", onclick: open }, el("bdi", {}, named)), named.length];
  }
  const named = nameIn(name);
  const mine = me && named.toLowerCase() === `@${me}`.toLowerCase();
  return [el(mine ? "bdi.mention.mine" : "bdi.mention", {}, named), named.length];
}

/** A name at the end of a sentence does not take its full stop along. */
function nameIn(word) {
  return word.replace(/[.-]+$/, "");
}

/** An address as a link, without what ends the sentence around it. */
function link(found) {
  let address = found.replace(TRAILING, "");
  while (address.endsWith(")") && address.split(")").length > address.split("(").length) {
    address = address.slice(0, -1).replace(TRAILING, "");
  }
  let url;
  try {
    url = new URL(address);
  } catch {
    return [null, 0];
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return [null, 0];
  const properties = { href: url.href, target: "_blank", rel: "noopener noreferrer", tabindex: "-1" };
  return [el("a", properties, el("bdi", {}, address)), address.length];
}
