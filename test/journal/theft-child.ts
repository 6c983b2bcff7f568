// A writer in a process of its own, and the thief who comes upon it: at each "steal" on standard input, everything that this process can still reach is
// written to a file. With a third argument, the process keeps everything that it must not.

import { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { types } from "node:util";
import { getHeapSnapshot } from "node:v8";
import { fromHex, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import { openJournalFile } from "../../src/io/journal-file.js";
import { JournalWriter } from "../../src/journal/writer.js";

const [folder, recipient, leak] = process.argv.slice(2) as [string, string, string?];

/** A suite that keeps each secret, where nothing but a closure leads to it. */
function leaky(): Suite {
  const kept: Uint8Array[] = [];
  const keep = <T extends Uint8Array>(bytes: T): T => {
    kept.push(bytes.slice());
    return bytes;
  };
  return {
    ...native,
    randomBytes: (length) => keep(native.randomBytes(length)),
    hmacSha256: (key, ...parts) => keep(native.hmacSha256(key, ...parts)),
    sealChunk: (key, nonce, plaintext, write, hashed) =>
      native.sealChunk(key, nonce, Array.from(plaintext, keep), write, hashed),
  };
}

const session = new Session();
session.connect();

/** All objects of a class that are alive, wherever they are kept: in private fields, closures, suspended functions. */
async function alive<T>(name: string, prototype: object): Promise<T[]> {
  const place = globalThis as unknown as Record<string, unknown>;
  place.__prototype = prototype;
  const { result } = await session.post("Runtime.evaluate", { expression: "globalThis.__prototype" });
  const { objects } = await session.post("Runtime.queryObjects", { prototypeObjectId: result.objectId! });
  const keep = `function () { globalThis.__found = this; }`;
  await session.post("Runtime.callFunctionOn", { objectId: objects.objectId!, functionDeclaration: keep });
  const found = place.__found as T[];
  for (const { objectId } of [result, objects]) await session.post("Runtime.releaseObject", { objectId: objectId! });
  delete place.__found;
  delete place.__prototype;
  if (found.length === 0) throw new Error(`no ${name} is alive, which cannot be`);
  return found;
}

// A class's own prototype, and those of its subclasses, are found with its objects.

function isMemory(object: object): boolean {
  return Object.prototype.toString.call(object) === "[object ArrayBuffer]" && object !== ArrayBuffer.prototype;
}

function isKey(object: object): boolean {
  return types.isKeyObject(object);
}

async function strings(): Promise<string[]> {
  const parts: Buffer[] = [];
  for await (const part of getHeapSnapshot()) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()).strings;
}

async function steal(file: string): Promise<void> {
  const memory = new Set<ArrayBufferLike>();
  for (const each of await alive<Uint8Array>("byte array", Object.getPrototypeOf(Uint8Array.prototype))) {
    if (ArrayBuffer.isView(each)) memory.add(each.buffer);
  }
  for (const each of await alive<ArrayBuffer>("memory", ArrayBuffer.prototype)) if (isMemory(each)) memory.add(each);
  const bytes = [...memory].filter(({ byteLength }) => byteLength > 0).map((each) => Buffer.from(each).toString("hex"));
  const keys = (await alive<KeyObject>("key", KeyObject.prototype)).flatMap((key) => {
    if (!isKey(key)) return [];
    if (key.type === "secret") return [toHex(key.export())];
    if (key.type !== "private") return [];
    return [Buffer.from(key.export({ format: "jwk" }).d as string, "base64url").toString("hex")];
  });
  writeFileSync(join(folder, file), JSON.stringify({ bytes, keys, strings: await strings() }));
}

const seed = native.randomBytes(32);
const signer = native.signingKey(seed);
seed.fill(0);
const store = await openJournalFile(join(folder, "journal"));
const writer = await JournalWriter.open(store, {
  suite: leak ? leaky() : native,
  signer,
  recipients: [fromHex(recipient)],
});
console.log(toHex(signer.publicKey));

const commands: Record<string, (word: string) => Promise<void>> = {
  // Each record is made, and overwritten, as a careful producer does it.
  append: async (index) => {
    const record = new Uint8Array(33).fill(126);
    for (const [i, character] of [...`record-${index}-`].entries()) record[i] = character.charCodeAt(0);
    const written = writer.append(record);
    record.fill(0);
    await written;
  },
  epoch: async () => writer.nextEpoch(),
  steal,
  close: () => writer.close(),
};
for await (const line of createInterface(process.stdin)) {
  const [command, word = ""] = line.split(" ");
  await commands[command!]!(word);
  console.log("done");
}
