// Base64 (RFC 4648, padded), by what the platform is quickest at.

import type { Bytes } from "../bytes.js";

/** As many bytes as fit into the arguments of a call; a multiple of 3. */
const PIECE = 6 * 1024;

/** Only of what is base64: what becomes of anything else is not said. */
export function fromBase64(text: string): Bytes {
  if (typeof Buffer === "function") return Uint8Array.from(Buffer.from(text, "base64"));
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

export function toBase64(bytes: Uint8Array): string {
  if (typeof Buffer === "function") return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  return text;
}
