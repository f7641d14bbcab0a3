/** One message as a bubble, with its buttons below. */

import { fileAddress } from "./api.js";
import { h } from "./dom.js";
import { formatted, link } from "./entities.js";
import { icon } from "./icons.js";
import { clockTime } from "./times.js";

/** `acts` as for `formatted`, and `tap(message, button, node)`; `around` has zone and the message replied to. */
export function bubble(message, acts, zone) {
  const isOut = !message.from.is_bot;
  const who = isOut ? "You" : message.from.first_name;
  return h("article", { class: `message ${isOut ? "out" : "in"}`, "data-id": message.message_id, tabindex: "-1" },
    h("div", { class: "bubble" },
      h("span", { class: "hidden" }, `${who}: `),
      quote(message.reply_to_message),
      content(message, acts),
      meta(message, zone)),
    keys(message, acts));
}

function content(message, acts) {
  if (message.text !== undefined) return text(message.text, message.entities, acts);
  const caption = message.caption ? text(message.caption, message.caption_entities, acts) : null;
  return [media(message), caption];
}

function text(words, entities, acts) {
  return h("div", { class: "text", dir: "auto" }, formatted(words, entities, acts));
}

function media(message) {
  if (message.photo) return photo(message);
  if (message.document) return file(message.document);
  if (message.contact) return contact(message.contact);
  const kind = ["sticker", "voice", "location"].find((each) => message[each]) ?? "message";
  return h("div", { class: "other" }, { sticker: "A sticker", voice: "A voice message", location: "A place on the map" }[kind]
    ?? "A message that this page can't show");
}

function photo(message) {
  const address = fileAddress(message.photo.at(-1).file_id);
  return h("img", { class: "photo", src: address, alt: message.caption ?? "Photo", width: "240", height: "240" });
}

function file(document) {
  const size = `${Math.max(1, Math.round(document.file_size / 1024))} KB`;
  return h("a", { class: "file", href: fileAddress(document.file_id), download: document.file_name },
    h("span", { class: "file-icon" }, icon(document.file_name.endsWith(".ics") ? "calendar" : "file")),
    h("span", {}, h("span", { class: "file-name" }, document.file_name), h("span", { class: "file-size" }, `${size} · download`)));
}

function contact(shared) {
  return h("div", { class: "file" },
    h("span", { class: "file-icon" }, icon("contact")),
    h("span", {}, h("span", { class: "file-name" }, shared.first_name), h("span", { class: "file-size" }, `+${shared.phone_number}`)));
}

function quote(original) {
  if (!original) return null;
  return h("div", { class: "quote" }, h("strong", {}, original.from.first_name), " ", original.text ?? original.caption ?? "…");
}

function meta(message, zone) {
  return h("span", { class: "meta" },
    message.has_protected_content && h("span", { class: "lock", role: "img", "aria-label": "can't be forwarded or saved" }, icon("lock")),
    message.edit_date && h("span", {}, "edited "),
    h("time", { datetime: new Date(message.date * 1000).toISOString() }, clockTime(message.date * 1000, zone)));
}

function keys(message, acts) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return h("div", { class: "keys", role: "group", "aria-label": "Answers" },
    rows.map((row) => h("div", { class: "row" }, row.map((button) => key(message, button, acts)))));
}

function key(message, button, acts) {
  if (button.url) return link(button.url, [button.text, icon("link")], acts, { class: "key" });
  if (button.copy_text) {
    const copy = () => acts.copy(button.copy_text.text);
    return h("button", { type: "button", class: "key", onclick: copy }, button.text, icon("copy"));
  }
  const tap = (event) => acts.tap(message, button, event.currentTarget);
  return h("button", { type: "button", class: "key", onclick: tap }, button.text);
}
