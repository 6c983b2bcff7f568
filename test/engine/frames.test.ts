// Frames on a thread and inline: the same results, keys that are erased, no plaintext of what is not authentic.

import { afterAll, describe, expect, test } from "vitest";
import { type Bytes, concat, equal, isZero } from "../../src/bytes.js";
import type { ChunkKeys } from "../../src/chunk/record.js";
import { native } from "../../src/crypto/native.js";
import type { FramesTask } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { poolEngine } from "../../src/engine/pool.js";
import { sealFrame } from "../../src/journal/frame.js";

const pool = poolEngine(2, { small: 0 });
afterAll(() => pool.close());

const coreHash = new Uint8Array(32).fill(5);
const signer = native.signingKey(new Uint8Array(32).fill(9));
const batches = ["first", "second".repeat(20_000), "third"].map((text) => new TextEncoder().encode(text));
const keyOf = (i: number) => new Uint8Array(32).fill(i + 1);

const FRAMES: Bytes[] = [];
const CHAINS: Bytes[] = [new Uint8Array(32).fill(3)];
for (const [i, batch] of batches.entries()) {
  const made = sealFrame({ suite: native, signer, coreHash }, keyOf(i), 7 + i, CHAINS[i]!, batch);
  FRAMES.push(made.frame);
  CHAINS.push(made.chain);
}

const KEYS: ChunkKeys = {
  suite: native,
  payloadKey: null,
  coreHash: new Uint8Array(32),
  signed: true,
  signer: native.checkedVerifyingKey(signer.publicKey),
};

function task(frames: readonly Bytes[], opens = true): FramesTask {
  const lengths = Uint32Array.from(frames, (frame) => frame.length - 4 - 112);
  const keys = opens ? concat(...batches.map((_, i) => keyOf(i))) : null;
  return { index: 7, coreHash, lengths, keys, buffer: concat(...frames) };
}

function changed(frame: Bytes, at: number): Bytes {
  const out = frame.slice();
  out[at < 0 ? out.length + at : at]! ^= 1;
  return out;
}

describe.each([
  ["inline", inline],
  ["threads", pool],
] as const)("%s:", (_name, engine) => {
  const run = async (frames: readonly Bytes[], opens = true) => {
    const session = engine.session(KEYS, null);
    try {
      return await session.frames(task(frames, opens));
    } finally {
      session.close();
    }
  };

  test("each plaintext takes the place of its ciphertext", async () => {
    const { authentic, chains, buffer } = await run(FRAMES);
    expect(authentic).toBe(3);
    expect(equal(chains, concat(...CHAINS))).toBe(true);
    let at = 4;
    for (const [i, batch] of batches.entries()) {
      expect(equal(buffer.subarray(at, at + batch.length), batch)).toBe(true);
      at += FRAMES[i]!.length;
    }
  });

  test("verified, the frames stay as they are", async () => {
    const { authentic, buffer } = await run(FRAMES, false);
    expect([authentic, equal(buffer, concat(...FRAMES))]).toEqual([3, true]);
  });

  test.each([
    ["a ciphertext", 4],
    ["a tag", -97],
    ["a chain value", -65],
    ["a signature", -1],
  ])("%s changed: those before it, and nothing of it or behind it in clear", async (_what, at) => {
    const bad = changed(FRAMES[1]!, at);
    const { authentic, buffer } = await run([FRAMES[0]!, bad, FRAMES[2]!]);
    expect(authentic).toBe(1);
    const start = FRAMES[0]!.length;
    expect(isZero(buffer.subarray(start + 4, start + bad.length))).toBe(true);
    expect(equal(buffer.subarray(start + bad.length), FRAMES[2]!)).toBe(true);
    expect((await run([FRAMES[0]!, bad, FRAMES[2]!], false)).authentic).toBe(1);
  });

  test("a frame that does not follow the one before it", async () => {
    expect((await run([FRAMES[0]!, FRAMES[2]!])).authentic).toBe(1);
  });

  test("keys that fit other frames", async () => {
    const session = engine.session(KEYS, null);
    const wrong = { ...task(FRAMES), keys: concat(keyOf(0), keyOf(2), keyOf(1)) };
    expect((await session.frames(wrong)).authentic).toBe(1);
    session.close();
  });

  test("the keys are gone afterwards", async () => {
    const session = engine.session(KEYS, null);
    const given = task(FRAMES);
    await session.frames(given);
    session.close();
    // Those of a thread went there.
    expect(given.keys!.length === 0 || isZero(given.keys!)).toBe(true);
  });
});

test("a few frames start no thread, more do", async () => {
  const lazy = poolEngine(2);
  const session = lazy.session(KEYS, null);
  for (let i = 0; i < 10; i++) {
    const given = task([FRAMES[0]!]);
    await session.frames(given);
    // What went to a thread is not here any more.
    expect(given.buffer.length).toBeGreaterThan(0);
  }
  const large = { ...task([FRAMES[0]!]), buffer: new Uint8Array(20 * 2 ** 20) };
  large.buffer.set(FRAMES[0]!);
  await session.frames(large);
  const after = task([FRAMES[0]!]);
  expect((await session.frames(after)).authentic).toBe(1);
  expect(after.buffer.length).toBe(0);
  session.close();
  await lazy.close();
});
