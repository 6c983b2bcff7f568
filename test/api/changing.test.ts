// What a caller changes while an operation runs, and what somebody has put into the prototype of all objects: neither
// is believed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { JournalReader, JournalWriter, openBytes, seal, sealBytes, verify } from "../../src/index.js";
import { decodeSigner } from "../../src/keys/text.js";
import { memoryStore } from "../journal/memory-store.js";
import { failure } from "../support.js";
import { collect, file, opening, plaintext, recipient, SMALL, sealing, sender, stranger } from "./people.js";

/** The plaintext in memory of a kind that can change its size, or belongs to several threads. */
const MEMORY: readonly (readonly [string, (bytes: Uint8Array) => { bytes: Uint8Array; spoil: () => void }])[] = [
  [
    "an ordinary array",
    (bytes) => copy(bytes, new ArrayBuffer(bytes.length), (memory) => new Uint8Array(memory).fill(0)),
  ],
  [
    "a resizable one, which shrinks",
    (bytes) =>
      copy(bytes, new ArrayBuffer(bytes.length, { maxByteLength: 2 * bytes.length }), (memory) => memory.resize(10)),
  ],
  [
    "a resizable one, which grows",
    (bytes) =>
      copy(bytes, new ArrayBuffer(bytes.length, { maxByteLength: 2 * bytes.length }), (memory) =>
        memory.resize(2 * bytes.length),
      ),
  ],
  [
    "one that is given away",
    (bytes) => copy(bytes, new ArrayBuffer(bytes.length), (memory) => structuredClone(memory, { transfer: [memory] })),
  ],
  [
    "shared memory",
    (bytes) => copy(bytes, new SharedArrayBuffer(bytes.length), (memory) => new Uint8Array(memory).fill(0)),
  ],
];

function copy<M extends ArrayBufferLike>(bytes: Uint8Array, memory: M, spoil: (memory: M) => void) {
  const view = new Uint8Array(memory);
  view.set(bytes);
  return { bytes: view, spoil: () => spoil(memory) };
}

describe.each(MEMORY)("%s, changed when the call has returned", (_what, make) => {
  test("is sealed as it was", async () => {
    for (const call of [sealBytes, sealTo]) {
      const { bytes, spoil } = make(plaintext);
      const sealed = call(bytes, sealing);
      spoil();
      expect(Buffer.from(await openBytes(await sealed, opening)).equals(plaintext)).toBe(true);
    }
  });

  test("is opened and verified as it was", async () => {
    const one = make(file);
    const opened = openBytes(one.bytes, opening);
    one.spoil();
    expect(Buffer.from(await opened).equals(plaintext)).toBe(true);
    const two = make(file);
    const verified = verify(two.bytes, { from: [sender.signer] });
    two.spoil();
    expect((await verified).bytes).toBe(plaintext.length);
  });

  test("is appended as it was", async () => {
    const { bytes, spoil } = make(plaintext);
    const store = memoryStore();
    const writer = await JournalWriter.open(store, { to: [recipient.recipient], sign: sender });
    const appended = writer.append([bytes, plaintext]);
    spoil();
    await appended;
    const records: Uint8Array[] = [];
    for await (const batch of await JournalReader.open(store, opening)) records.push(...batch.records);
    await writer.close();
    expect(records.map((record) => Buffer.from(record).equals(plaintext))).toEqual([true, true]);
  });
});

async function sealTo(bytes: Uint8Array, options: typeof sealing): Promise<Uint8Array> {
  const sink = new PassThrough();
  const [, out] = await Promise.all([seal(bytes, sink, options), collect(sink)]);
  return out;
}

test.each([
  ["shrinks", (memory: ArrayBuffer) => memory.resize(10)],
  ["is given away", (memory: ArrayBuffer) => structuredClone(memory, { transfer: [memory] })],
])("a stream's piece whose memory %s before it was read is an io error", async (_what, spoil) => {
  async function* stream() {
    const memory = new ArrayBuffer(256 * SMALL, { maxByteLength: 256 * SMALL });
    setTimeout(() => spoil(memory), 10);
    yield new Uint8Array(memory);
  }
  const sink = new PassThrough({ highWaterMark: 1 });
  const sealed = failure(seal(stream(), sink, sealing));
  await new Promise((resolve) => setTimeout(resolve, 100));
  sink.resume();
  expect(await sealed).toMatchObject({ code: "io", message: expect.stringContaining("took back") });
});

test("an array of options that changes when the call has returned changes nothing", async () => {
  const [to, from, keys] = [[recipient.recipient], [stranger.signer], [recipient]];
  const sealed = sealBytes(plaintext, { ...sealing, to });
  to[0] = stranger.recipient;
  const opened = failure(openBytes(await sealed, { keys, from }));
  from[0] = sender.signer;
  expect((await opened).code).toBe("untrusted");
});

test("a getter that gives something else the second time is asked once", async () => {
  let asked = 0;
  const options = Object.defineProperty({ keys: [recipient] }, "from", {
    enumerable: true,
    get: () => (asked++ === 0 ? [stranger.signer] : "any"),
  });
  expect((await failure(openBytes(file, options))).code).toBe("untrusted");
  expect(asked).toBe(1);
});

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));
/** The names of all that is optional somewhere in the sources. */
const NAMES = [
  "sign",
  "unsigned",
  ...new Set(
    readdirSync(SRC, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => [
        ...readFileSync(join(SRC, name), "utf8").matchAll(
          /^\s*(?:readonly )?(\w+)\??: [^=\n]*undefined|^\s*(?:readonly )?(\w+)\?:/gm,
        ),
      ])
      .map(([, one, other]) => one ?? other!),
  ),
];

test("nothing is taken from the prototype of all objects: no demand is dropped, and nobody is accepted", async () => {
  expect(NAMES).toEqual(expect.arrayContaining(["allowUnsigned", "senders", "from", "label", "maxAge", "unsigned"]));
  const forged = await sealBytes(plaintext, { ...sealing, sign: stranger });
  const unsigned = await sealBytes(plaintext, { to: sealing.to, unsigned: true });
  const attempts = [
    () => openBytes(forged, opening),
    () => openBytes(unsigned, opening),
    () => verify(forged, { from: [sender.signer] }),
    () => openBytes(file, { ...opening, label: "another" }),
    () => sealBytes(plaintext, { to: sealing.to } as never),
  ];
  const key = decodeSigner(stranger.signer);
  for (const name of NAMES.filter((name) => !(name in Object.prototype))) {
    for (const value of [true, "any", [key]]) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true, enumerable: false });
      const outcomes = await Promise.allSettled(attempts.map((attempt) => attempt()));
      Reflect.deleteProperty(Object.prototype, name);
      expect(
        outcomes.map(({ status }) => status),
        `${name}: ${JSON.stringify(value)}`,
      ).toEqual(attempts.map(() => "rejected"));
    }
  }
}, 240_000);

test("what is not in the prototype is what was meant: a signed file stays signed by its signer", async () => {
  Object.defineProperty(Object.prototype, "unsigned", { value: true, configurable: true, writable: true });
  try {
    const sealed = await sealBytes(plaintext, sealing);
    expect((await verify(sealed, { from: [sender.signer] })).signer).toBe(sender.signer);
  } finally {
    Reflect.deleteProperty(Object.prototype, "unsigned");
  }
});
