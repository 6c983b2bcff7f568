// The vectors of journals and cursors, for a page: as test/journals.test.ts has them.

import { type Bytes, concat, toHex, utf8 } from "../../../src/bytes.js";
import type { Suite } from "../../../src/crypto/suite.js";
import type { Engine, Signatures } from "../../../src/engine/engine.js";
import type { SealError } from "../../../src/errors.js";
import { type Cursor, encodeCursor, type Purpose, parseCursor } from "../../../src/format/cursor.js";
import type { Heads } from "../../../src/format/heads.js";
import { blobJournal } from "../../../src/io/blob.js";
import { notBegun } from "../../../src/journal/reading/deliver.js";
import { readJournal } from "../../../src/journal/reading/reader.js";
import { type Signed, verifyJournal } from "../../../src/journal/reading/verify.js";
import { encodeSigner } from "../../../src/keys/text.js";
import type { Generated } from "../../vector-bytes.js";
import { acceptOf, contactsOf, faultOf, identitiesOf, type Keys, same, signersOf } from "./common.js";

interface JournalFault {
  readonly error: string;
  readonly frame: number | null;
  readonly offset: number | null;
  readonly frames: number;
}

interface Frame {
  readonly epoch: number;
  readonly frame: number;
  readonly offset: number;
  readonly sealedAt?: number;
  readonly records?: number[];
  readonly heads?: (Heads | null)[];
}

export interface JournalVector {
  readonly name: string;
  readonly file?: string;
  readonly generate?: Generated[];
  readonly parts?: (string | [number, number])[];
  readonly key: string | string[];
  readonly from: string[] | "any" | null;
  readonly accept?: string[][];
  readonly revoked?: string[];
  readonly demandLabel?: string;
  readonly maxAge?: number;
  readonly now?: number;
  readonly cursor?: string;
  readonly skipRemoved?: boolean;
  readonly start?: number;
  readonly frames: Frame[];
  readonly signer?: string;
  readonly label?: string;
  readonly chunkSize?: number | null;
  readonly tail?: number;
  readonly digest?: string;
  readonly next?: string;
  readonly read: "ok" | JournalFault;
  readonly verify: "ok" | JournalFault;
  readonly window?: "ok";
}

export interface CursorVector {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
  readonly for: Purpose;
}

interface Seen {
  error: SealError | null;
  core: Signed | null;
  cursor: Cursor | null;
  tail: number;
  frames: Frame[];
  content: Bytes;
}

const cursorOf = ({ cursor }: JournalVector) => (cursor === undefined ? null : parseCursor(utf8(cursor), "reading"));

function plaintext(length: number, start: number): Bytes {
  const byte = (i: number) => 31 * i + 17 * Math.floor(i / 256) + 5 * Math.floor(i / 65536) + 7;
  return Uint8Array.from({ length }, (_, i) => byte(start + i));
}

export class JournalRuns {
  readonly #suite: Suite;
  readonly #engine: Engine;
  readonly #keys: Keys;
  readonly #bytesOf: (vector: JournalVector) => Promise<Bytes>;

  constructor(suite: Suite, engine: Engine, keys: Keys, bytesOf: (vector: JournalVector) => Promise<Bytes>) {
    this.#suite = suite;
    this.#engine = engine;
    this.#keys = keys;
    this.#bytesOf = bytesOf;
  }

  async run(vector: JournalVector): Promise<void> {
    const released = vector.frames.slice(0, vector.read === "ok" ? undefined : vector.read.frames);
    const reading = await this.#read(vector, "each");
    expectOutcome(reading, vector, vector.read);
    same(
      reading.frames,
      released.map(({ epoch: _, ...frame }) => frame),
    );
    same(toHex(reading.content), toHex(plaintext(reading.content.length, vector.start ?? 0)));

    const byWindows = await this.#read(vector, "last");
    if (vector.window === "ok") same([byWindows.error, byWindows.tail], [null, 0]);
    else {
      same([byWindows.error?.code, byWindows.error?.message], [reading.error?.code, reading.error?.message]);
      same([byWindows.frames, toHex(byWindows.content)], [reading.frames, toHex(reading.content)]);
    }

    const accepted = vector.frames.slice(0, vector.verify === "ok" ? undefined : vector.verify.frames);
    const verifying = await this.#verify(vector);
    expectOutcome(verifying, vector, vector.verify);
    same(
      verifying.frames,
      accepted.map(({ frame, offset }) => ({ frame, offset })),
    );
  }

  #demands({ demandLabel, maxAge, now = 1_800_000_000, revoked = [] }: JournalVector) {
    const contacts = contactsOf(this.#keys, revoked);
    return { label: demandLabel, maxAge, now: now * 1000, contacts, allowUnsigned: false };
  }

  async #read(vector: JournalVector, signatures: Signatures): Promise<Seen> {
    const lines = await acceptOf(this.#keys, vector.accept);
    const seen: Seen = { error: null, core: null, cursor: cursorOf(vector), tail: 0, frames: [], content: concat() };
    const records: Bytes[] = [];
    const steps = readJournal(blobJournal(new Blob([await this.#bytesOf(vector)])), {
      suite: this.#suite,
      engine: this.#engine,
      signatures,
      identities: await identitiesOf(this.#suite, this.#keys, vector.key, lines),
      from: lines ? null : await signersOf(this.#keys, vector.from),
      policy: this.#demands(vector),
      cursor: seen.cursor,
      skipRemoved: vector.skipRemoved,
    });
    let offset = seen.cursor?.end ?? 0;
    const [, error] = await faultOf(async () => {
      for await (const step of steps) {
        if (step.is === "end") seen.tail = step.tail;
        else if (step.is === "base") Object.assign(seen, { core: step.base, cursor: step.cursor });
        else if (step.is === "epoch") ({ core: seen.core, cursor: seen.cursor } = step);
        else if (step.is === "frames") {
          for (const { frame, sealedAtMs, records: told, cursor } of step.frames) {
            const all = [...told.withHeads()];
            records.push(...all.map(({ record }) => record));
            const heads = all.map(({ heads }) => (Object.keys(heads).length > 0 ? { ...heads } : null));
            seen.frames.push({
              frame,
              offset,
              sealedAt: sealedAtMs,
              records: all.map(({ record }) => record.length),
              ...(heads.some((each) => each) && { heads }),
            } as Frame);
            offset = cursor.end;
          }
          seen.cursor = step.cursor;
        }
        offset = seen.cursor?.end ?? 0;
      }
      if (!seen.core) throw notBegun(seen.tail);
    });
    return { ...seen, error, content: concat(...records) };
  }

  async #verify(vector: JournalVector): Promise<Seen> {
    const frames: { frame: number; offset: number }[] = [];
    const journal = blobJournal(new Blob([await this.#bytesOf(vector)]));
    const policy = { ...this.#demands(vector), from: await signersOf(this.#keys, vector.from) };
    const [verified, error] = await faultOf(async () => {
      const found = await verifyJournal(journal, {
        suite: this.#suite,
        engine: this.#engine,
        policy,
        cursor: cursorOf(vector),
        skipRemoved: vector.skipRemoved,
        onFrame: ({ frames: count, position }) => void frames.push({ frame: count - 1, offset: position }),
      });
      if (!found.core) throw notBegun(found.tail);
      return found;
    });
    const { core = null, cursor = null, tail = 0 } = verified ?? {};
    return { error, core, cursor, tail, frames: frames as Frame[], content: concat() };
  }
}

/** No header of these vectors is longer, but for those that are at the bound. */
const HEADER_BYTES = 700;
const LARGE = /^stanzas-8-mib/;

function expectOutcome(seen: Seen, vector: JournalVector, due: "ok" | JournalFault): void {
  if (due !== "ok") {
    expectFault(seen, vector, due);
    return;
  }
  if (seen.error) throw seen.error;
  const { core, cursor, tail } = seen;
  const found = {
    signer: encodeSigner(core!.signer!),
    label: core!.label,
    chunkSize: core!.chunkExponent === undefined ? null : 2 ** core!.chunkExponent,
    tail,
    digest: toHex(cursor!.chain),
  };
  const { signer, label, chunkSize, digest } = vector;
  same(found, { signer, label, chunkSize, tail: vector.tail, digest });
  if (vector.next !== undefined) same(new TextDecoder().decode(encodeCursor(cursor!, "reading")), vector.next);
}

function expectFault({ error }: Seen, { name }: JournalVector, fault: JournalFault): void {
  same(error?.code, fault.error);
  if (fault.offset === null) return;
  same(error!.frame ?? null, fault.frame);
  if (fault.frame !== null) same(error!.offset, fault.offset);
  else if ((error!.offset !== undefined || fault.offset > 0) && !LARGE.test(name)) {
    const within = (error!.offset ?? 0) - fault.offset;
    same(within >= 0 && within < HEADER_BYTES, true);
  }
}

const PURPOSES: readonly Purpose[] = ["reading", "verifying", "writing"];

export async function runCursor({ ok, text, for: purpose }: CursorVector): Promise<void> {
  for (const each of PURPOSES.filter((each) => !ok || each !== purpose)) {
    const [, error] = await faultOf(async () => parseCursor(utf8(text), each));
    same(error?.code, "usage");
  }
  if (ok) same(new TextDecoder().decode(encodeCursor(parseCursor(utf8(text), purpose), purpose)), text);
}
