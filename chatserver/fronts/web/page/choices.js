// What a user has chosen for this browser: what others see of them, what calls them, which talks are muted.

import { nameKey } from "./core.js";
import { loadChoices, onChosenElsewhere, saveChoices } from "./keep.js";

const AT_FIRST = { typing: true, reading: true, administers: false, words: [], muted: [] };

export class Choices {
  #user = "";

  /** `changed()` is called when something else holds. */
  constructor(changed) {
    this.changed = changed;
    this.load("");
    onChosenElsewhere(() => this.load(this.#user));
  }

  load(user) {
    this.#user = user;
    this.#set(loadChoices(user));
  }

  choose(chosen) {
    this.#set({ ...this.all, ...chosen });
    saveChoices(this.#user, this.all);
  }

  isMuted(name) {
    return this.all.muted.includes(nameKey(name));
  }

  mute(name, muted) {
    const others = this.all.muted.filter((key) => key !== nameKey(name));
    this.choose({ muted: muted ? [...others, nameKey(name)] : others });
  }

  #set(chosen) {
    this.all = { ...AT_FIRST, ...chosen };
    this.changed();
  }
}
