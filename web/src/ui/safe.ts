// Text of somebody else's, made safe to look at: what is invisible or turns the direction of writing becomes visible.

import { escaped } from "../library.js";
import { h } from "./dom.js";

/** One line, isolated from the direction of what is around it. */
export function bdi(text: string, attributes: { readonly class?: string } = {}): HTMLElement {
  return h("bdi", attributes, escaped(text));
}

/** Lines and tabs stay what they are. */
export function escapedLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, i) => (i % 2 === 1 ? part.replace("\r", "") : escaped(part)))
    .join("");
}

const UNSAFE_IN_NAMES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}/\\:*?"<>|]/gu;
const LONGEST = 120;
/** What a long name keeps of its end, so that none becomes a program by being cut. */
const ENDING = 20;

/** A file's name that does no harm anywhere. */
export function safeName(name: string, otherwise: string): string {
  const safe = name
    .toWellFormed()
    .replace(UNSAFE_IN_NAMES, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  const letters = [...safe];
  if (letters.length <= LONGEST) return safe || otherwise;
  return [...letters.slice(0, LONGEST - ENDING - 1), "_", ...letters.slice(-ENDING)].join("");
}
