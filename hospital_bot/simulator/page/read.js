/** How far each chat was read, kept by this browser. */

const KEY = "read";

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export const lastRead = (phone) => load()[phone.id] ?? 0;

/** The bot's messages that came after. */
export function unread(phone) {
  const last = lastRead(phone);
  return [...phone.messages.values()].filter((message) => message.from.is_bot && message.message_id > last);
}

export function markRead(phone) {
  const newest = Math.max(0, ...phone.messages.keys());
  if (newest > lastRead(phone)) localStorage.setItem(KEY, JSON.stringify({ ...load(), [phone.id]: newest }));
}
