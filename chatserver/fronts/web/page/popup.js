// A small menu at a button.

import { button, el } from "./dom.js";

/** Show one: `[label, call]` each. It closes on a choice, on Esc, and when the focus leaves. */
export function popup(at, items, { kind = "menu", label = "Menu" } = {}) {
  const before = document.activeElement;
  const menu = el(
    `div.popup.${kind}`,
    { role: "menu", "aria-label": label, tabindex: "-1" },
    ...items.map(([label, call]) => button(label, () => (close(), call()), { role: "menuitem" })),
  );
  const close = () => {
    if (!menu.isConnected) return;
    menu.remove();
    before?.focus?.();
  };
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const choices = [...menu.children];
    if (step) choices[(choices.indexOf(document.activeElement) + step + choices.length) % choices.length].focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && menu.remove());
  document.addEventListener("pointerdown", ({ target }) => menu.contains(target) || menu.remove(), { once: true });
  document.body.append(menu);
  const box = at.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8));
  const below = box.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - menu.offsetHeight - 4)}px`;
  menu.firstChild.focus();
  return menu;
}
