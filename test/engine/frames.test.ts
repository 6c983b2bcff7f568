// Frames on a thread and inline: the same results, keys that are erased, no plaintext of what is not authentic.

import { afterAll, describe, expect, test } from "vitest";
import { type Bytes, concat, equal, isZero } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret, joinSecret } from "../../src/crypto/secret.js";
import type { SigningKey } from "../../src/crypto/suite.js";
import type { FramesTask, Signatures } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { poolEngine } from "../../src/engine/pool.js";
import { sealFrame } from "../../src/format/frame.js";
import type { ChunkKeys } from "../../src/format/record.js";

const pool = poolEngine(2, { small: 0 });
afterAll(() => pool.close());

const coreHash = new Uint8Array(32).fill(5);
const recordKey = native.signingKey(copySecret(new Uint8Array(32).fill(9)));
const stranger = native.signingKey(copySecret(new Uint8Array(32).fill(8)));
const batches = ["first", "second".repeat(20_000), "third"].map((text) => new TextEncoder().encode(text));
const keyOf = (i: number) => new Uint8Array(32).fill(i + 1);

/** Frames that follow on each other, each signed by the key that `by` names. */
function written(by: (i: number) => SigningKey, start = CHAINS[0]!): Bytes[] {
  let chain: Bytes = start;
  return batches.map((batch, i) => {
    const made = sealFrame({ suite: native, recordKey: by(i), coreHash }, copySecret(keyOf(i)), 7 + i, chain, batch);
    chain = made.chain;
    return made.frame;
  });
}

const FRAMES: Bytes[] = [];
const CHAINS: Bytes[] = [new Uint8Array(32).fill(3)];
for (const [i, batch] of batches.entries()) {
  const made = sealFrame({ suite: native, recordKey, coreHash }, copySecret(keyOf(i)), 7 + i, CHAINS[i]!, batch);
  FRAMES.push(made.frame);
  CHAINS.push(made.chain);
}

const KEYS: ChunkKeys = {
  suite: native,
  payloadKey: null,
  coreHash: new Uint8Array(32),
  signed: true,
  recordKey: null,
};

function task(frames: readonly Bytes[], opens = true, signatures: Signatures = "each"): FramesTask {
  const lengths = Uint32Array.from(frames, (frame) => frame.length - 8 - 112);
  const keys = opens ? concat(...batches.map((_, i) => keyOf(i))) : null;
  const epoch = { coreHash, recordKey: recordKey.publicKey };
  return { index: 7, ...epoch, lengths, signatures, keys: keys && copySecret(keys), buffer: concat(...frames) };
}

function changed(frame: Bytes, at: number): Bytes {
  const out = frame.slice();
  out[at < 0 ? out.length + at : at]! ^= 1;
  return out;
}

describe.each([
  ["inline", inline, "each"],
  ["inline", inline, "last"],
  ["threads", pool, "each"],
  ["threads", pool, "last"],
] as const)("%s, $2 signature:", (_name, engine, signatures) => {
  const run = async (frames: readonly Bytes[], opens = true) => {
    const session = engine.session(KEYS, null);
    try {
      return await session.frames(task(frames, opens, signatures));
    } finally {
      await session.close();
    }
  };

  test("each plaintext takes the place of its ciphertext", async () => {
    const { authentic, chains, buffer } = await run(FRAMES);
    expect(authentic).toBe(3);
    expect(equal(chains, concat(...CHAINS))).toBe(true);
    let at = 8;
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
    ["a length", 3],
    ["a check", 4],
    ["a ciphertext", 8],
    ["a tag", -97],
    ["a chain value", -65],
    ["a signature", -1],
  ])("%s changed: those before it, and nothing of it or behind it in clear", async (_what, at) => {
    const bad = changed(FRAMES[1]!, at);
    const { authentic, buffer } = await run([FRAMES[0]!, bad, FRAMES[2]!]);
    expect(authentic).toBe(1);
    const start = FRAMES[0]!.length;
    expect(isZero(buffer.subarray(start + 8, start + bad.length))).toBe(true);
    const rest = buffer.subarray(start + bad.length);
    // What stands behind it was looked at only where the chain shows the fault.
    expect(equal(rest, FRAMES[2]!) || isZero(rest.subarray(8))).toBe(true);
    expect((await run([FRAMES[0]!, bad, FRAMES[2]!], false)).authentic).toBe(1);
  });

  test.each([0, 1, 2])(
    "a signature of a key that is another's, in frame %i: those before it, and nothing else in clear",
    async (wrong) => {
      const made = written((i) => (i === wrong ? stranger : recordKey));
      const due = signatures === "last" && wrong < 2 ? 3 : wrong;
      const { authentic, buffer } = await run(made);
      expect(authentic).toBe(due);
      const start = concat(...made.slice(0, due)).length;
      const behind = made.slice(due).map((_, i) => start + concat(...made.slice(due, due + i)).length);
      for (const [i, at] of behind.entries()) {
        const record = buffer.subarray(at + 8, at + made[due + i]!.length);
        expect(isZero(record) || equal(record, made[due + i]!.subarray(8))).toBe(true);
      }
    },
  );

  test("the last frame cannot speak for what it does not follow", async () => {
    const other = written(() => recordKey, new Uint8Array(32).fill(4));
    expect((await run([FRAMES[0]!, FRAMES[1]!, other[2]!])).authentic).toBe(2);
    expect((await run([other[0]!, FRAMES[1]!, FRAMES[2]!])).authentic).toBe(1);
  });

  test("a frame that does not follow the one before it", async () => {
    expect((await run([FRAMES[0]!, FRAMES[2]!])).authentic).toBe(1);
  });

  test("keys that fit other frames", async () => {
    const session = engine.session(KEYS, null);
    const wrong = { ...task(FRAMES, true, signatures), keys: joinSecret(keyOf(0), keyOf(2), keyOf(1)) };
    expect((await session.frames(wrong)).authentic).toBe(1);
    await session.close();
  });

  test("the keys are gone afterwards", async () => {
    const session = engine.session(KEYS, null);
    const given = task(FRAMES, true, signatures);
    await session.frames(given);
    await session.close();
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
  await session.close();
  await lazy.close();
});
