// Dialogs: a form that asks, a list to choose from, a question before what cannot be undone. They know no verb: what a
// dialog does was given to it, and a refusal is shown as the server says it, at the field it is about.

import { button, el, iconButton, notice } from "./dom.js";

/** Which field a refusal is about, where a form has one of that name. */
const FIELD_OF = { BAD_NAME: "name", NAME_TAKEN: "name", NO_SUCH_USER: "name", NO_SUCH_ROOM: "name", SELF: "name" };
Object.assign(FIELD_OF, { BAD_PASSWORD: "fresh", BAD_LOGIN: "password" });

let numbers = 0;

/** An empty dialog with a title; it is taken away when it closes, and the focus goes back to where it was. */
export function openDialog(title, ...content) {
  const id = `dialog${(numbers += 1)}`;
  const before = document.activeElement;
  const dialog = el("dialog", { "aria-labelledby": id });
  const head = el("header", {}, el("h2", { id }, title), iconButton("cross", "Close", () => dialog.close()));
  dialog.append(el("div.sheet", {}, head, ...content));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement === document.body) before?.focus?.();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault(); // a search field would only be emptied
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

/**
 * Ask for something. `fields` are `{name, label, type, value, hint, options, required}`; `run(values)` does it, and what
 * it throws is shown in the form. `said` is a sentence above.
 */
export function formDialog({ title, said = "", fields = [], action, danger = false, run }) {
  const made = fields.map(field);
  const problem = el("p.problem", { role: "alert" });
  const submit = el(`button${danger ? ".danger" : ".primary"}`, { type: "submit" }, action);
  const form = el(
    "form",
    { novalidate: true },
    said && el("p", {}, said),
    ...made.map((one) => one.block),
    problem,
    el("div.buttons", {}, button("Cancel", () => dialog.close()), submit),
  );
  const dialog = openDialog(title, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    for (const one of made) one.clear();
    problem.textContent = "";
    submit.disabled = true;
    try {
      await run(Object.fromEntries(made.map((one) => [one.name, one.value()])));
      dialog.close();
    } catch (refusal) {
      showRefusal(refusal, made, problem);
    } finally {
      submit.disabled = false;
    }
  });
  made[0]?.input.focus();
  return dialog;
}

/** A question before what cannot be undone. */
export function confirmDialog(title, said, action, run) {
  return formDialog({ title, said, action, danger: true, run });
}

/** Show a refusal at its field, else beneath all of them. */
function showRefusal(refusal, made, problem) {
  const about = FIELD_OF[refusal.code];
  const at = made.find(({ name }) => name === about) ?? (about && made.length === 1 ? made[0] : null);
  if (at) at.complain(refusal.message);
  else problem.textContent = refusal.message;
}

/** A labelled field: `block` to be shown, `value()`, and `complain(text)` for a sentence beneath it. */
export function field({ name, label, type = "text", value = "", hint = "", options = null, autocomplete = "off", ...more }) {
  const id = `field${(numbers += 1)}`;
  const common = { id, name, "aria-describedby": `${id}-hint ${id}-why` };
  const choices = (options ?? []).map(([key, text]) => el("option", { value: key, selected: key === value }, text));
  const input = options ? el("select", common, ...choices) : el("input", { ...common, type, autocomplete, spellcheck: "false", ...more });
  if (type === "checkbox") input.checked = Boolean(value);
  else if (!options) input.value = value;
  const why = el("p.problem", { id: `${id}-why`, role: "alert" });
  const text = el("label", { for: id }, label);
  const below = el("p.hint", { id: `${id}-hint` }, hint);
  const block = el(type === "checkbox" ? "div.field.check" : "div.field", {}, ...(type === "checkbox" ? [input, text] : [text, input]), below, why);
  return {
    name,
    input,
    block,
    value: () => (type === "checkbox" ? input.checked : input.value),
    clear() {
      why.textContent = "";
      input.removeAttribute("aria-invalid");
    },
    complain(sentence) {
      why.textContent = sentence;
      input.setAttribute("aria-invalid", "true");
      input.focus();
    },
  };
}

/**
 * A list with a filter: `rows()` gives `{name, about, buttons: [[label, call], …]}`; called again after each button.
 * `empty` is `[sentence, label, call]`.
 */
export function listDialog({ title, filter = "", rows, empty, more = [] }) {
  const list = el("ul.rows", {});
  const problem = el("p.problem", { role: "alert" });
  const input = filter ? field({ name: "filter", label: filter, type: "search" }) : null;
  const dialog = openDialog(title, input && input.block, problem, list, el("div.buttons", {}, ...more));
  const show = () => {
    const wanted = input ? input.value().trim().toLowerCase() : "";
    const found = rows().filter(({ name, about }) => `${name} ${about ?? ""}`.toLowerCase().includes(wanted));
    list.replaceChildren(...found.slice(0, 300).map((row) => el("li", {}, ...rowContent(row))));
    if (!found.length) list.append(el("li.empty", {}, el("p", {}, empty[0]), empty[1] && button(empty[1], () => empty[2](dialog))));
  };
  const rowContent = ({ name, about, buttons }) => [
    el("div.who", {}, el("bdi.name", {}, name), about && el("span.about", { dir: "auto" }, about)),
    ...buttons.map(([label, call]) => button(label, () => run(call), { "aria-label": `${label} ${name}` })),
  ];
  const run = async (call) => {
    problem.textContent = "";
    try {
      await call(dialog);
    } catch (refusal) {
      problem.textContent = refusal.message;
    }
    show();
  };
  input?.input.addEventListener("input", show);
  show();
  input?.input.focus();
  return dialog;
}

/** Do it, and say in a sentence what went wrong. */
export async function attempt(doing) {
  try {
    return await (typeof doing === "function" ? doing() : doing);
  } catch (refusal) {
    notice(refusal.message);
    return null;
  }
}
