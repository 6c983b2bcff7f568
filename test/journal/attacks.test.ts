// What may be done to a journal on its way, and by whom: found at the part where it is, and nothing behind that is
// released.

import { afterAll, describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { poolEngine } from "../../src/engine/pool.js";
import { encodeBatch } from "../../src/format/batch.js";
import type { Cursor } from "../../src/format/cursor.js";
import { Ratchet } from "../../src/journal/ratchet.js";
import { verifyJournal } from "../../src/journal/reading/verify.js";
import { CHUNK, ENGINES, NOW, recipient, sender, stranger } from "../files/samples.js";
import { failure, identityFile } from "../support.js";
import { joined, Maker, memoryJournal, type Part, sample } from "./maker.js";
import { outcome, READ } from "./reading.js";

const pool = poolEngine(2, { small: 0 });
afterAll(() => pool.close());
const ALL_ENGINES = [...ENGINES, ["threads", pool]] as const;

const POLICY = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
const verify = (bytes: Uint8Array, cursor: Cursor | null = null, engine = READ.engine) =>
  verifyJournal(memoryJournal(bytes), { suite: native, policy: POLICY, cursor, engine });

/** Header, frames 0 to 2; header; header, frames 0 and 1. */
const JOURNAL = sample();
const OTHER = sample();
const P = JOURNAL.parts;
const O = OTHER.parts;
const RECORDS = ["0", "1", "2", "3", "", "4", "5", "6", "7", "8", "9"];

function flipped(part: Part, at: number): Part {
  const bytes = part.bytes.slice();
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x40;
  return { ...part, bytes };
}

/** A part with another length in front. */
function withLength(part: Part, length: number): Part {
  const bytes = part.bytes.slice();
  new DataView(bytes.buffer).setUint32(0, length);
  return { ...part, bytes };
}

/** The sample, whose last epoch is of another plan. */
function withLastEpoch(plan: ConstructorParameters<typeof Maker>[0], signer = sender): readonly Part[] {
  const made = new Maker();
  made.epoch().frame(["0"]).frame(["1", "2"]).frame(["3", "", "4"]);
  const last = new Maker({ signer, previous: made.chain, ...plan }).epoch().frame(["forged"]);
  return [...made.parts, ...last.parts];
}

/** As one who has the file key of the first epoch, but not the signing key. */
function byInsider(signer: typeof sender): readonly Part[] {
  const made = new Maker().epoch().frame(["0"]);
  made.batch(encodeBatch(NOW, [new TextEncoder().encode("forged")]), signer.signingKey);
  made.batch(encodeBatch(NOW, [new TextEncoder().encode("more")]), signer.signingKey);
  return made.parts;
}

const SWAPPED_SIGNATURE = (() => {
  const made = new Maker().epoch().frame(["0"]).frame(["1", "2"]);
  const forged = new Uint8Array([...made.parts[2]!.bytes.subarray(0, -64), ...P[2]!.bytes.subarray(-64)]);
  return [made.parts[0]!, made.parts[1]!, { ...made.parts[2]!, bytes: forged }];
})();

/** What is done, how many records come before it is found, at which part, and whether that is a frame. */
const ATTACKS: readonly (readonly [string, readonly Part[], number, number, number | undefined])[] = [
  ["a record changed", [...P.slice(0, 2), flipped(P[2]!, 20), ...P.slice(3)], 1, 2, 1],
  ["a tag changed", [...P.slice(0, 2), flipped(P[2]!, -100), ...P.slice(3)], 1, 2, 1],
  ["a chain value changed", [...P.slice(0, 2), flipped(P[2]!, -80), ...P.slice(3)], 1, 2, 1],
  ["a signature changed", [...P.slice(0, 2), flipped(P[2]!, -1), ...P.slice(3)], 1, 2, 1],
  ["the last frame changed", [...P.slice(0, 7), flipped(P[7]!, 20)], 9, 7, 1],
  ["a frame dropped", P.toSpliced(2, 1), 1, 2, 1],
  ["the first frame of an epoch dropped", P.toSpliced(6, 1), 6, 6, 0],
  ["a frame doubled", P.toSpliced(2, 0, P[1]!), 1, 2, 1],
  ["two frames that change places", [P[0]!, P[2]!, P[1]!, ...P.slice(3)], 0, 1, 0],
  ["a frame moved to another epoch", [...P.slice(0, 5), P[2]!, ...P.slice(5)], 6, 5, 0],
  ["the end of an epoch cut out", P.toSpliced(3, 1), 3, 3, undefined],
  ["all frames of an epoch cut out", P.toSpliced(1, 3), 0, 1, undefined],
  ["an epoch without frames cut out", P.toSpliced(4, 1), 6, 4, undefined],
  ["an epoch doubled", [...P.slice(0, 5), P[4]!, ...P.slice(5)], 6, 5, undefined],
  ["epochs that change places", [...P.slice(0, 4), ...P.slice(5), P[4]!], 6, 4, undefined],
  ["a whole epoch replaced", [...P.slice(0, 4), O[4]!, ...P.slice(5)], 6, 4, undefined],
  ["the end of another journal of the same writer", [...P.slice(0, 5), ...O.slice(5)], 6, 5, undefined],
  ["a frame of another journal of the same writer", [...P.slice(0, 2), O[2]!, ...P.slice(3)], 1, 2, 1],
  ["a journal behind another", [...P, ...O], 11, 8, undefined],
  ["an epoch of another signer", withLastEpoch({}, stranger), 6, 4, undefined],
  ["an epoch with another label", withLastEpoch({ label: "x" }), 6, 4, undefined],
  ["an epoch with another chunk size", withLastEpoch({ exponent: 13 }), 6, 4, undefined],
  ["an epoch that names no other before it", withLastEpoch({ previous: new Uint8Array(32) }), 6, 4, undefined],
  ["an epoch that names its writer's first", withLastEpoch({ previous: P[0]!.chain }), 6, 4, undefined],
  ["a frame that an insider signed", byInsider(recipient), 1, 2, 1],
  ["a frame of an insider under a signature of the writer", SWAPPED_SIGNATURE, 1, 2, 1],
  ["a frame one byte shorter", [...P.slice(0, 2), withLength(P[2]!, 17), ...P.slice(3)], 1, 2, 1],
  ["a frame one byte longer", [...P.slice(0, 2), withLength(P[2]!, 19), ...P.slice(3)], 1, 2, 1],
  ["a frame of no bytes", [...P.slice(0, 2), withLength(P[2]!, 0), ...P.slice(3)], 1, 2, 1],
  ["a frame longer than a chunk", [...P.slice(0, 2), withLength(P[2]!, CHUNK + 1), ...P.slice(3)], 1, 2, 1],
  ["a sealed file behind it", [...P, { ...P[0]!, bytes: asFile(P[0]!) }], 11, 8, undefined],
];

/** A header that says that it is a file's. */
function asFile({ bytes }: Part): Part["bytes"] {
  const out = bytes.slice();
  out[9] = 1;
  return out;
}

const offsetOf = (parts: readonly Part[], index: number) => joined(parts.slice(0, index)).length;

describe.each(ALL_ENGINES)("%s:", (_name, engine) => {
  test("the sample is read, and verifies", async () => {
    expect(await outcome(joined(P), { engine })).toMatchObject({ records: RECORDS, error: null, tail: 0 });
    expect(await verify(joined(P), null, engine)).toMatchObject({ frames: 5, tail: 0 });
  });

  test.each(ATTACKS)("%s", async (_what, parts, released, at, frame) => {
    const where = { code: "tampered", offset: offsetOf(parts, at), frame };
    const read = await outcome(joined(parts), { engine, from: "any" });
    expect(read.records).toEqual(RECORDS.slice(0, released));
    expect(read.error).toMatchObject(where);
    expect(read.cursor!.end).toBe(where.offset);
    expect(await failure(verify(joined(parts), null, engine))).toMatchObject(where);
  });
});

test("an epoch of another signer is refused where both are accepted", async () => {
  const from = [sender, stranger].map(({ signingKey }) => signingKey.publicKey);
  const { records, error } = await outcome(joined(withLastEpoch({}, stranger)), { from });
  expect([records.length, error?.code]).toEqual([6, "tampered"]);
});

test("an epoch that does not follow is that, before it is one that no key opens", async () => {
  const keyless = withLastEpoch({ recipients: [stranger.publicKey], previous: P[0]!.chain });
  expect((await outcome(joined(keyless))).error).toMatchObject({ code: "tampered", offset: offsetOf(keyless, 4) });
});

test("an epoch for others: no-key, after what is before it; anybody still verifies it", async () => {
  const parts = withLastEpoch({ recipients: [stranger.publicKey] });
  const { records, error } = await outcome(joined(parts));
  expect(records).toEqual(RECORDS.slice(0, 6));
  expect(error).toMatchObject({ code: "no-key", offset: offsetOf(parts, 4) });
  expect(await verify(joined(parts.slice(0, 6)))).toMatchObject({ epochs: 2 });
  const both = [identityFile(recipient), identityFile(stranger)];
  expect((await outcome(joined(parts), { identities: both })).records.length).toBe(7);
});

test("whose first epoch is cut off has no beginning", async () => {
  expect((await outcome(joined(P.slice(4)))).error?.code).toBe("tampered");
});

test("the keys of an epoch open nothing of another", () => {
  const keysOf = (seed: number) => {
    const ratchet = new Ratchet(native, copySecret(new Uint8Array(32).fill(seed)), new Uint8Array(32));
    return Array.from({ length: 4 }, () => ratchet.next());
  };
  const all = [...keysOf(1), ...keysOf(2)].map((key) => native.aeadSeal(key, new Uint8Array(12), new Uint8Array(3)));
  for (const [i, key] of keysOf(1).entries()) {
    const opened = all.flatMap((sealed, j) => (native.aeadOpen(key, new Uint8Array(12), sealed) ? [j] : []));
    expect(opened).toEqual([i]);
  }
});

describe("with a cursor", () => {
  const at = async (parts: readonly Part[]) => (await outcome(joined(parts))).cursor!;
  const refused = async (bytes: Uint8Array, cursor: Cursor) => {
    const read = await outcome(bytes, { cursor });
    expect(read.records).toEqual([]);
    expect(read.error).toMatchObject({ code: "tampered", offset: expect.any(Number) });
    expect((await failure(verify(bytes, cursor))).code).toBe("tampered");
  };

  test("only what is new, from every cursor", async () => {
    const { cursors } = await outcome(joined(P));
    for (const [i, cursor] of cursors.entries()) {
      const counts = [1, 3, 6, 9, 11];
      const { records, error } = await outcome(joined(P), { cursor });
      expect(error).toBe(null);
      expect(records).toEqual(RECORDS.slice(counts[i]));
    }
    expect(await outcome(joined(P), { cursor: await at(P) })).toMatchObject({ records: [], error: null, tail: 0 });
  });

  test("a tail that was cut off", async () => {
    const cursor = await at(P);
    for (const length of [0, 5, 100, offsetOf(P, 4), offsetOf(P, 7), cursor.end - 1]) {
      await refused(joined(P).subarray(0, length), cursor);
    }
  });

  test("a tail that was cut off before anybody read it is not seen: nothing says that it was there", async () => {
    const cursor = await at(P.slice(0, 3));
    expect(await outcome(joined(P.slice(0, 3)), { cursor })).toMatchObject({ error: null });
  });

  test("a tail that was replaced by another of the writer's", async () => {
    const made = new Maker().epoch().frame(["0"]);
    const before = [...made.parts];
    const cursor = (await outcome(made.frame(["1"]).bytes())).cursor!;
    const replaced = new Maker({ previous: before.at(-1)!.chain }).epoch().frame(["2"]).frame(["3"]);
    await refused(joined([...before, ...replaced.parts]), cursor);
  });

  test("another journal, and something else", async () => {
    const cursor = await at(P.slice(0, 2));
    await refused(joined(O), cursor);
    for (const size of [0, 100, cursor.end - 1]) {
      const { error } = await outcome(joined(O).subarray(0, size), { cursor });
      expect(error, "the first core comes before the size").toMatchObject({ code: "tampered", offset: 0 });
    }
    await refused(new TextEncoder().encode("text ".repeat(200)), cursor);
    await refused(new Uint8Array(5000), cursor);
  });

  test("any byte of the first core or of the epoch's header changed", async () => {
    const made = new Maker().epoch().frame(["0"]).epoch().frame(["1"]);
    const cursor = (await outcome(made.bytes())).cursor!;
    const core = 118 + 32;
    const end = offsetOf(made.parts, 3);
    for (let i = 0; i < end; i = i + 1 === core ? cursor.epoch : i + 1) {
      const bytes = made.bytes();
      bytes[i]! ^= 0x20;
      await refused(bytes, cursor);
    }
  });

  test("what lies between was read before, and is not read again", async () => {
    const bytes = joined(P);
    const cursor = (await outcome(bytes)).cursors.at(-2)!;
    bytes.fill(0, 118 + 32, cursor.epoch);
    expect(await outcome(bytes, { cursor })).toMatchObject({ records: ["8", "9"], error: null });
  });

  test("a cursor that is not of this place", async () => {
    const bytes = joined(P);
    const { cursors } = await outcome(bytes);
    const cursor = cursors[0]!;
    await refused(bytes, { ...cursor, frames: 2 });
    await refused(bytes, { ...cursor, frames: 0 });
    await refused(bytes, { ...cursor, chain: cursors[1]!.chain });
    await refused(bytes, { ...cursor, end: cursor.end + 1 });
    await refused(bytes, { ...cursor, epoch: offsetOf(P, 4) });
    await refused(bytes, { ...cursor, epoch: 1 });
    await refused(bytes, { ...cursor, journal: new Uint8Array(32) });
  });

  test("more frames than there is room for: the ratchet does not go so far", async () => {
    const bytes = joined(P.slice(0, 2));
    const cursor = (await outcome(bytes)).cursor!;
    expect(await outcome(bytes, { cursor })).toMatchObject({ error: null });
    await refused(bytes, { ...cursor, frames: Math.floor((cursor.end - cursor.epoch) / 132) + 1 });
    await refused(bytes, { ...cursor, frames: 2 ** 32 });
  });

  test("at the beginning of an epoch without frames, it is bound to the header too", async () => {
    const bytes = joined(P.slice(0, 5));
    const cursor = (await outcome(bytes)).cursor!;
    expect(cursor.frames).toBe(0);
    expect(await outcome(bytes, { cursor })).toMatchObject({ records: [], error: null });
    await refused(bytes, { ...cursor, chain: P[0]!.chain });
    await refused(bytes, { ...cursor, end: cursor.end - 1 });
    await refused(joined([...P.slice(0, 4), O[4]!]), cursor);
  });

  test("who is not accepted any more", async () => {
    const cursor = await at(P);
    const { error } = await outcome(joined(P), { cursor, from: [stranger.signingKey.publicKey] });
    expect(error?.code).toBe("untrusted");
  });
});
