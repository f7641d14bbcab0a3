/** What the page knows: people and their chats, the mail, the hospital's time. Changed by the simulator's events only. */

const TYPING_MILLISECONDS = 5000;

export class World extends EventTarget {
  bot = { id: 0, name: "Hospital Bot", username: "" };
  hospital = "";
  phones = new Map();
  letters = [];
  clock = { now: Date.now() / 1000, zone: "UTC", can_turn: false };
  #readAt = Date.now();

  /** Take one event in, and tell the views: a `CustomEvent` named "change" whose detail is the event. */
  apply(event) {
    const take = {
      world: () => this.#takeWorld(event),
      mail: () => void (this.letters = event.letters),
      clock: () => this.#takeClock(event.clock),
    }[event.kind];
    if (take) take();
    else this.#takeChat(event);
    this.dispatchEvent(new CustomEvent("change", { detail: event }));
  }

  /** The hospital's time, in milliseconds since 1970. */
  now() {
    return this.clock.now * 1000 + (Date.now() - this.#readAt);
  }

  isTyping(phone) {
    return phone.typingUntil > Date.now();
  }

  #takeWorld(event) {
    const cards = new Map(event.cast.map((card) => [card.person_id, card]));
    this.bot = event.bot;
    this.hospital = event.hospital || event.bot.name;
    this.letters = event.letters;
    this.#takeClock(event.clock);
    this.phones = new Map(event.phones.map((phone) => [phone.id, withMessages(phone, cards.get(phone.id))]));
  }

  #takeClock(clock) {
    this.clock = clock;
    this.#readAt = Date.now();
  }

  #takeChat(event) {
    const known = this.phones.get(event.phone.id);
    const phone = known ? Object.assign(known, event.phone) : withMessages({ ...event.phone, messages: [] });
    this.phones.set(phone.id, phone);
    if (event.message) phone.messages.set(event.message.message_id, event.message);
    if (event.kind === "deleted") phone.messages.delete(event.message_id);
    if (event.kind === "typing") phone.typingUntil = Date.now() + TYPING_MILLISECONDS;
    if (event.message?.from.is_bot) phone.typingUntil = 0;
  }
}

function withMessages(phone, card) {
  const messages = new Map(phone.messages.map((message) => [message.message_id, message]));
  return { ...phone, card, label: card?.name ?? phone.name, messages, typingUntil: 0 };
}
