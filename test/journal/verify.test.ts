// Journals as anybody with the writer's public key sees them.

import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { inline } from "../../src/engine/inline.js";
import { MAX_BASE_BYTES } from "../../src/format/base.js";
import type { Cursor } from "../../src/format/cursor.js";
import { type VerifyJournalOptions, verifyJournal } from "../../src/journal/reading/verify.js";
import { NOW, scrambled, sender, stranger } from "../files/samples.js";
import { failure } from "../support.js";
import { STEP } from "../whole.js";
import { joined, Maker, memoryJournal, sample } from "./maker.js";

const POLICY = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };

function verified(bytes: Uint8Array, options: Partial<VerifyJournalOptions> = {}) {
  return verifyJournal(memoryJournal(bytes), { suite: native, engine: inline, policy: POLICY, ...options });
}

test("a journal: the cursor at its end, epochs and frames", async () => {
  const made = sample({ label: "x" });
  const { cursor, core, ...counts } = await verified(made.bytes());
  expect(counts).toEqual({ tail: 0, epochs: 3, frames: 5, base: null });
  const id = native.sha256(made.parts[0]!.bytes.subarray(0, 118 + 1 + 32));
  const epoch = joined(made.parts.slice(0, 5)).length;
  const header = native.sha256(utf8("seal.v1 epoch\0"), made.parts[5]!.bytes.subarray(0, -64));
  expect(cursor).toEqual({ journal: id, epoch, header, frames: 2, end: made.end, chain: made.chain });
  expect(core).toMatchObject({ label: "x", signer: sender.signingKey.publicKey });
});

test("each frame is told of, in order", async () => {
  const made = sample();
  const told: (Cursor & { position: number })[] = [];
  await verified(made.bytes(), { onFrame: (frame) => told.push(frame), engine: scrambled(3) });
  const ends = made.parts.map((_, i) => joined(made.parts.slice(0, i + 1)).length);
  const frames = made.parts.flatMap(({ is, chain, bytes }, i) =>
    is === "frame" ? [{ chain, end: ends[i], position: ends[i]! - bytes.length }] : [],
  );
  expect(told.map(({ chain, end, position }) => ({ chain, end, position }))).toEqual(frames);
  expect(told.map(({ frames }) => frames)).toEqual([1, 2, 3, 1, 2]);
});

test.each([
  ["inline", inline],
  ["three at a time", scrambled(3)],
])("%s: from every cursor to the same end, without looking at what lies between", async (_name, engine) => {
  const made = sample();
  const whole = await verified(made.bytes());
  const cursors: Cursor[] = [];
  await verified(made.bytes(), { onFrame: ({ position: _, ...cursor }) => cursors.push(cursor) });
  for (const cursor of [...cursors, whole.cursor!]) {
    const bytes = made.bytes();
    const after = bytes.length - cursor.end;
    const { cursor: end, frames } = await verified(bytes, { cursor, engine });
    expect(end).toEqual(whole.cursor);
    expect(frames).toBe(cursors.filter(({ end }) => end > cursor.end).length);
    const source = memoryJournal(bytes);
    await verifyJournal(source, { suite: native, policy: POLICY, cursor, engine });
    expect(source.read).toBeLessThanOrEqual(MAX_BASE_BYTES + 512 + (bytes.length - cursor.epoch) + after);
  }
});

describe("an incomplete end", () => {
  test("every length: as much as is whole, and the rest is reported", async () => {
    const made = new Maker().epoch().frame(["a"]).frame(["b"]).epoch().frame(["c"]);
    const bytes = made.bytes();
    const ends = made.parts.map((_, i) => joined(made.parts.slice(0, i + 1)).length);
    for (let length = 0; length <= bytes.length; length += STEP) {
      const { cursor, tail, core } = await verified(bytes.subarray(0, length));
      const whole = ends.filter((end) => end <= length).at(-1) ?? 0;
      expect(tail, `${length}`).toBe(length - whole);
      expect(cursor?.end ?? 0).toBe(whole);
      expect(core === null).toBe(length < ends[0]!);
    }
  });
});

test("every byte changed: found, at the part where it is; a length that grew may make an incomplete end", async () => {
  const made = new Maker().epoch().frame(["a"]).frame(["b"]).epoch().frame(["c"]);
  const bytes = made.bytes();
  const starts = made.parts.map((_, i) => joined(made.parts.slice(0, i)).length);
  for (let at = 0; at < bytes.length; at += STEP) {
    const changed = bytes.slice();
    changed[at]! ^= at % 2 ? 0x01 : 0x10;
    const part = starts.findLastIndex((start) => start <= at);
    const outcome = await verified(changed).catch((error) => error);
    if (outcome instanceof Error) {
      const { code, offset = 0 } = outcome as unknown as { code: string; offset?: number };
      if (part === 0) expect(["malformed", "unsupported", "untrusted", "tampered"], `${at}`).toContain(code);
      else
        expect(
          starts.findLastIndex((start) => start <= offset),
          `${at}`,
        ).toBe(part);
      const field = at - starts[3]!;
      const isUnknown =
        [8, 12].includes(field) || (field === 9 && changed[at]! > 3) || (field === 11 && changed[at]! > 1);
      if (part > 0) expect(code, `${at}`).toBe(isUnknown ? "unsupported" : "tampered");
    } else {
      expect(made.parts[part]!.is === "frame" && at < starts[part]! + 4, `${at}`).toBe(true);
      expect(outcome).toMatchObject({ cursor: { end: starts[part] }, tail: bytes.length - starts[part]! });
    }
  }
});

test("who is not accepted, and what was not demanded", async () => {
  const bytes = sample({ label: "x" }).bytes();
  const policy = { ...POLICY, from: [stranger.signingKey.publicKey] };
  expect((await failure(verified(bytes, { policy }))).code).toBe("untrusted");
  expect((await failure(verified(bytes, { policy: { ...POLICY, label: "y" } }))).code).toBe("untrusted");
  expect((await verified(bytes, { policy: { ...POLICY, label: "x" } })).frames).toBe(5);
});
