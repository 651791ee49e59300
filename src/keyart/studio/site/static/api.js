// Calls of the API: JSON in, JSON out; of a refusal what it is in the page's language, and the one line of it.

import { maybe, say } from "./words.js";

const token = document.querySelector('meta[name="csrf-token"]').content;

export class Refused extends Error {
  constructor(status, line) {
    super(line);
    this.status = status;
  }
}

/** The answer itself. Throws `Refused`, or AbortError where `signal` ended it. */
export async function ask(method, address, { body, headers = {}, signal } = {}) {
  const isPlain = body !== undefined && !(body instanceof Blob);
  const sent = isPlain ? JSON.stringify(body) : body;
  const all = { ...headers, ...(isPlain && { "Content-Type": "application/json" }), ...(token && { "X-CSRF-Token": token }) };
  let answer;
  try {
    answer = await fetch(address, { method, headers: all, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, say("offline"));
  }
  if (!answer.ok) throw new Refused(answer.status, await line(answer));
  return answer;
}

export async function json(method, address, options) {
  const answer = await ask(method, address, options);
  return answer.status === 204 ? null : answer.json();
}

async function line(answer) {
  const kind = maybe(`refused.${answer.status}`, answer.statusText || String(answer.status));
  try {
    const { error } = await answer.json();
    return error ? `${kind} (${error})` : kind;
  } catch {
    return kind;
  }
}
