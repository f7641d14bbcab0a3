/** The messages of one chat: days, bubbles, what is unread, where it is scrolled to. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { bubble } from "./message.js";
import { lastRead, markRead, unread } from "./read.js";
import { dayName } from "./times.js";

const NEAR_BOTTOM = 80;

export class Chat {
  #phone;
  #world;
  #acts;
  #nodes = new Map();
  #isSeen = false;

  constructor(phone, world, acts) {
    this.#phone = phone;
    this.#world = world;
    this.#acts = acts;
    this.typing = h("p", { class: "typing", hidden: true }, h("i"), h("i"), h("i"), h("span", { class: "hidden" }, "typing"));
    this.list = h("div", { class: "list" });
    this.log = h("div", {
      class: "log", role: "log", tabindex: "0", "aria-label": `Chat of ${phone.label} with ${world.bot.name}`, onscroll: () => this.#onScroll(),
    }, this.list, this.typing);
    this.down = h("button", { type: "button", class: "down", hidden: true, onclick: () => this.toBottom() });
    this.element = h("div", { class: "chat" }, this.log, this.down);
    for (const message of phone.messages.values()) this.#put(message);
    this.#divide();
  }

  /** The person looks at this chat, or no longer does. */
  see(isSeen) {
    const comesBack = isSeen && !this.#isSeen;
    this.#isSeen = isSeen;
    if (!comesBack) return;
    this.#divide();
    const mark = this.list.querySelector(".unread");
    if (mark) mark.scrollIntoView({ block: "center" });
    else this.toBottom();
    this.#onScroll();
  }

  /** Take in one event of this chat. */
  apply(event) {
    const wasAtBottom = this.#isAtBottom();
    if (event.kind === "sent") this.#add(event.message);
    if (event.kind === "edited") this.#replace(event.message);
    if (event.kind === "deleted") this.#remove(event.message_id);
    this.typing.hidden = !this.#world.isTyping(this.#phone);
    if (wasAtBottom || (event.kind === "sent" && !event.message.from.is_bot)) this.toBottom();
    this.#onScroll();
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  #add(message) {
    if (!message.from.is_bot) {
      this.list.querySelector(".unread")?.remove();
      if (this.#isSeen) markRead(this.#phone);
    }
    if (this.#nodes.has(message.message_id)) this.#replace(message);
    else this.#put(message);
    this.#divide();
  }

  #put(message) {
    const node = bubble(message, this.#acts, this.#world.clock.zone);
    this.#nodes.set(message.message_id, node);
    this.list.append(node);
  }

  /** Focus on a button that goes with the old bubble moves to the new one. */
  #replace(message) {
    const old = this.#nodes.get(message.message_id);
    if (!old) return this.#add(message);
    const hadFocus = old.contains(document.activeElement);
    const node = bubble(message, this.#acts, this.#world.clock.zone);
    this.#nodes.set(message.message_id, node);
    old.replaceWith(node);
    if (hadFocus) (node.querySelector(".keys .key") ?? node).focus({ preventScroll: true });
  }

  #remove(messageId) {
    const node = this.#nodes.get(messageId);
    if (node?.contains(document.activeElement)) this.log.focus({ preventScroll: true });
    node?.remove();
    this.#nodes.delete(messageId);
    this.#divide();
  }

  /** Lines between days, and one above what is new to the person. */
  #divide() {
    const keepsUnread = this.list.querySelector(".unread");
    const firstUnread = this.#isSeen || keepsUnread ? null : unread(this.#phone)[0];
    this.list.querySelectorAll(".day").forEach((line) => line.remove());
    let last = "";
    for (const [id, node] of this.#nodes) {
      const day = dayName(this.#phone.messages.get(id).date * 1000, this.#world.clock.zone);
      if (day !== last) node.before(h("p", { class: "day" }, h("span", {}, day)));
      last = day;
      if (id === firstUnread?.message_id && lastRead(this.#phone)) node.before(h("p", { class: "unread" }, "New messages"));
    }
  }

  #isAtBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM;
  }

  #onScroll() {
    const isAtBottom = this.#isAtBottom();
    if (this.#isSeen && isAtBottom) markRead(this.#phone);
    const waiting = unread(this.#phone).length;
    this.down.hidden = isAtBottom;
    this.down.setAttribute("aria-label", waiting ? `${waiting} new, to the newest message` : "To the newest message");
    this.down.replaceChildren(icon("down"), ...(waiting ? [h("span", { class: "badge" }, String(waiting))] : []));
  }
}
