// Keys, records and journals for the benchmark of journals.

import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { must } from "../measure.js";
import { ROOT } from "../options.js";

/** Bytes of a record: base64 of three quarters as many. */
export const RECORD = 256;
/** What is picked up of a journal that has been read before. */
export const NEW = 1000;
/** Records of the journal in which each has a frame to itself. */
export const LONE = 20_000;

const BLOCK = 4096;

/**
 * @param {import("../workspace.js").Workspace} workspace
 * @param {{ node: string, records: number, large: number }} plan
 * @param {boolean} hasAge
 */
export async function furnish({ path, env }, { node, records, large }, hasAge) {
  const call = (...command) => must(command, { cwd: path, env });
  const seal = (...args) => call(node, "program/bin/seal.js", ...args);
  await seal("keygen", "-q", "-o", "alice.key");
  await seal("keygen", "-q", "-o", "bob.key", "--from", "alice.pub");
  if (hasAge) await call("age-keygen", "-o", "age.key");
  writeRecords(`${path}/lines`, records);
  writeRecords(`${path}/new`, NEW);
  for (const [name, count] of [
    ["journal", records],
    ["large", large],
  ]) {
    writeRecords(`${path}/to-append`, count);
    await call("sh", "-c", `"$@" < to-append; rm to-append`, "sh", ...append(node, name));
    // Read up to here, then appended to: what a pick-up finds.
    await call("sh", "-c", `"$@" > /dev/null`, "sh", ...read(node, name, "--cursor", `${name}.cursor`));
    await call("sh", "-c", `"$@" < new`, "sh", ...append(node, name));
  }
  await call(node, `${ROOT}bench/journals/lone.js`, "program/dist", "alice.key", "bob.pub", "lone", String(LONE));
}

/** Lines that differ. */
function writeRecords(path, count) {
  const file = openSync(path, "w");
  for (let left = count; left > 0; left -= BLOCK) {
    const text = randomBytes((Math.min(left, BLOCK) * RECORD * 3) / 4).toString("base64");
    writeSync(file, text.replace(new RegExp(`.{${RECORD}}`, "g"), "$&\n"));
  }
  closeSync(file);
}

export function append(node, journal) {
  return [node, "program/bin/seal.js", "journal", "append", journal, "--to", "bob.pub", "--sign", "alice.key", "-q"];
}

export function read(node, journal, ...more) {
  return [node, "program/bin/seal.js", "journal", "read", journal, "--key", "bob.key", "-q", ...more];
}
