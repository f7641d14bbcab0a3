/** Instants as the hospital's clock shows them. */

const cache = new Map();

function formatter(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return cache.get(key);
}

export const clockTime = (instant, zone) => formatter(zone, { hour: "2-digit", minute: "2-digit" }).format(instant);

export const dayName = (instant, zone) =>
  formatter(zone, { weekday: "long", day: "numeric", month: "long" }).format(instant);

export const shortDay = (instant, zone) =>
  formatter(zone, { weekday: "short", day: "numeric", month: "short" }).format(instant);
