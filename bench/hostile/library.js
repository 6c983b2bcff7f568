// Reads a journal as a program with the library does: `node library.js`, in a folder with bad.journal, alice.key and
// master.pub.

import { readFileSync } from "node:fs";
import { Identity, JournalReader } from "../../dist/index.js";

const keys = [await Identity.parse(readFileSync("alice.key"))];
const from = readFileSync("master.pub", "utf8").trim().split("\n");
let count = 0;
for await (const { records } of await JournalReader.open({ path: "bad.journal" }, { keys, from })) {
  for (const record of records) count += 1 + record.length;
}
process.stdout.write(`${count}\n`);
