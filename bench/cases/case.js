// A case: one command, what it is measured on, and what must be there before it.

import { MIB } from "../options.js";

/** @typedef {import("./works.js").Work} Work @typedef {import("./works.js").Words} Words */

/**
 * @typedef {object} Facts what is told of a case in the results
 * @property {string} group
 * @property {string} tool
 * @property {string} work
 * @property {"file" | "pipe" | ""} via
 * @property {number} size bytes of plain data
 * @property {number} [threads]
 * @property {number} [recipients]
 */

/**
 * @typedef {Facts & {
 *   id: string,
 *   argv: string[],
 *   needs: string[],
 *   feed?: string,
 *   outputs: string[],
 *   restores?: string,
 *   status?: number,
 *   memory?: boolean,
 * }} Case `needs`: files like `sealed.64`. `outputs`: removed before each run; those that end in / are directories,
 * made empty. `restores`: the file that the first output must equal.
 */

/**
 * @typedef {object} Group
 * @property {string} name
 * @property {number} rounds
 * @property {Case[]} cases
 */

export const OUT = "out/data";

/** The name of a file of a kind and size. @param {string} kind @param {number} size */
export function fileName(kind, size) {
  return `${kind}.${size / MIB}`;
}

/** @param {string} name @returns {{ kind: string, size: number }} */
export function parseFileName(name) {
  const [, kind, mebibytes] = /^(.*)\.([\d.]+)$/.exec(name);
  return { kind, size: Number(mebibytes) * MIB };
}

/** @param {Omit<Case, "id">} facts @returns {Case} */
export function toCase(facts) {
  const { group, size, tool, work, via, threads, recipients } = facts;
  const numbers = [threads && `threads ${threads}`, recipients && `recipients ${recipients}`];
  const words = [group, size && `${size / MIB} MiB`, tool, work, via, ...numbers].filter(Boolean);
  return { id: words.join("/"), ...facts };
}

/** @param {{ node: string, threads: number }} base @param {number} size @param {number} [threads] @returns {Words} */
export function wordsFor({ node, threads: most }, size, threads) {
  return {
    node,
    seal: [node, "program/bin/seal.js"],
    threads: threads ?? most,
    threadsFlag: threads === undefined ? [] : ["--threads", String(threads)],
    the: (kind) => fileName(kind, size),
    out: OUT,
  };
}

/**
 * A work at a size as a case.
 * @param {Work} entry
 * @param {{ group: string, size: number, via: "file" | "pipe", threads?: number, base: { node: string, threads: number
 * } }} how
 */
export function workCase(entry, { group, size, via, threads, base }) {
  const { tool, work, needs, restores } = entry;
  const argv = entry[via](wordsFor(base, size, threads));
  return toCase({
    group,
    tool: tool === "cp" && via === "pipe" ? "cat" : tool,
    work,
    via,
    size,
    ...(threads !== undefined && { threads }),
    argv,
    needs: needs.map((kind) => fileName(kind, size)),
    outputs: via === "file" ? [OUT] : [],
    ...(via === "pipe" && { feed: fileName(needs[0], size) }),
    ...(via === "file" && restores && { restores: fileName("plain", size) }),
  });
}
