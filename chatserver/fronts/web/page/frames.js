// Lines of a server to events, and commands to lines (PROTOCOL.md, "Frames"): the shape of each frame and nothing else.
// An event is an object whose `type` is the name that the Python client gives it (chatclient/events.py), so that one
// table of conversations holds for both. No state, no sockets, no document. What is not known becomes `OtherEvent` or
// `Garbage`, so that a newer server never breaks an older page.

const VERSION = "1";
const FRAME_BYTES_MAX = 8192;

/** The verbs whose last field may hold `|`. */
const FREE_TEXT = new Set(["PING", "SETSTATUS", "SENDMESSAGE", "EDITMESSAGE", "SEARCH", "SETTOPIC", "REPORT", "ADMIN"]);
/** The verbs that need no login, whose first field is not filled in here. */
export const NAMELESS = new Set(["SIGNUP", "REDEEM", "LOGIN", "RESUME", "PING", "HELP", "QUIT", "RAW"]);

const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const STORE = /^[0-9a-f]{1,16}\.[0-9a-f]{1,16}$/; // the last field of HELLO: which store, and its epoch
const encoder = new TextEncoder();

/** What was asked for cannot be sent; the message is a sentence that says what to do. */
export class BadCommand extends Error {}

/** The server's refusal of a command, or that the connection was lost before its answer. */
export class Refusal extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

const MESSAGE = ["id", "time", "sender", "to", "text"];
const KINDS = {
  MESSAGE: ["Message", MESSAGE],
  MISSED: ["Message", MESSAGE],
  EDITED: ["Edited", MESSAGE],
  DELETED: ["Deleted", ["id", "sender", "to"]],
  REACTION: ["Reaction", ["id", "sender", "to", "emoji", "change"]],
  FRIENDREQUEST: ["FriendRequest", ["name"]],
  FRIENDADDED: ["FriendAdded", ["name", "status", "text"]],
  FRIENDREMOVED: ["FriendRemoved", ["name"]],
  STATUS: ["StatusChanged", ["name", "status", "text"]],
  READ: ["Read", ["reader", "place", "id"]],
  TYPING: ["Typing", ["sender", "to"]],
  INVITED: ["Invited", ["room", "by"]],
  JOINED: ["Joined", ["room", "name"]],
  LEFT: ["Left", ["room", "name"]],
  TOPIC: ["Topic", ["room", "by", "text"]],
  NOTICE: ["Notice", ["text"]],
};
const ORIGINS = { MESSAGE: "live", MISSED: "missed" };

// The last field of an answer may hold `|`: how many fields there are says where to stop cutting.
const ROW_FIELDS = { HELP: 3, SHOWFRIENDS: 3, HISTORY: 5, SYNC: 5, SEARCH: 5, SHOWROOMS: 5, SHOWBOTS: 2, EXPLAIN: 3 };
const OK_FIELDS = { PING: 1, SETSTATUS: 2, SETTOPIC: 2 };

/** Understand one line of a server. Never fails: what is no frame becomes `Garbage`. */
export function parseFrame(line) {
  const [kind, rest] = partition(line);
  const frame = Object.hasOwn(PARSERS, kind) ? PARSERS[kind](rest ?? "") : null;
  return frame ?? { type: "Garbage", why: `The server sent a line that is no frame: ${shown(line)}` };
}

/** A line in quotes, cut short, for a sentence about it. */
export function shown(line, charsMax = 60) {
  const chars = [...line];
  return chars.length <= charsMax ? `“${line}”` : `“${chars.slice(0, charsMax).join("")}…”`;
}

/** A row of HISTORY, SYNC or SEARCH as a message; null if it is malformed. */
export function messageFromRow(row, origin) {
  if (row.length !== 5 || !isNumber(row[0])) return null;
  const [id, time, sender, to, text] = row;
  return { type: "Message", id: Number(id), time, sender, to, text, origin };
}

/** The frame of a command, without its line end. Throws BadCommand where the server would answer BAD_FRAME. */
export function commandLine(verb, tag, fields) {
  if (verb === "RAW") return checkedLine(tagged(fields[0], tag));
  const whole = FREE_TEXT.has(verb) ? fields.slice(0, -1) : fields;
  if (whole.some((value) => value.includes("|"))) {
    throw new BadCommand("A field cannot hold “|”: take it out and try again");
  }
  return checkedLine([`${verb}#${tag}`, ...fields].join("|"));
}

/** A text without the characters that no frame may hold. */
export function cleaned(text) {
  return text.replace(FORBIDDEN, "").replace(LONE_SURROGATE, "");
}

function checkedLine(line) {
  if (cleaned(line) !== line) {
    throw new BadCommand("A line break, a control or a bidirectional character cannot be sent: take it out");
  }
  if (encoder.encode(line).length >= FRAME_BYTES_MAX) {
    throw new BadCommand(`This is too long: a line has at most ${FRAME_BYTES_MAX} bytes. Send it in parts`);
  }
  return line;
}

function tagged(line, tag) {
  const [verb, rest] = partition(line);
  return verb.includes("#") ? line : [`${verb}#${tag}`, ...(rest === null ? [] : [rest])].join("|");
}

function partition(text, mark = "|") {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** Fields, the last of which is all that remains once there are `most`. */
function cut(text, most = Infinity) {
  if (text === null) return [];
  const fields = text.split("|");
  return fields.length <= most ? fields : [...fields.slice(0, most - 1), fields.slice(most - 1).join("|")];
}

function isNumber(text) {
  return /^[0-9]{1,18}$/.test(text);
}

function echo(rest) {
  const [head, fields] = partition(rest);
  const [verb, tag] = partition(head, "#");
  return [verb, tag ?? "", fields];
}

function happening(rest) {
  const [kind, text] = partition(rest);
  if (!Object.hasOwn(KINDS, kind)) return { type: "OtherEvent", kind, fields: (text ?? "").split("|") };
  const [type, names] = KINDS[kind];
  const values = cut(text ?? "", names.length);
  const at = names.indexOf("id");
  if (values.length !== names.length || (at >= 0 && !isNumber(values[at]))) return null;
  const made = { type };
  names.forEach((name, index) => (made[name] = index === at ? Number(values[index]) : values[index]));
  if (ORIGINS[kind]) made.origin = ORIGINS[kind];
  return made;
}

function hello(rest) {
  const [name, version, ...text] = rest.split("|");
  if (name !== "chatserver") return null;
  if (version !== VERSION) {
    const text = `The server speaks version ${shown(version ?? "")} of the protocol, this client ${VERSION}`;
    return { type: "Stranger", text };
  }
  const store = STORE.test(text.at(-1) ?? "") ? text.pop() : "";
  return { type: "Hello", text: text.join("|"), store };
}

const PARSERS = {
  HELLO: hello,
  BYE(rest) {
    const [reason, text] = partition(rest);
    return { type: "Bye", reason, text: text ?? "" };
  },
  OK(rest) {
    const [verb, tag, fields] = echo(rest);
    return { type: "Ok", verb, tag, fields: cut(fields, OK_FIELDS[verb]), rows: [] };
  },
  ITEM(rest) {
    const [verb, tag, row] = echo(rest);
    return { type: "Item", verb, tag, row: cut(row, ROW_FIELDS[verb]) };
  },
  ERR(rest) {
    const [verb, tag, fields] = echo(rest);
    const [code, text] = partition(fields ?? "");
    return { type: "Refused", verb, tag, code, text: text ?? "" };
  },
  EVENT: happening,
};
