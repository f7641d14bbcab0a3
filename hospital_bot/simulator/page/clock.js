/** The hospital's time, and the buttons that move it. */

import { Refused, turnClock } from "./api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { clockTime, dayName } from "./times.js";

const TURNS = [
  ["1h", "An hour later"],
  ["next_morning", "Next morning"],
  ["next_visit", "Just before the next visit"],
];

export class Clock {
  #world;

  constructor(element, world) {
    this.#world = world;
    this.time = h("span", { class: "time" });
    this.day = h("span", { class: "date" });
    this.buttons = h("div", { class: "turns", role: "group", "aria-label": "Move the hospital’s time forward" });
    this.said = h("p", { class: "problem", role: "status" });
    fill(element,
      h("header", { class: "panel-head" }, h("h2", { id: "clock-title" }, icon("clock"), "The hospital’s time")),
      h("p", { class: "now" }, this.time, this.day), this.buttons, this.said);
    setInterval(() => this.#tick(), 1000);
  }

  update() {
    const turns = this.#world.clock.can_turn ? TURNS : [];
    if (this.buttons.childElementCount !== turns.length) fill(this.buttons, turns.map(([how, label]) => this.#button(how, label)));
    this.#tick();
  }

  #button(how, label) {
    return h("button", { type: "button", class: "button", onclick: () => this.#turn(how) }, label);
  }

  async #turn(how) {
    try {
      const clock = await turnClock(how);
      const now = clock.now * 1000;
      this.said.textContent = `It is now ${clockTime(now, clock.zone)}, ${dayName(now, clock.zone)}.`;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.said.textContent = error.message;
    }
  }

  #tick() {
    const { zone } = this.#world.clock;
    const now = this.#world.now();
    this.time.textContent = clockTime(now, zone);
    this.day.textContent = dayName(now, zone);
  }
}
