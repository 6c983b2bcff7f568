// What a writer that comes back tells of its work, and what it takes for an end that a crash or a loss of power left.

import { describe, expect, test } from "vitest";
import { concat, isZero } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { Writer } from "../../src/journal/writing/writer.js";
import { recipient, sender } from "../files/samples.js";
import { failure } from "../support.js";
import { STEP } from "../whole.js";
import { Maker } from "./maker.js";
import { type MemoryStore, memoryStore } from "./memory-store.js";
import { append, recordsOf } from "./writing.js";

const long = new Maker().epoch();
for (let i = 0; i < 300; i++) long.frame(["x"]);
const BYTES = long.bytes();

test("a writer that comes back tells how far it is", async () => {
  const told: [number, number | null][] = [];
  const options = { suite: native, signer: sender.signingKey, recipients: [recipient.publicKey] };
  const onRecovery = (done: number, total: number | null) => void told.push([done, total]);
  const writer = await Writer.open(memoryStore(BYTES), { ...options, onRecovery });
  await writer.close();
  expect([told[0], told.length, told.at(-1)]).toEqual([[0, BYTES.length], 301, [BYTES.length, BYTES.length]]);
});

const back = (store: MemoryStore) =>
  Writer.open(store, { suite: native, signer: sender.signingKey, recipients: [recipient.publicKey] });

describe("after a loss of power", () => {
  test.each([1, 7, 8, 64, 4096, 9 * 2 ** 20])("%i zeros behind the last frame are moved aside", async (length) => {
    const store = memoryStore(concat(BYTES, new Uint8Array(length)));
    const writer = await back(store);
    expect(writer.recovered.frames.length).toBe(300);
    await append(writer, "after");
    await writer.close();
    expect([store.aside.length, store.aside[0]!.length, isZero(store.aside[0]!)]).toEqual([1, length, true]);
    expect(recordsOf(store).at(-1)).toBe("after");
  });

  test("so is a frame whose end, or all behind whose head, is zero", async () => {
    const frame = new Maker().epoch().frame(["lost"]).parts[1]!.bytes.length;
    const lost = new Maker().epoch().frame(["kept"]).frame(["lost"]);
    const start = lost.end - frame;
    for (let kept = start + 8; kept <= lost.end - 64; kept += 11) {
      for (const more of [0, 1, 4096]) {
        const store = memoryStore(concat(lost.bytes().subarray(0, kept), new Uint8Array(lost.end - kept + more)));
        const writer = await back(store);
        await writer.close();
        expect([store.aside[0]!.length, store.bytes.length]).toEqual([frame + more, start]);
      }
    }
  });

  test("so is a first header, from behind its magic on", async () => {
    const header = new Maker().epoch().bytes();
    for (let kept = 8; kept <= header.length - 64; kept = kept < 14 ? kept + 1 : kept + 11) {
      for (const more of [0, 4096]) {
        const lost = concat(header.subarray(0, kept), new Uint8Array(header.length - kept + more));
        const store = memoryStore(lost);
        const writer = await back(store);
        await append(writer, "after");
        await writer.close();
        expect([store.aside, recordsOf(store)], `${kept} bytes`).toEqual([[lost], ["after"]]);
      }
    }
  });

  test.each([
    [7, 300, "malformed"],
    [8, 63, "unsupported"],
    [9, 63, "unsupported"],
  ])("%i bytes of one and %i zeros are none, and nothing is written beside them", async (kept, zeros, code) => {
    const store = memoryStore(concat(new Maker().epoch().bytes().subarray(0, kept), new Uint8Array(zeros)));
    store.takeTerm = async () => {
      throw new Error("a term is taken");
    };
    expect((await failure(back(store))).code).toBe(code);
  });

  test("zeros that something follows are none", async () => {
    const start = new Maker().epoch().bytes().subarray(0, 8);
    const store = memoryStore(concat(start, new Uint8Array(5 * 2 ** 20), Uint8Array.of(1)));
    expect((await failure(back(store))).code).toBe("unsupported");
  });
});

test("a byte that is damaged is never taken for an end, wherever it is and whatever is left", async () => {
  const maker = new Maker().epoch().frame(["a"]).frame(["b"]).frame(["c"]);
  const bytes = maker.bytes();
  const frame = (bytes.length - maker.parts[0]!.bytes.length) / 3;
  for (let at = maker.parts[0]!.bytes.length; at < bytes.length; at += STEP) {
    for (const size of [bytes.length, bytes.length - frame, bytes.length - frame - 1]) {
      const damaged = bytes.slice(0, size);
      // Of the frame that is cut, only the head is looked at.
      const isSeen = at < size - (size % frame === bytes.length % frame ? 0 : frame - 9);
      if (!isSeen) continue;
      damaged[at]! ^= 1 << (at % 8);
      const store = memoryStore(damaged);
      expect((await failure(back(store))).code, `byte ${at} of ${size}`).toBe("tampered");
      expect([store.aside.length, store.bytes.length]).toEqual([0, size]);
    }
  }
});
