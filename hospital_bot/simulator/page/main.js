/** The desk: which phones lie on it, which one is in hand, and what everybody may ask of the page. */

import { listen } from "./api.js";
import { Clock } from "./clock.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { Mail, codeLine } from "./mail.js";
import { People } from "./people.js";
import { Phone } from "./phone.js";
import { unread } from "./read.js";
import { Switcher } from "./switcher.js";
import { World } from "./world.js";

const NARROW = matchMedia("(max-width: 899px)");
const NOTICE_MILLISECONDS = 20_000;
const PHONE_WIDTH = 334; // the narrowest phone and the gap beside it
const find = (id) => document.getElementById(id);

const world = new World();
const phones = new Map();
const kept = JSON.parse(localStorage.getItem("desk") ?? "null") ?? { open: null, used: [], active: null, view: "people" };
let lettersSeen = null;
let noticeEnds = 0;

const desk = {
  isOpen: (id) => kept.open?.includes(id) ?? false,
  isShown: (goal) => (typeof goal === "number" ? kept.view === "chat" && kept.active === goal : kept.view === goal),
  newMail: () => Math.max(0, world.letters.length - (lettersSeen ?? world.letters.length)),

  /** Take a phone to hand. */
  open(id) {
    if (!desk.isOpen(id)) kept.open = [...makeRoom(), id];
    use(id);
    desk.view("chat");
    phones.get(id)?.element.scrollIntoView({ inline: "nearest", block: "nearest" });
    phones.get(id)?.focus();
  },

  close(id) {
    kept.open = kept.open.filter((each) => each !== id);
    if (kept.active === id) kept.active = kept.open.at(-1) ?? null;
    desk.view(kept.active === null ? "people" : "chat");
    (phones.get(kept.active) ?? find("people").querySelector(`[data-phone="${id}"]`))?.focus();
  },

  activate(id) {
    if (kept.active === id && kept.used[0] === id) return;
    use(id);
    draw();
  },

  /** What a narrow screen shows: people, chat, mail or clock. */
  view(name) {
    kept.view = name;
    if (name === "mail") fill(find("notice"));
    draw();
    if (NARROW.matches && name !== "chat") find(name).focus({ preventScroll: true });
  },

  async copy(text) {
    await navigator.clipboard.writeText(text);
    notify([h("p", {}, `Copied: ${text}`)], 2500);
  },

  alert(text) {
    const dialog = find("alert");
    fill(dialog, h("p", { id: "alert-text" }, text), h("button", { type: "button", class: "button", autofocus: true, onclick: () => dialog.close() }, "OK"));
    dialog.showModal();
  },

  /** A letter's link to the bot: on the phone of the person it was written to, else on the one in hand. */
  start(letter, payload) {
    const owner = [...world.phones.values()].find((phone) => letter.to.includes(phone.card?.email?.toLowerCase()));
    const id = owner?.id ?? kept.active ?? world.phones.keys().next().value;
    desk.open(id);
    phones.get(id).start(payload);
  },
};

const people = new People(find("people"), world, desk);
const mail = new Mail(find("mail"), world, desk);
const clock = new Clock(find("clock"), world);
const switcher = new Switcher(find("switcher"), world, desk);

function use(id) {
  kept.active = id;
  kept.used = [id, ...kept.used.filter((each) => each !== id)];
}

/** The open phones that stay when one more comes: as many as fit, without the one longest not in hand. */
function makeRoom() {
  const open = kept.open ?? [];
  if (NARROW.matches || open.length < fitting()) return open;
  const rank = (id) => (kept.used.includes(id) ? kept.used.indexOf(id) : kept.used.length);
  const idlest = open.toSorted((one, other) => rank(other) - rank(one))[0];
  return open.filter((id) => id !== idlest);
}

const fitting = () => Math.max(1, Math.floor(find("phones").clientWidth / PHONE_WIDTH));

function draw() {
  document.documentElement.dataset.view = kept.view;
  if (kept.view === "mail" || !NARROW.matches) lettersSeen = world.letters.length;
  layPhones();
  people.update();
  switcher.update();
  const waiting = [...world.phones.values()].reduce((sum, phone) => sum + unread(phone).length, 0);
  document.title = (waiting ? `(${waiting}) ` : "") + world.hospital;
  localStorage.setItem("desk", JSON.stringify(kept));
}

/** Put exactly the open phones on the desk. */
function layPhones() {
  for (const [id, phone] of phones) {
    if (desk.isOpen(id)) continue;
    phone.see(false);
    phone.element.remove();
    phones.delete(id);
  }
  for (const id of kept.open ?? []) if (!phones.has(id) && world.phones.has(id)) lay(id);
  for (const [id, phone] of phones) {
    phone.element.classList.toggle("active", id === kept.active);
    phone.see(document.visibilityState === "visible" && (!NARROW.matches || desk.isShown(id)));
  }
}

function lay(id) {
  const phone = new Phone(world.phones.get(id), world, desk);
  phones.set(id, phone);
  find("phones").append(phone.element);
  return phone;
}

/** Also after each reconnection: then what was half typed stays. */
function takeWorld() {
  const drafts = [...phones].map(([id, phone]) => [id, phone.composer.field.value]);
  for (const phone of phones.values()) phone.element.remove();
  phones.clear();
  const everybody = [...world.phones.keys()];
  kept.open = (kept.open ?? (NARROW.matches ? [] : everybody.slice(0, Math.min(2, fitting())))).filter((id) => world.phones.has(id));
  if (!desk.isOpen(kept.active)) kept.active = kept.open[0] ?? null;
  if (kept.active === null && kept.view === "chat") kept.view = "people";
  for (const [id, text] of drafts) if (text && desk.isOpen(id)) lay(id).composer.type(text);
  lettersSeen ??= world.letters.length;
  mail.update();
  clock.update();
}

/** The news of a letter, as a phone would show it; a wide screen shows the mailbox itself. */
function announceMail() {
  mail.update();
  const [letter] = world.letters;
  if (!letter || !NARROW.matches || kept.view === "mail") return;
  notify([h("p", {}, icon("mail"), letter.subject), letter.code && codeLine(letter.code, desk)], NOTICE_MILLISECONDS);
}

function notify(children, milliseconds) {
  const close = () => fill(find("notice"));
  fill(find("notice"), h("div", { class: "notice-box" }, children,
    h("button", { type: "button", class: "round", "aria-label": "Close", onclick: close }, icon("close"))));
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(close, milliseconds);
}

world.addEventListener("change", ({ detail: event }) => {
  if (event.kind === "world") takeWorld();
  else if (event.kind === "mail") announceMail();
  else if (event.kind === "clock") clock.update();
  else phones.get(event.phone.id)?.apply(event);
  draw();
});

NARROW.addEventListener("change", draw);
document.addEventListener("visibilitychange", draw);
listen((event) => world.apply(event), (isOnline) => {
  find("offline").textContent = isOnline ? "" : "The hospital does not answer. Trying again…";
});
