// What keys that were stolen from the writer do not do to what it has sealed under others.

import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { Cursor } from "../../src/format/cursor.js";
import { headerMessage } from "../../src/format/header.js";
import { verifyJournal } from "../../src/journal/reading/verify.js";
import { NOW, recipient, sender, stranger } from "../files/samples.js";
import { failure } from "../support.js";
import { joined, Maker, memoryJournal, type Part } from "./maker.js";
import { outcome, READ } from "./reading.js";

const POLICY = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
const verify = (bytes: Uint8Array, cursor: Cursor | null = null) =>
  verifyJournal(memoryJournal(bytes), { suite: native, policy: POLICY, cursor, engine: READ.engine });

const CORE = 118 + 32;

describe("an old epoch's header and record key", () => {
  test("put where the cursor's epoch begins: nothing that they sign behind the cursor is the writer's", async () => {
    const made = new Maker().epoch().frame(["0"]);
    const forge = made.stolen();
    const [old] = made.parts;
    made.epoch().frame(["1"]);
    const cursor = (await outcome(made.bytes())).cursor!;
    const bytes = concat(made.bytes(), forge(cursor.chain, ["forged"]));
    bytes.set(old!.bytes, cursor.epoch);
    const read = await outcome(bytes, { cursor });
    expect(read.records).toEqual([]);
    expect(read.error).toMatchObject({ code: "tampered", offset: cursor.epoch });
    expect(await failure(verify(bytes, cursor))).toMatchObject({ code: "tampered", offset: cursor.epoch });
  });

  test("no frame of another epoch is theirs", async () => {
    const made = new Maker().epoch().frame(["0"]);
    const forge = made.stolen();
    made.epoch().frame(["1"]);
    const end = made.end;
    const bytes = concat(made.bytes(), forge(made.chain, ["forged"]));
    const read = await outcome(bytes);
    expect(read.records).toEqual(["0", "1"]);
    expect(read.error).toMatchObject({ code: "tampered", offset: end, frame: 1 });
  });
});

describe("the signing key", () => {
  const made = new Maker({ recipients: [recipient.publicKey, stranger.publicKey] });
  made.epoch().frame(["0"]).epoch().epoch().frame(["1"]);
  const { parts } = made;
  const offsetOf = (index: number) => joined(parts.slice(0, index)).length;

  /** The same core for the first of its recipients alone, signed anew. */
  function forOne({ bytes, ...part }: Part): Part {
    const core = bytes.slice(0, CORE) as Bytes;
    const stanzas = concat(Uint8Array.of(0, 1), bytes.slice(CORE + 2, CORE + 2 + 84));
    return { ...part, bytes: concat(core, stanzas, sender.signingKey.sign(headerMessage(native, core, stanzas))) };
  }

  test.each([
    [0, 1, 0],
    [2, 3, undefined],
    [3, 4, 0],
  ])("does not replace the recipients of an epoch that is over: header %i", async (replaced, found, frame) => {
    const forged = parts.map((part, i) => (i === replaced ? forOne(part) : part));
    const lost = parts[replaced]!.bytes.length - forged[replaced]!.bytes.length;
    const where = { code: "tampered", offset: offsetOf(found) - lost, frame };
    const read = await outcome(joined(forged));
    expect(read.records).toEqual(replaced === 0 ? [] : ["0"]);
    expect(read.error).toMatchObject(where);
    expect(await failure(verify(joined(forged)))).toMatchObject(where);
  });
});
