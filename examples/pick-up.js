// Picks up what is new in a journal, again and again: each run prints the records that came since the last one.
//
//   node examples/pick-up.js JOURNAL|URL IDENTITY CURSOR
//
// CURSOR is a file that this program keeps. It is replaced when the records before it have been dealt with, so that a
// crash repeats some of them and loses none.

import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Identity, JournalReader, SealError } from "@sealed-files/seal";

const [journal, identity, cursorPath] = process.argv.slice(2);
if (!cursorPath) {
  console.error("usage: node pick-up.js JOURNAL|URL IDENTITY CURSOR");
  process.exit(2);
}

const input = /^https?:/.test(journal) ? { url: journal } : { path: journal };
const reader = await JournalReader.open(input, {
  keys: [await Identity.parse(await readFile(identity))],
  cursor: await readFile(cursorPath).catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  }),
});

try {
  for await (const { records, sealedAt } of reader) {
    for (const record of records) deal(record, sealedAt);
    await keep(reader.cursor);
  }
  if (reader.tail > 0) console.error(`${reader.tail} bytes at the end are not whole yet`);
} catch (error) {
  if (!(error instanceof SealError)) throw error;
  // "tampered" also where the journal was cut off, rolled back or replaced since the last run.
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}

/** What is done with a record stands here. */
function deal(record, sealedAt) {
  console.log(sealedAt.toISOString(), Buffer.from(record).toString());
}

/** Replaces the cursor in one step, and makes it last. */
async function keep(cursor) {
  await write(`${cursorPath}.new`, cursor);
  await rename(`${cursorPath}.new`, cursorPath);
  const directory = await open(dirname(cursorPath));
  await directory.sync().finally(() => directory.close());
}

async function write(path, bytes) {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
