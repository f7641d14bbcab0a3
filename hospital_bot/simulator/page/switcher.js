/** On a narrow screen: one view at a time, and the bar that switches between them. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";
import { unread } from "./read.js";

export class Switcher {
  #element;
  #world;
  #desk;

  constructor(element, world, desk) {
    this.#element = element;
    this.#world = world;
    this.#desk = desk;
  }

  update() {
    const focused = this.#element.contains(document.activeElement) ? document.activeElement.dataset.goal : null;
    const newMail = this.#desk.newMail();
    fill(this.#element,
      this.#button("people", "People", icon("people"), 0),
      h("div", { class: "strip" }, [...this.#world.phones.values()].map((phone) =>
        this.#button(phone.id, `${phone.label}’s phone`, avatar(phone.label), unread(phone).length))),
      this.#button("mail", "Mailbox", icon("mail"), newMail),
      this.#button("clock", "Clock", icon("clock"), 0));
    if (focused) this.#element.querySelector(`[data-goal="${focused}"]`)?.focus();
  }

  #button(goal, label, picture, count) {
    const isCurrent = this.#desk.isShown(goal);
    const go = () => (typeof goal === "number" ? this.#desk.open(goal) : this.#desk.view(goal));
    return h("button", { type: "button", class: "goal", "data-goal": goal, title: label, "aria-label": count ? `${label}, ${count} new` : label, "aria-current": isCurrent ? "page" : false, onclick: go },
      picture, count > 0 && h("span", { class: "badge" }, String(count)));
  }
}
