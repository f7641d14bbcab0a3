/** Where a person writes: the text field, the command menu, the reply keyboard. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const TOUCH = matchMedia("(hover: none)");

/** `acts`: `say(text)` and `press(label)`, both resolving to whether it was sent; `start()`, `unblock()`. */
export class Composer {
  #phone;
  #acts;
  #drawn = "";
  #isKeyboardShown = true;

  constructor(phone, acts) {
    this.#phone = phone;
    this.#acts = acts;
    this.field = h("textarea", {
      rows: "1", class: "field", "aria-label": `Message from ${phone.label}`, placeholder: "Message", maxlength: "8192",
      autocomplete: "off", enterkeyhint: "send", oninput: () => this.#onInput(), onkeydown: (event) => this.#onKey(event),
    });
    this.commands = h("div", { class: "commands", role: "group", "aria-label": "Commands", hidden: true, onkeydown: (event) => this.#onCommandKey(event) });
    this.menu = h("button", { type: "button", class: "round", "aria-label": "Commands", title: "Commands", "aria-expanded": "false", onclick: () => this.#toggleMenu() }, icon("menu"));
    this.toggle = h("button", { type: "button", class: "round", title: "Keyboard", onclick: () => this.#toggleKeyboard() }, icon("keyboard"));
    this.send = h("button", { type: "button", class: "round send", "aria-label": "Send", title: "Send", onclick: () => this.#send() }, icon("send"));
    this.keyboard = h("div", { class: "keyboard", role: "group", "aria-label": "Quick answers" });
    this.line = h("div", { class: "line" }, this.menu, this.field, this.toggle, this.send);
    this.big = h("div", { class: "big" });
    this.element = h("div", { class: "composer", onfocusout: (event) => this.#onLeave(event) }, this.commands, this.line, this.keyboard, this.big);
    this.update();
  }

  /** Show what the chat offers now. */
  update() {
    const { is_started, is_blocked, keyboard, commands } = this.#phone;
    const drawn = JSON.stringify([is_started, is_blocked, keyboard, commands]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const isOpen = is_started && !is_blocked;
    const hadFocus = this.element.contains(document.activeElement);
    this.line.hidden = !isOpen;
    this.big.hidden = isOpen;
    if (!isOpen) fill(this.big, this.#bigButton(is_blocked));
    this.menu.hidden = commands.length === 0;
    this.#isKeyboardShown = true;
    this.#drawKeyboard();
    this.#drawCommands("");
    if (hadFocus && this.#isFocusLost()) this.focus();
  }

  /** What was hidden a moment ago still counts as focused until the browser draws again. */
  #isFocusLost() {
    const active = document.activeElement;
    return !this.element.contains(active) || active.closest("[hidden]") !== null;
  }

  /** On a touch screen the focus would only call up the keyboard. */
  focus() {
    if (TOUCH.matches) return;
    (this.line.hidden ? this.big.querySelector("button") : this.field).focus();
  }

  /** Write into the field without sending, for the person to look at. */
  type(text) {
    this.field.value = text;
    this.#onInput();
    this.field.focus();
  }

  #bigButton(isBlocked) {
    const press = isBlocked ? this.#acts.unblock : this.#acts.start;
    return h("button", { type: "button", class: "start", onclick: press }, isBlocked ? "Unblock" : "Start");
  }

  async #send() {
    const text = this.field.value;
    if (!text.trim()) return this.field.focus();
    this.field.value = "";
    this.#onInput();
    this.field.focus();
    if (!(await this.#acts.say(text)) && !this.field.value) this.type(text);
  }

  #onInput() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 140)}px`;
    const typed = this.field.value;
    const isCommand = /^\/\w*$/.test(typed);
    this.#drawCommands(isCommand ? typed.slice(1).toLowerCase() : "");
    this.#showCommands(isCommand);
  }

  #onLeave(event) {
    if (!this.element.contains(event.relatedTarget)) this.#showCommands(false);
  }

  #onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape" && !this.commands.hidden) {
      this.#showCommands(false);
    } else if (event.key === "ArrowUp" && !this.commands.hidden) {
      event.preventDefault();
      this.commands.lastElementChild?.focus();
    }
  }

  #onCommandKey(event) {
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    if (event.key === "Escape") {
      this.#showCommands(false);
      this.field.focus();
    } else if (step) {
      event.preventDefault();
      (event.target[step] ?? this.field).focus();
    }
  }

  #toggleMenu() {
    this.#drawCommands("");
    this.#showCommands(this.commands.hidden);
    if (!this.commands.hidden) this.commands.firstElementChild?.focus();
  }

  #showCommands(isShown) {
    this.commands.hidden = !isShown || this.commands.childElementCount === 0;
    this.menu.setAttribute("aria-expanded", String(!this.commands.hidden));
  }

  #drawCommands(prefix) {
    const offered = this.#phone.commands.filter((each) => each.command.startsWith(prefix));
    fill(this.commands, offered.map((each) =>
      h("button", { type: "button", class: "command", onclick: () => this.#choose(each) },
        h("span", { class: "command-name" }, `/${each.command}`), " ", h("span", {}, each.description))));
  }

  #choose(command) {
    this.#showCommands(false);
    this.field.value = "";
    this.#acts.say(`/${command.command}`);
    this.focus();
  }

  #toggleKeyboard() {
    this.#isKeyboardShown = !this.#isKeyboardShown;
    this.#drawKeyboard();
  }

  #drawKeyboard() {
    const keyboard = this.#phone.is_started && !this.#phone.is_blocked ? this.#phone.keyboard : null;
    const label = this.#isKeyboardShown ? "Hide quick answers" : "Show quick answers";
    this.toggle.hidden = !keyboard;
    this.toggle.setAttribute("aria-label", label);
    this.field.placeholder = keyboard?.input_field_placeholder ?? "Message";
    this.keyboard.hidden = !keyboard || !this.#isKeyboardShown;
    fill(this.keyboard, (keyboard?.keyboard ?? []).map((row) => h("div", { class: "row" }, row.map((key) => this.#key(key)))));
  }

  #key(key) {
    const press = () => {
      this.#acts.press(key.text);
      this.focus();
    };
    return h("button", { type: "button", class: "key", onclick: press }, key.request_contact && icon("contact"), key.text);
  }
}
