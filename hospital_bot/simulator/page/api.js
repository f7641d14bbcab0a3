/** The simulator's people's side. */

/** Why something could not be done, in words for the person. */
export class Refused extends Error {}

async function post(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Refused("The hospital can't be reached just now. Please try again in a moment.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error || "That did not work. Please try again.");
  return answer;
}

/** Do what a person can do with the app: says, taps, presses, starts, shares_contact, … */
export const act = (personId, action, details = {}) => post(`/sim/people/${personId}/${action}`, details);

export const join = (name) => post("/sim/people", { name });

export const turnClock = (forward) => post("/sim/clock", { forward });

export const fileAddress = (fileId) => `/sim/files/${encodeURIComponent(fileId)}`;

/** Hear of everything from now on; the first event is the whole world, also after each reconnection. */
export function listen(onEvent, onState) {
  let source;
  const open = () => {
    source = new EventSource("/sim/events");
    source.onopen = () => onState(true);
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      onState(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 1000);
    };
  };
  open();
}
