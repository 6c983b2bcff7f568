// Damage of any kind, in files of any chunk size: the same error at the same place, and the same plaintext before it,
// whatever the pieces in which the file comes, and whatever the engine.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { SealError } from "../../src/errors.js";
import { openTo } from "../../src/files/open.js";
import { verifySource } from "../../src/files/verify.js";
import type { Source } from "../../src/flow/io.js";
import { content, NOW, OPEN, OPEN_UNSIGNED, sealed, sender } from "../files/samples.js";
import { memorySink } from "../support.js";
import { engine, engineOf, exponent, from, lengthIn, RUNS, way } from "./setting.js";

const share = fc.double({ min: 0, max: 0.999, noNaN: true });

/** What happens to a file on its way. The places are shares of its length. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: share, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("cut" as const), at: share }),
  fc.record({ kind: fc.constant("append" as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  fc.record({ kind: fc.constant("remove" as const), at: share, length: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({ kind: fc.constant("double" as const), at: share, length: fc.integer({ min: 1, max: 5000 }) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(file: Bytes, what: Damage): Bytes {
  if (what.kind === "append") return concat(file, what.bytes);
  const at = Math.floor(what.at * file.length);
  if (what.kind === "cut") return file.slice(0, at);
  if (what.kind === "remove") return concat(file.subarray(0, at), file.subarray(at + what.length));
  if (what.kind === "double") return concat(file.subarray(0, at + what.length), file.subarray(at));
  const out = file.slice();
  out[at]! ^= 1 << what.bit;
  return out;
}

async function ending(work: () => Promise<{ digest: string | null }>) {
  try {
    return { digest: (await work()).digest };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const { code, message, chunk, offset } = error;
    return { code, message, chunk, offset };
  }
}

const drawn = exponent.chain((exponent) =>
  fc.record({
    exponent: fc.constant(exponent),
    length: lengthIn(2 ** exponent),
    signed: fc.boolean(),
    what: damage,
    engine,
    way,
  }),
);

test("opening ends alike", async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async ({ exponent, length, signed, what, engine, way }) => {
      const plaintext = content(length);
      const { file } = await sealed(plaintext, { chunkExponent: exponent, ...(signed ? {} : { signer: null }) });
      const bad = damaged(file, what);
      const opening = (sink: ReturnType<typeof memorySink>, more: object) => (source: Source) =>
        ending(() => openTo(source, sink, { ...(signed ? OPEN : OPEN_UNSIGNED), ...more }));
      const [one, other] = [memorySink(), memorySink()];
      const atOnce = await from(bad, "bytes", opening(one, {}));
      const otherwise = await from(bad, way, opening(other, { engine: engineOf(engine) }));
      // A piece that is doubled can be the end of the file: then nothing is damaged.
      if (!Buffer.from(bad).equals(file)) expect(atOnce).toHaveProperty("code");
      expect(otherwise).toEqual(atOnce);
      expect(other.released().equals(one.released())).toBe(true);
      expect(one.released().equals(plaintext.subarray(0, one.released().length))).toBe(true);
    }),
    { numRuns: 4 * RUNS },
  );
});

test("verifying ends alike", async () => {
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
  await fc.assert(
    fc.asyncProperty(drawn, async ({ exponent, length, what, engine, way }) => {
      const { file } = await sealed(content(length), { chunkExponent: exponent });
      const bad = damaged(file, what);
      const verifying = (name: Parameters<typeof engineOf>[0]) => (source: Source) =>
        ending(() => verifySource(source, { suite: native, engine: engineOf(name), policy }));
      const atOnce = await from(bad, "bytes", verifying("inline"));
      if (!Buffer.from(bad).equals(file)) expect(atOnce).toHaveProperty("code");
      expect(await from(bad, way, verifying(engine))).toEqual(atOnce);
    }),
    { numRuns: 4 * RUNS },
  );
});
