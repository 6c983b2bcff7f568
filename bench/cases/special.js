// What is not a matter of throughput: start-up, recipients, many files, sync to disk.

import { readFileSync } from "node:fs";
import { fileName, OUT, toCase, wordsFor } from "./case.js";

const KIB = 1024;
export const RECIPIENTS = [1, 10, 100, 1000, 4096];
/**
 * Kinds of recipients: what is added to the names of works and files, who is the last of the list, and who is no
 * recipient.
 */
export const RECIPIENT_KINDS = [
  { kind: "", ending: "", last: "bob", stranger: "alice" },
  { kind: ", classic", ending: "-classic", last: "bob-classic", stranger: "alice-classic" },
];
const NO_KEY = 5;

/** @typedef {import("./groups.js").Plan} Plan @typedef {import("./case.js").Case} Case */

/** @param {Plan} plan */
const sealOf = (plan) => wordsFor(plan, 0).seal;

/** @param {Plan} plan @returns {Case[]} */
export function startUp(plan) {
  const seal = sealOf(plan);
  const one = (tool, work, argv, more = {}) =>
    toCase({
      group: "start-up",
      tool,
      work,
      via: "",
      size: 0,
      memory: false,
      argv,
      needs: [],
      outputs: [OUT],
      ...more,
    });
  const cases = [
    one("node", "-e 0", [plan.node, "-e", "0"]),
    one("seal", "--version", [...seal, "--version"]),
    one("seal", "seal 1 KiB, signed", [...seal, "tiny", "--to", "bob.pub", "--sign", "alice.key", "-q", "-o", OUT]),
    one(
      "seal",
      "open 1 KiB",
      [...seal, "open", "tiny.sealed", "--key", "bob.key", "--from", "alice.pub", "-q", "-o", OUT],
      { restores: "tiny" },
    ),
    one("seal", "seal 20 MB, signed", [...seal, "twenty", "--to", "bob.pub", "--sign", "alice.key", "-q", "-o", OUT]),
    one(
      "seal",
      "open 20 MB",
      [...seal, "open", "twenty.sealed", "--key", "bob.key", "--from", "alice.pub", "-q", "-o", OUT],
      { restores: "twenty" },
    ),
    one("seal", "verify 1 KiB", [...seal, "verify", "tiny.sealed", "--from", "alice.pub", "-q"]),
    one("age", "--version", ["age", "--version"]),
    one("age", "encrypt 1 KiB", ["age", "-R", "age.pub", "-o", OUT, "tiny"]),
    one("age", "encrypt 20 MB", ["age", "-R", "age.pub", "-o", OUT, "twenty"]),
    one("gpg", "--version", ["gpg", "--version"]),
  ];
  return cases.filter(({ tool }) => plan.has(tool));
}

/**
 * The order of the stanzas is random in each file, so one recipient stands anywhere; who is no recipient tries every
 * stanza, as the last one does.
 * @param {Plan} plan @returns {Case[]}
 */
export function recipients(plan) {
  const seal = sealOf(plan);
  return RECIPIENTS.flatMap((count) => {
    const one = (tool, work, argv, more = {}) =>
      toCase({
        group: "recipients",
        tool,
        work,
        via: "",
        size: 0,
        recipients: count,
        argv,
        needs: [],
        outputs: [OUT],
        ...more,
      });
    const own = RECIPIENT_KINDS.flatMap(({ kind, ending, last, stranger }) => {
      const sealed = `tiny.${count}${ending}.sealed`;
      const open = (key) => [...seal, "open", sealed, "--key", key, "--from", "alice.pub", "-q", "-o", OUT];
      const to = `to-${count}${ending}.pub`;
      return [
        one("seal", `seal${kind}`, [...seal, "tiny", "--to", to, "--sign", "alice.key", "-q", "-o", OUT]),
        one("seal", `open, one of them${kind}`, open(`${last}.key`), { restores: "tiny" }),
        one("seal", `open, no recipient${kind}`, open(`${stranger}.key`), { status: NO_KEY }),
      ];
    });
    return [
      ...own,
      one("age", "encrypt", ["age", "-R", `age-${count}.pub`, "-o", OUT, "tiny"]),
      one("age", "decrypt, last of them", ["age", "-d", "-i", "age.key", "-o", OUT, `tiny.${count}.age`], {
        restores: "tiny",
      }),
    ].filter(({ tool }) => plan.has(tool));
  });
}

export const SMALL_FILES = { size: 10 * KIB, count: 10_000, quick: 500 };

/** @param {number} index */
export const smallFile = (index) => `small/${String(index).padStart(5, "0")}`;

/** @param {Plan} plan @returns {Case[]} */
export function manyFiles(plan) {
  const count = plan.quick ? SMALL_FILES.quick : SMALL_FILES.count;
  const names = Array.from({ length: count }, (_, index) => smallFile(index));
  const sealAll = [...sealOf(plan), ...names, "--to", "bob.pub", "--sign", "alice.key", "-q", "-o", "many"];
  const one = (tool, work, argv) =>
    toCase({ group: "many files", tool, work, via: "", size: 0, argv, needs: [], outputs: ["many/"] });
  return [
    one("seal", "seal, signed", sealAll),
    one("bare loop", "write, flush, link", [plan.node, "bench/bare/small-files.js", "small", "many"]),
    one("cp", "-r", ["cp", "-r", "small", "many"]),
  ];
}

/** On a disk, where flushing costs something. @param {Plan} plan @param {number} [size] @returns {Case[]} */
export function syncCost(plan, size) {
  if (!plan.can.disk || size === undefined) return [];
  const plain = fileName("plain", size);
  const out = "disk/data";
  const one = (tool, work, argv) =>
    toCase({ group: "sync", tool, work, via: "file", size, argv, needs: [plain], outputs: [out] });
  const library = (sync) => [plan.node, "bench/peers/library-seal.js", "program/dist", "alice.key", plain, out, sync];
  const unsynced = plan.can.syncOption ? [one("seal (library)", "without sync", library("nosync"))] : [];
  return [
    one("seal (library)", "with sync", library("sync")),
    ...unsynced,
    one("cp", "copy", ["cp", plain, out]),
    one("cp", "copy, then sync", ["sh", "-c", `cp ${plain} ${out} && sync ${out}`]),
  ];
}

/** Whether the library can leave the flushing out. @param {string} types path of src/api/types.ts */
export function hasSyncOption(types) {
  return /\bsync\?:/.test(readFileSync(types, "utf8"));
}
