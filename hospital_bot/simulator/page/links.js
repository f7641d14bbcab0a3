/** Addresses: which may be followed, and which lead back to the bot. */

const FOLLOWED = new Set(["http:", "https:", "mailto:", "tel:"]);
const TELEGRAM_HOSTS = new Set(["t.me", "telegram.me", "www.t.me"]);

/** The payload of a link that starts this bot: t.me/name?start=payload or tg://resolve; null for any other. */
export function startPayload(address, username) {
  const url = parsed(address);
  if (!url || !username) return null;
  const isOurs = (name) => name?.toLowerCase() === username.toLowerCase();
  if (TELEGRAM_HOSTS.has(url.hostname) && isOurs(url.pathname.slice(1))) return url.searchParams.get("start") ?? "";
  if (url.protocol === "tg:" && isOurs(url.searchParams.get("domain"))) return url.searchParams.get("start") ?? "";
  return null;
}

/** The address as a browser may follow it, or null: never a script. */
export function followable(address) {
  const url = parsed(address);
  return url && FOLLOWED.has(url.protocol) ? url.href : null;
}

function parsed(address) {
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`);
  } catch {
    return null;
  }
}
