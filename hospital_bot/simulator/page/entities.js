/** Telegram's formatted text, as nodes. Offsets count UTF-16 units, as JavaScript's strings do. */

import { h } from "./dom.js";
import { followable, startPayload } from "./links.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", blockquote: "blockquote",
  expandable_blockquote: "blockquote", pre: "pre",
};
const FOUND = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]'’”])|(?<![\w/<>@.])(\/[a-z][a-z0-9_]{0,31})(?![\w/])/gi;

/** `acts` says what links do: `start(payload)`, `copy(text)`, `command(text)` where there is a chat; and the bot's `username`. */
export function formatted(text, entities, acts) {
  const sorted = [...(entities ?? [])].sort((one, other) => one.offset - other.offset || other.length - one.length);
  return span(text, 0, text.length, sorted, acts);
}

/** Text without entities: its addresses and commands can still be followed. */
export function linked(text, acts) {
  if (acts.isLink) return text ? [text] : [];
  const nodes = [];
  let done = 0;
  for (const found of text.matchAll(FOUND)) {
    const [, address, name] = found;
    nodes.push(text.slice(done, found.index), address ? link(address, [address], acts) : command(name, acts));
    done = found.index + found[0].length;
  }
  nodes.push(text.slice(done));
  return nodes.filter((node) => node !== "");
}

/** A link; one that leads to the bot stays in the page, one that may not be followed is plain text. */
export function link(address, children, acts, attributes = {}) {
  const payload = startPayload(address, acts.username);
  const href = followable(address) ?? (payload === null ? null : `https://t.me/${acts.username}?start=${payload}`);
  if (href === null) return h("span", {}, children);
  if (payload === null) return h("a", { href, target: "_blank", rel: "noopener noreferrer", ...attributes }, children);
  const start = (event) => {
    event.preventDefault();
    acts.start(payload);
  };
  return h("a", { href, onclick: start, ...attributes }, children);
}

function span(text, start, end, entities, acts) {
  const nodes = [];
  let done = start;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const stop = Math.min(first.offset + first.length, end);
    const isInside = (each) => each.offset < stop;
    if (first.offset >= done && stop > first.offset) {
      nodes.push(...linked(text.slice(done, first.offset), acts));
      nodes.push(marked(first, text, stop, others.filter(isInside), acts));
      done = stop;
      rest = others.filter((each) => !isInside(each));
    } else {
      rest = others;
    }
  }
  nodes.push(...linked(text.slice(done, end), acts));
  return nodes;
}

function marked(entity, text, stop, inner, acts) {
  const words = text.slice(entity.offset, stop);
  if (entity.type === "bot_command" && !acts.isLink) return command(words, acts);
  if (entity.type === "code") return acts.isLink ? h("code", {}, words) : code(words, acts);
  if (entity.type === "pre") return h("pre", {}, words);
  const within = { ...acts, isLink: true };  // a link holds no other link
  if (entity.type === "text_link") return link(entity.url, span(text, entity.offset, stop, inner, within), acts);
  if (entity.type === "url") return link(words, [words], acts);
  const children = span(text, entity.offset, stop, inner, acts);
  if (entity.type === "spoiler") return spoiler(children);
  return h(TAGS[entity.type] ?? "span", {}, children);
}

function command(words, acts) {
  if (!acts.command) return words;
  return h("button", { type: "button", class: "word", onclick: () => acts.command(words) }, words);
}

function code(words, acts) {
  const copy = () => acts.copy(words);
  return h("button", { type: "button", class: "code", title: "Copy", onclick: copy }, h("code", {}, words));
}

function spoiler(children) {
  const reveal = (event) => event.currentTarget.replaceWith(h("span", {}, children));
  return h("button", { type: "button", class: "spoiler", "aria-label": "Hidden text, press to show", onclick: reveal },
    h("span", { "aria-hidden": "true" }, children.map((child) => child.cloneNode?.(true) ?? child)));
}
