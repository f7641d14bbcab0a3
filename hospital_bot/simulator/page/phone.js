/** One person's phone: header, card, chat, text field. */

import { Refused, act } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { linked } from "./entities.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";

const TAP_MILLISECONDS = 10_000;
const TOAST_MILLISECONDS = 4000;

/** `desk`: `copy(text)`, `alert(text)`, `close(phone)`, `activate(phone)`. */
export class Phone {
  #phone;
  #world;
  #desk;
  #taps = new Map();
  #earlyAnswers = new Map();
  #toastEnds = 0;
  #typingEnds = 0;
  #wasEmpty = false;

  constructor(phone, world, desk) {
    this.#phone = phone;
    this.#world = world;
    this.#desk = desk;
    const acts = this.#acts();
    this.chat = new Chat(phone, world, acts);
    this.composer = new Composer(phone, {
      say: (text) => this.#do("says", { text }),
      press: (label) => this.#do("presses", { label }),
      start: () => this.start(""),
      unblock: () => this.#do("unblocks"),
    });
    this.status = h("span", { class: "status" });
    this.toast = h("div", { class: "toast", role: "status" });
    this.chat.element.append(this.toast);
    this.about = h("div", { class: "about" });
    this.card = this.#card();
    this.element = h("section", { class: "phone", "aria-label": `Phone: ${phone.label}`, onfocusin: () => desk.activate(phone.id), onpointerdown: () => desk.activate(phone.id) },
      this.#header(), this.card, this.about, this.chat.element, this.composer.element);
    this.#update();
  }

  see(isSeen) {
    this.chat.see(isSeen);
  }

  focus() {
    this.composer.focus();
  }

  /** Whoever has gone on to something else meanwhile, such as the menu, is left there. */
  async start(payload) {
    const before = document.activeElement;
    await this.#do("starts", { payload });
    if ([before, document.body].includes(document.activeElement)) this.composer.focus();
  }

  apply(event) {
    if (event.kind === "answered") this.#answered(event.tap_id, event.answer);
    this.chat.apply(event);
    this.#update();
  }

  #update() {
    const isTyping = this.#world.isTyping(this.#phone);
    this.status.textContent = isTyping ? "typing…" : `bot · ${this.#phone.label}’s phone`;
    this.chat.typing.hidden = !isTyping;
    this.composer.update();
    const isEmpty = this.#phone.messages.size === 0;
    this.about.hidden = !isEmpty;
    if (isEmpty) fill(this.about, this.#description());
    else if (this.#wasEmpty) this.card.open = false;
    this.#wasEmpty = isEmpty;
    clearTimeout(this.#typingEnds);
    if (isTyping) this.#typingEnds = setTimeout(() => this.#update(), 1000);
  }

  #description() {
    const { name } = this.#world.bot;
    const text = this.#phone.description || "No messages here yet. Press Start to talk to the bot.";
    return [h("h3", {}, this.#phone.description ? "What can this bot do?" : name), h("p", {}, text)];
  }

  #acts() {
    return {
      username: this.#world.bot.username,
      start: (payload) => this.start(payload),
      command: (text) => this.#do("says", { text }),
      copy: (text) => this.#desk.copy(text),
      tap: (message, button, node) => this.#tap(message, button, node),
    };
  }

  #header() {
    const { bot, hospital } = this.#world;
    return h("header", { class: "phone-head" },
      avatar(hospital || bot.name, "bot"),
      h("div", { class: "who" }, h("h2", {}, bot.name), this.status),
      this.#more(),
      h("button", { type: "button", class: "round close", "aria-label": `Put ${this.#phone.label}’s phone away`, title: "Put away", onclick: () => this.#desk.close(this.#phone.id) }, icon("close")));
  }

  #more() {
    const entry = (label, action) => h("button", { type: "button", onclick: () => {
      menu.open = false;
      action();
    } }, label);
    const menu = h("details", { class: "more", onkeydown: (event) => {
      if (event.key === "Escape") menu.open = false;
    }, onfocusout: (event) => {
      if (!menu.contains(event.relatedTarget)) menu.open = false;
    } },
      h("summary", { class: "round", "aria-label": "More", title: "More" }, icon("more")),
      h("div", { class: "more-list" },
        entry("Share my contact", () => this.#do("shares_contact")),
        entry("Send a voice message", () => this.#do("sends", { kind: "voice" })),
        entry("Block the bot", () => this.#do("blocks"))));
    return menu;
  }

  #card() {
    const { card } = this.#phone;
    if (!card) return h("details", { hidden: true });
    const type = (label, text) => h("button", { type: "button", class: "chip", title: `Type ${label}`, onclick: () => this.composer.type(text) }, text);
    return h("details", { class: "card", open: this.#phone.messages.size === 0 },
      h("summary", {}, "What to try"),
      h("p", {}, linked(card.note, this.#acts())),
      card.email && h("p", { class: "chips" }, h("span", {}, "Tap to type:"), type("the e-mail address", card.email), card.password && type("the password", card.password)));
  }

  /** Whether it was sent; if not, the person is told why. */
  async #do(action, details) {
    try {
      await act(this.#phone.id, action, details);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#showToast(error.message);
      return false;
    }
  }

  async #tap(message, button, node) {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    const rest = () => node.removeAttribute("aria-busy");
    try {
      const done = await act(this.#phone.id, "taps", { message_id: message.message_id, data: button.callback_data });
      setTimeout(rest, TAP_MILLISECONDS);
      this.#taps.set(done.tap_id, rest);
      if (this.#earlyAnswers.has(done.tap_id)) this.#answered(done.tap_id, this.#earlyAnswers.get(done.tap_id));
    } catch (error) {
      rest();
      if (!(error instanceof Refused)) throw error;
      this.#showToast(error.message);
    }
  }

  /** The answer can arrive before the tap's own response does. Another window's taps are answered there. */
  #answered(tapId, answer) {
    if (!this.#taps.has(tapId)) return void this.#earlyAnswers.set(tapId, answer);
    this.#taps.get(tapId)();
    this.#taps.delete(tapId);
    this.#earlyAnswers.delete(tapId);
    if (answer.text && answer.show_alert) this.#desk.alert(answer.text);
    else if (answer.text) this.#showToast(answer.text);
  }

  #showToast(text) {
    this.toast.textContent = text;
    clearTimeout(this.#toastEnds);
    this.#toastEnds = setTimeout(() => (this.toast.textContent = ""), TOAST_MILLISECONDS);
  }
}
