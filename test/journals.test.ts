// Every vector of fixtures/journals.json, on both suites: the verdict, the place that is named, and exactly the records
// that may be released before an error, read and verified; and the texts that are cursors, and those that are not.

import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { native } from "../src/crypto/native.js";
import { copySecret } from "../src/crypto/secret.js";
import type { Suite } from "../src/crypto/suite.js";
import type { Engine, Signatures } from "../src/engine/engine.js";
import { inline } from "../src/engine/inline.js";
import { SealError } from "../src/errors.js";
import type { Records } from "../src/format/batch.js";
import { KIND_JOURNAL } from "../src/format/core.js";
import { type Cursor, encodeCursor, type Purpose, parseCursor } from "../src/format/cursor.js";
import type { Heads } from "../src/format/heads.js";
import { parseHeader } from "../src/header/read.js";
import { findFileKey } from "../src/header/unlock.js";
import { bytesSource } from "../src/io/bytes.js";
import { Ratchet } from "../src/journal/ratchet.js";
import { notBegun } from "../src/journal/reading/deliver.js";
import { readJournal } from "../src/journal/reading/reader.js";
import { type Signed, verifyJournal } from "../src/journal/reading/verify.js";
import type { JournalSource } from "../src/journal/store.js";
import { encodeSigner } from "../src/keys/text.js";
import { scrambled } from "./files/samples.js";
import { failure, fixture, SUITES, shown } from "./support.js";
import { type Generated, generated } from "./vector-bytes.js";
import { acceptedSigners, acceptLines, revokedSigners, vectorIdentities } from "./vector-keys.js";
import { sampled } from "./whole.js";

interface Fault {
  error: string;
  epoch: number | null;
  frame: number | null;
  offset: number | null;
  frames: number;
}

interface Vector {
  name: string;
  file?: string;
  generate?: Generated[];
  parts?: (string | [number, number])[];
  key: string | string[];
  from: string[] | "any" | null;
  /** For each key. */
  accept?: string[][];
  revoked?: string[];
  demandLabel?: string;
  maxAge?: number;
  now?: number;
  cursor?: string;
  skipRemoved?: boolean;
  start?: number;
  frames: {
    epoch: number;
    frame: number;
    offset: number;
    sealedAt?: number;
    records?: number[];
    heads?: (Heads | null)[];
  }[];
  signer?: string;
  label?: string;
  /** null for a base that stands alone. */
  chunkSize?: number | null;
  epochs?: number;
  tail?: number;
  digest?: string;
  next?: string;
  read: "ok" | Fault;
  verify: "ok" | Fault;
  window?: "ok";
  /** For each epoch. */
  values?: Record<string, string>[];
}

interface CursorText {
  name: string;
  ok: boolean;
  text: string;
  for: Purpose;
  journal: string;
  epoch: number;
  header: string;
  frames: number;
  end: number;
  chain: string;
}

const PURPOSES: readonly Purpose[] = ["reading", "verifying", "writing"];

const { vectors, cursors }: { vectors: Vector[]; cursors: CursorText[] } = JSON.parse(
  fixture("journals.json").toString(),
);
const { keys }: { keys: Record<string, { secret: string; signer: string }> } = JSON.parse(
  fixture("vectors.json").toString(),
);

function journalBytes({ file, generate, parts }: Vector): Bytes {
  if (generate) return generated(generate);
  const bytes = Uint8Array.from(fixture(file!));
  return parts
    ? concat(...parts.map((part) => (typeof part === "string" ? fromHex(part) : bytes.slice(...part))))
    : bytes;
}

function journalOf(bytes: Bytes): JournalSource {
  return {
    name: "the journal",
    size: async () => bytes.length,
    readAt: async (position, length) => bytes.slice(position, position + length),
    close: async () => {},
  };
}

/** The plaintext of all vectors, from byte `start` on. */
function plaintext(length: number, start: number): Bytes {
  const byte = (i: number) => 31 * i + 17 * Math.floor(i / 256) + 5 * Math.floor(i / 65536) + 7;
  return Uint8Array.from({ length }, (_, i) => byte(start + i));
}

/** Copies of the records of a batch, which is well formed: 8 bytes, then each after its length, and its heads. */
function recordsOf(batch: Bytes): Bytes[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  const records: Bytes[] = [];
  for (let at = 8; at < batch.length; ) {
    const length = view.getUint32(at);
    const start = at + 4 + (length >= 2 ** 31 ? 2 + view.getUint16(at + 4) : 0);
    at = start + (length % 2 ** 31);
    records.push(batch.slice(start, at));
  }
  return records;
}

/** The heads of a frame's records, as the vectors state them. */
function headsOf(told: Records): Pick<ReadFrame, "heads"> {
  const heads = [...told.withHeads()].map(({ heads }) => (Object.keys(heads).length > 0 ? { ...heads } : null));
  return heads.some((each) => each) ? { heads } : {};
}

/** What is demanded of a journal, by whoever reads or verifies it. */
const demandsOf = ({ demandLabel, maxAge, now = 1_800_000_000, revoked = [] }: Vector) => ({
  label: demandLabel,
  maxAge,
  now: now * 1000,
  contacts: revokedSigners(keys, revoked),
  allowUnsigned: false,
});
const cursorOf = ({ cursor }: Vector) => (cursor === undefined ? null : parseCursor(utf8(cursor), "reading"));

interface Seen {
  error: SealError | null;
  core: Signed | null;
  cursor: Cursor | null;
  tail: number;
}

interface ReadFrame {
  frame: number;
  offset: number;
  sealedAt: number;
  records: number[];
  heads?: (Heads | null)[];
}

async function read(vector: Vector, suite: Suite, engine: Engine, signatures: Signatures) {
  const frames: ReadFrame[] = [];
  const records: Bytes[] = [];
  const seen: Seen = { error: null, core: null, cursor: cursorOf(vector), tail: 0 };
  const lines = await acceptLines(keys, vector.accept);
  const steps = readJournal(journalOf(journalBytes(vector)), {
    suite,
    engine,
    signatures,
    identities: await vectorIdentities(suite, keys, vector.key, lines),
    from: lines ? null : await acceptedSigners(keys, vector.from),
    policy: demandsOf(vector),
    cursor: seen.cursor,
    skipRemoved: vector.skipRemoved,
  });
  let offset = seen.cursor?.end ?? 0;
  try {
    for await (const step of steps) {
      if (step.is === "end") seen.tail = step.tail;
      else if (step.is === "base") Object.assign(seen, { core: step.base, cursor: step.cursor });
      else if (step.is === "epoch") ({ core: seen.core, cursor: seen.cursor } = step);
      else if (step.is === "frames") {
        for (const { frame, sealedAtMs, records: told, batch, cursor } of step.frames) {
          const inBatch = recordsOf(batch);
          expect([told.length, ...told]).toEqual([inBatch.length, ...inBatch]);
          records.push(...inBatch);
          expect([...told.withHeads()].map(({ record }) => record)).toEqual(inBatch);
          frames.push({
            frame,
            offset,
            sealedAt: sealedAtMs,
            records: inBatch.map(({ length }) => length),
            ...headsOf(told),
          });
          offset = cursor.end;
        }
        seen.cursor = step.cursor;
      }
      offset = seen.cursor?.end ?? 0;
    }
    if (!seen.core) throw notBegun(seen.tail);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    seen.error = error;
  }
  return { ...seen, frames, content: concat(...records) };
}

async function verify(vector: Vector, suite: Suite, engine: Engine) {
  const frames: { frame: number; offset: number }[] = [];
  const seen: Seen & { epochs: number } = { error: null, core: null, cursor: null, tail: 0, epochs: 0 };
  try {
    const verified = await verifyJournal(journalOf(journalBytes(vector)), {
      suite,
      engine,
      policy: { ...demandsOf(vector), from: await acceptedSigners(keys, vector.from) },
      cursor: cursorOf(vector),
      skipRemoved: vector.skipRemoved,
      onFrame: ({ frames: count, position }) => frames.push({ frame: count - 1, offset: position }),
    });
    Object.assign(seen, verified);
    if (!verified.core) throw notBegun(verified.tail);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    seen.error = error;
  }
  return { ...seen, frames };
}

/** No header of these vectors is longer, but for those that are at the bound. */
const HEADER_BYTES = 700;

/** An error in a header names where it begins, or the part at fault; in the first one it need not say where. */
function expectFault({ error }: Seen, fault: Fault): void {
  expect(error, "no error").not.toBeNull();
  expect(error!.code, error!.message).toBe(fault.error);
  // Nothing is named where the journal does not continue the cursor.
  if (fault.offset === null) return;
  expect(error!.frame ?? null, error!.message).toBe(fault.frame);
  if (fault.frame !== null) expect(error!.offset, error!.message).toBe(fault.offset);
  else if (error!.offset !== undefined || fault.offset > 0) {
    const within = (error!.offset ?? 0) - fault.offset;
    expect(within >= 0 && within < HEADER_BYTES, `${error!.message}: ${error!.offset}`).toBe(true);
  }
}

function expectEnd({ error, core, cursor, tail }: Seen, vector: Vector): void {
  if (error) throw error;
  const { signer, label, chunkSize, digest } = vector;
  const found = {
    signer: encodeSigner(core!.signer!),
    label: core!.label,
    chunkSize: core!.chunkExponent === undefined ? null : 2 ** core!.chunkExponent,
  };
  expect({ ...found, tail, digest: toHex(cursor!.chain) }).toEqual({
    signer,
    label,
    chunkSize,
    tail: vector.tail,
    digest,
  });
  if (vector.next !== undefined) expect(Buffer.from(encodeCursor(cursor!, "reading")).toString()).toBe(vector.next);
}

const RUNS: [string, Suite, Engine, Vector[]][] = [
  ...SUITES.map((suite): [string, Suite, Engine, Vector[]] => {
    return [suite.name, suite, inline, sampled(vectors, suite.name === "native" ? 3 : 10)];
  }),
  ["native, three at a time", native, scrambled(3), sampled(vectors, 20)],
];

describe.each(RUNS)("journals, %s", (_name, suite, engine, chosen) => {
  test.each(chosen.map((vector) => [vector.name, vector] as const))("%s", async (_vector, vector) => {
    const released = vector.frames.slice(0, vector.read === "ok" ? undefined : vector.read.frames);
    const reading = await read(vector, suite, engine, "each");
    if (vector.read === "ok") expectEnd(reading, vector);
    else expectFault(reading, vector.read);
    expect(reading.frames).toEqual(released.map(({ epoch: _, ...frame }) => frame));
    expect(toHex(reading.content)).toBe(toHex(plaintext(reading.content.length, vector.start ?? 0)));

    const { error, ...byWindows } = await read(vector, suite, engine, "last");
    if (vector.window === "ok") expect([error, byWindows.tail]).toEqual([null, 0]);
    else expect({ ...byWindows, error }).toEqual(reading);

    const accepted = vector.frames.slice(0, vector.verify === "ok" ? undefined : vector.verify.frames);
    const verifying = await verify(vector, suite, engine);
    if (vector.verify === "ok") {
      expectEnd(verifying, vector);
      if (vector.cursor === undefined) expect(verifying.epochs).toBe(vector.epochs);
    } else expectFault(verifying, vector.verify);
    expect(verifying.frames).toEqual(accepted.map(({ frame, offset }) => ({ frame, offset })));
  });
});

/**
 * Where each header and frame of a good journal ends: what stands between two frames of different epochs is a header.
 */
function boundaries({ frames }: Vector): number[] {
  const endOf = ({ offset, records }: Vector["frames"][number]) =>
    offset + 8 + 8 + records!.reduce((sum, length) => sum + 4 + length, 0) + 112;
  return [...new Set(frames.flatMap((frame) => [frame.offset, endOf(frame)]))];
}

describe("a journal cut anywhere", () => {
  test("ends at the last header or frame that is whole", async () => {
    const vector = vectors.find(({ name }) => name === "tail")!;
    const bytes = journalBytes(vector);
    const ends = boundaries(vector);
    for (let size = 0; size <= bytes.length; size += 3) {
      const cut = await verify({ ...vector, parts: [[0, size]] }, native, inline);
      if (size < ends[0]!) {
        expect(cut.error?.code).toBe(size < 8 ? "malformed" : "tampered");
        continue;
      }
      const end = ends.findLast((at) => at <= size)!;
      expect([cut.error, cut.cursor!.end, cut.tail]).toEqual([null, end, size - end]);
    }
  });
});

/** K of docs/FORMAT.md, "Conventions". */
function expanded(key: Uint8Array, text: string, data: Uint8Array): string {
  return createHmac("sha256", key).update(text).update(data).update(Uint8Array.of(1)).digest("hex");
}

describe("intermediate values", () => {
  const explained = vectors.filter((vector) => vector.values);
  test.each(explained.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
    const bytes = journalBytes(vector);
    const [identity] = await vectorIdentities(native, keys, vector.key);
    const { openingKey } = await identity!.unlock();
    const told = vector.frames.map(({ epoch }) => epoch);
    for (const [epoch, values] of vector.values!.entries()) {
      const first = vector.frames.findIndex((frame) => frame.epoch === epoch);
      // Between the last frame of the epoch before and the first of this one stands the header.
      const start = first === 0 ? 0 : boundaries({ ...vector, frames: vector.frames.slice(first - 1, first) })[1]!;
      const source = bytesSource(bytes.slice(start, vector.frames[first]!.offset));
      const header = await parseHeader(source, native, undefined, KIND_JOURNAL);
      const fileKey = (await findFileKey(native, header, [openingKey!]))!;
      const shared = openingKey!.decapsulate(header.stanzas[0]!.body.subarray(0, 32))!;
      const chainKey0 = expanded(fileKey, "seal.v1 ratchet", header.coreHash);
      const ratchet = new Ratchet(native, fileKey, header.coreHash);
      const { recordSeed, ...others } = values;
      expect({
        coreHash: toHex(header.coreHash),
        sharedSecret: toHex(shown(shared)),
        fileKey: toHex(shown(fileKey)),
        chainKey0,
        frameKey0: toHex(shown(ratchet.next())),
        frameKey1: toHex(shown(ratchet.next())),
      }).toEqual(others);
      expect(expanded(fromHex(chainKey0), "seal.v1 frame", new Uint8Array())).toBe(values.frameKey0);
      expect(header.core.recordKey).toEqual(native.signingKey(copySecret(fromHex(recordSeed!))).publicKey);
    }
    expect(new Set(told).size).toBe(vector.values!.length);
  });
  test("of two epochs", () => expect(explained.map(({ values }) => values!.length)).toEqual([2]));
});

describe("cursors", () => {
  test.each(cursors.map((cursor) => [cursor.name, cursor] as const))("%s", async (_name, { ok, text, ...value }) => {
    const parsing = async (purpose: Purpose) => parseCursor(utf8(text), purpose);
    for (const purpose of PURPOSES.filter((each) => !ok || each !== value.for))
      expect((await failure(parsing(purpose))).code, purpose).toBe("usage");
    if (!ok) return;
    const cursor = await parsing(value.for);
    const hashes = { journal: toHex(cursor.journal), header: toHex(cursor.header), chain: toHex(cursor.chain) };
    const { journal, epoch, header, frames, end, chain } = value;
    expect({ ...cursor, ...hashes }).toEqual({ journal, epoch, header, frames, end, chain });
    expect(Buffer.from(encodeCursor(cursor, value.for)).toString()).toBe(text);
  });
});
