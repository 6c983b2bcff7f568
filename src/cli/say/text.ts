// Results as text: a heading, and a line for each fact.

import { escaped } from "./escape.js";

/** Facts that are null or empty are left out; everything is escaped. */
export function lines(heading: string, facts: Readonly<Record<string, string | number | null>>): string {
  const shown = Object.entries(facts).filter(([, value]) => value !== null && value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  return [heading, ...shown.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].map(escaped).join("\n");
}

export function inputName(file: string): string {
  return file === "-" ? "standard input" : escaped(file);
}

export function recipientCount(count: number): string {
  return `${count} recipient${count === 1 ? "" : "s"}`;
}

export function outputName(file: string): string {
  return file === "-" ? "standard output" : escaped(file);
}

/** A signer for people: the contact's name before the key, where there is one. */
export function signerOf(signer: string, name: string | null): string {
  return name === null ? signer : `${name} (${signer})`;
}
