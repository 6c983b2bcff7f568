// A service that takes in records and cannot read them again: lines from standard input go into a journal, each
// acknowledged when it is on disk.
//
//   node examples/produce.js JOURNAL RECIPIENT IDENTITY
//
// RECIPIENT is a seal1… key, IDENTITY the file of the key that signs. It holds no key that opens the journal.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Identity, JournalWriter, SealError } from "@sealed-files/seal";

const [path, recipient, identity] = process.argv.slice(2);
if (!identity) {
  console.error("usage: node produce.js JOURNAL RECIPIENT IDENTITY");
  process.exit(2);
}

/** More than this is not kept waiting in memory, where a thief could read it. */
const MOST_QUEUED = 1024 * 1024;

try {
  const writer = await JournalWriter.open(
    { path },
    { to: [recipient], sign: await Identity.parse(await readFile(identity)), epoch: { seconds: 60 } },
  );
  const { tailMovedTo } = writer.recovered;
  if (tailMovedTo) console.error(`an incomplete end was moved to ${tailMovedTo}`);
  try {
    await produce(writer);
  } finally {
    await writer.close();
  }
} catch (error) {
  if (!(error instanceof SealError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}

/**
 * Appends without waiting for each record, so that those that come together share a flush; waits where too many are
 * under way.
 */
async function produce(writer) {
  const waiting = [];
  let failure = null;
  const settle = (settled) => {
    waiting.shift();
    settled();
  };
  for await (const line of createInterface(process.stdin)) {
    const written = writer.append(new TextEncoder().encode(line)).then(
      () => settle(() => acknowledge(line)),
      (error) => settle(() => (failure ??= error)),
    );
    waiting.push(written);
    while (writer.queuedBytes > MOST_QUEUED) await waiting[0];
    if (failure) throw failure;
  }
  await Promise.all(waiting);
  if (failure) throw failure;
}

/** Whoever sent the record is told here that it is safe. */
function acknowledge(line) {
  console.log(`written: ${line.length} characters`);
}
