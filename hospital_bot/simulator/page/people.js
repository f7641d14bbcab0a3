/** Who there is to play: a card each, and a new phone for anybody. */

import { Refused, join } from "./api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { unread } from "./read.js";

const COLOURS = 6;

export function avatar(name, kind = "") {
  const letters = name.replace(/^(Dr|Prof)\.?\s+/, "").split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("");
  const colour = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % COLOURS;
  return h("span", { class: `avatar colour-${colour} ${kind}`, "aria-hidden": "true" }, letters.toUpperCase());
}

export class People {
  #world;
  #desk;

  constructor(element, world, desk) {
    this.#world = world;
    this.#desk = desk;
    this.title = h("h1", { id: "people-title" });
    this.list = h("ul", { class: "cards" });
    fill(element,
      h("header", { class: "panel-head" }, this.title, h("p", {}, "A whole hospital to try, invented and on this machine only. Whose phone do you want to hold?")),
      this.list, this.#newPhone());
  }

  update() {
    this.title.textContent = this.#world.hospital;
    fill(this.list, [...this.#world.phones.values()].map((phone) => this.#card(phone)));
  }

  #card(phone) {
    const waiting = unread(phone).length;
    const isOpen = this.#desk.isOpen(phone.id);
    return h("li", {}, h("button", { type: "button", class: "person", "data-phone": phone.id, "aria-pressed": String(isOpen), onclick: () => this.#desk.open(phone.id) },
      avatar(phone.label),
      h("span", { class: "person-words" },
        h("span", { class: "person-name" }, phone.label), phone.card?.role && h("span", { class: "role" }, phone.card.role),
        h("span", { class: "note" }, phone.card?.note ?? "A phone that is new here.")),
      waiting > 0 && h("span", { class: "badge", "aria-label": `${waiting} unread` }, String(waiting))));
  }

  #newPhone() {
    const name = h("input", { class: "field", "aria-label": "Name for a new phone", placeholder: "Name", maxlength: "64", autocomplete: "off" });
    const problem = h("p", { class: "problem", role: "status" });
    const add = async (event) => {
      event.preventDefault();
      try {
        const person = await join(name.value.trim() || "Guest");
        name.value = "";
        problem.textContent = "";
        this.#desk.open(person.id);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        problem.textContent = error.message;
      }
    };
    return h("form", { class: "new-phone", onsubmit: add }, name, h("button", { class: "button" }, icon("plus"), "New phone"), problem);
  }
}
