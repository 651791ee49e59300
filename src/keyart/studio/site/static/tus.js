// Resumable uploads: the core of tus 1.0.0. What was sent before a reload or a break is not sent again.

import { Refused, ask } from "./api.js";

const VERSION = { "Tus-Resumable": "1.0.0" };
const PIECE_BYTES = 8 * 1024 * 1024;
const PATIENCE_SECONDS = [1, 2, 5, 10, 20];
const KEPT = "keyart-upload:";

const fingerprint = (file) => `${KEPT}${file.name}:${file.size}:${file.lastModified}`;

/** The id of the finished upload. `onBytes(sent, resumedAt)` tells how far it is. Throws as `ask` does. */
export async function send(file, { onBytes, onBreak, signal }) {
  let { address, offset } = (await begunEarlier(file, signal)) ?? (await begun(file, signal));
  const resumedAt = offset;
  onBytes(offset, resumedAt);
  let breaks = 0;
  while (offset < file.size) {
    try {
      offset = await piece(file, address, offset, signal);
      breaks = 0;
      onBytes(offset, resumedAt);
    } catch (error) {
      const again = error.status === 0 || error.status === 409 || error.status === 423 || error.status >= 500;
      if (!again || breaks >= PATIENCE_SECONDS.length) throw error;
      onBreak?.(error);
      await pause(PATIENCE_SECONDS[breaks++], signal);
      offset = (await told(address, signal).catch(() => null)) ?? offset;
    }
  }
  localStorage.removeItem(fingerprint(file));
  return address.split("/").pop();
}

/** Give up: the server drops what it has. */
export async function forget(file) {
  const address = localStorage.getItem(fingerprint(file));
  localStorage.removeItem(fingerprint(file));
  if (address) await ask("DELETE", address, { headers: VERSION }).catch(() => null);
}

async function begunEarlier(file, signal) {
  const address = localStorage.getItem(fingerprint(file));
  if (!address) return null;
  try {
    return { address, offset: await told(address, signal) };
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 0) throw error;
    localStorage.removeItem(fingerprint(file));
    return null;
  }
}

async function begun(file, signal) {
  const name = btoa(String.fromCharCode(...new TextEncoder().encode(file.name)));
  const headers = { ...VERSION, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${name}` };
  const answer = await ask("POST", "/api/uploads", { headers, signal });
  const address = new URL(answer.headers.get("Location"), location.href).pathname;
  localStorage.setItem(fingerprint(file), address);
  return { address, offset: 0 };
}

async function told(address, signal) {
  const answer = await ask("HEAD", address, { headers: VERSION, signal });
  return Number(answer.headers.get("Upload-Offset"));
}

async function piece(file, address, offset, signal) {
  const headers = { ...VERSION, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
  const answer = await ask("PATCH", address, { headers, body: file.slice(offset, offset + PIECE_BYTES), signal });
  return Number(answer.headers.get("Upload-Offset"));
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
