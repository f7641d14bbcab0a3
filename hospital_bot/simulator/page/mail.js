/** The mailbox: everything the hospital mailed, newest first, codes ready to copy. */

import { fill, h } from "./dom.js";
import { linked } from "./entities.js";
import { icon } from "./icons.js";
import { clockTime, shortDay } from "./times.js";

export class Mail {
  #world;
  #desk;
  #shown = null;

  constructor(element, world, desk) {
    this.#world = world;
    this.#desk = desk;
    this.list = h("ol", { class: "letters" });
    fill(element, h("header", { class: "panel-head" }, h("h2", { id: "mail-title" }, icon("mail"), "Mailbox")), this.list);
  }

  update() {
    const { letters } = this.#world;
    const fresh = this.#shown === null ? [] : letters.slice(0, Math.max(0, letters.length - this.#shown));
    this.#shown = letters.length;
    if (!letters.length) return fill(this.list, h("li", { class: "nothing" }, "No mail yet. Codes and invitations that the hospital sends arrive here."));
    fill(this.list, letters.map((letter) => this.#letter(letter, fresh.includes(letter))));
  }

  #letter(letter, isFresh) {
    const at = letter.received_at * 1000;
    const { zone } = this.#world.clock;
    const start = (payload) => this.#desk.start(letter, payload);
    return h("li", { class: isFresh ? "letter fresh" : "letter" },
      h("p", { class: "letter-head" }, h("span", {}, `To ${letter.to.join(", ")}`), h("time", { datetime: new Date(at).toISOString() }, `${shortDay(at, zone)} ${clockTime(at, zone)}`)),
      h("h3", {}, letter.subject),
      letter.code && codeLine(letter.code, this.#desk),
      h("div", { class: "letter-text", dir: "auto" }, linked(letter.text, { username: this.#world.bot.username, start })),
      letter.attachments.length > 0 && h("p", { class: "attached" }, `Attached: ${letter.attachments.join(", ")}`));
  }
}

/** The code and a button that copies it. */
export function codeLine(code, desk) {
  return h("p", { class: "code-line" }, h("output", { class: "big-code" }, code),
    h("button", { type: "button", class: "button", "aria-label": `Copy code ${code}`, onclick: () => desk.copy(code) }, icon("copy"), "Copy code"));
}
