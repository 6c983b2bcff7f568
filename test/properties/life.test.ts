// The life of a sealed file: sealed from whatever pieces, then verified, opened, read in part, rewrapped and gone on
// with, in any order, on any engine, for whoever it is for at the time. At each step it is what the plaintext and the
// first digest say.

import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { resume } from "../../src/files/resume.js";
import { rewrapTo } from "../../src/files/rewrap.js";
import { verifySource } from "../../src/files/verify.js";
import { parseHeader } from "../../src/header/read.js";
import { bytesSource } from "../../src/io/bytes.js";
import { resumableOutput } from "../../src/io/partial.js";
import { partialName } from "../../src/io/partial-files.js";
import { content, NOW, OPEN, opened, SEAL, sealed, sender, stranger } from "../files/samples.js";
import { drawing, failure, identityFile, memorySink, newPerson } from "../support.js";
import { engine, engineOf, exponent, from, lengthIn, newPath, RUNS, seekable, way } from "./setting.js";

const people = await Promise.all(Array.from({ length: 6 }, () => newPerson()));

/** The file as it is now, and the truth about it. */
interface State {
  file: Bytes;
  to: typeof people;
  readonly plaintext: Bytes;
  readonly chunkSize: number;
  readonly digest: string;
}

const group = fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }).map((indices) => indices.map((i) => people[i]!));
const left = fc.record({
  part: fc.double({ min: 0, max: 1.1, noNaN: true }),
  damage: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true })),
});

/** A step: what is done, given the state. */
type Step = (state: State) => Promise<void>;

const who = fc.nat(5);
const verifying = fc.record({ engine, way }).map(
  ({ engine, way }): Step =>
    async ({ file, plaintext, digest }) => {
      const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
      const found = await from(file, way, (source) =>
        verifySource(source, { suite: native, engine: engineOf(engine), policy }),
      );
      expect(found).toMatchObject({ bytes: plaintext.length, digest, sealedAt: NOW / 1000 });
    },
);

const opening = fc.record({ engine, way, who }).map(
  ({ engine, way, who }): Step =>
    async (state) => {
      const identities = [identityFile(stranger), identityFile(state.to[who % state.to.length]!)];
      const found = await from(state.file, way, (source) => opened(source, { engine: engineOf(engine), identities }));
      expect(found.plaintext.equals(state.plaintext)).toBe(true);
      expect(found.result).toMatchObject({ bytes: state.plaintext.length, digest: state.digest });
    },
);

const refusing = fc.record({ engine, way }).map(
  ({ engine, way }): Step =>
    async ({ file, to }) => {
      const others = people.filter((one) => !to.includes(one)).concat(stranger);
      const options = { engine: engineOf(engine), identities: others.map((other) => identityFile(other)) };
      expect((await from(file, way, (source) => failure(opened(source, options)))).code).toBe("no-key");
    },
);

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const reading = fc.record({ engine, way: seekable, ends: fc.tuple(share, share) }).map(
  ({ engine, way, ends }): Step =>
    async ({ file, to, plaintext, digest }) => {
      if (plaintext.length === 0) return;
      const [first, last] = ends.map((end) => Math.floor(end * plaintext.length)).toSorted((a, b) => a - b);
      const range = { first: first!, last: last! };
      const options = { engine: engineOf(engine), identities: [identityFile(to[0]!)], range };
      const found = await from(file, way, (source) => opened(source, options));
      expect(found.plaintext.equals(plaintext.subarray(range.first, range.last + 1))).toBe(true);
      expect(found.result.digest).toBe(digest);
    },
);

const rewrapping = fc.record({ engine, way, group }).map(
  ({ engine, way, group }): Step =>
    async (state) => {
      const sink = memorySink();
      const options = {
        suite: native,
        engine: engineOf(engine),
        identities: [identityFile(state.to[0]!)],
        signer: sender.signingKey,
        recipients: group.map(({ publicKey }) => publicKey),
      };
      const result = await from(state.file, way, (source) => rewrapTo(source, sink, options));
      state.file = Uint8Array.from(sink.released());
      state.to = group;
      expect(result).toMatchObject({ digest: state.digest, recipients: group.length, sealedBytes: state.file.length });
    },
);

const goingOn = fc.record({ engine, way: seekable, left }).map(
  ({ engine, way, left }): Step =>
    async (state) => {
      const { file, plaintext, chunkSize, digest } = state;
      const path = newPath();
      const { coreHash } = await parseHeader(bytesSource(file), native);
      const bytes = content(Math.floor(left.part * plaintext.length));
      const altered = left.damage === null || bytes.length === 0 ? null : Math.floor(left.damage * bytes.length);
      if (altered !== null) bytes[altered]! ^= 0x20;
      writeFileSync(partialName(path, coreHash), bytes, { mode: 0o600 });
      const notes: string[] = [];
      const options = {
        ...OPEN,
        engine: engineOf(engine),
        identities: [identityFile(state.to[0]!)],
        note: (text: string) => void notes.push(text),
      };
      const place = await resumableOutput(path, {});
      const result = await from(file, way, (source) => resume(source, place, options));
      expect(readFileSync(path).equals(plaintext)).toBe(true);
      expect(result).toMatchObject({ bytes: plaintext.length, digest });

      // Nothing from the altered byte on is believed; without one, every whole chunk is that does not stand for the
      // final one.
      const [at] = notes.flatMap((note) => /^resuming at byte (\d+)/.exec(note)?.slice(1).map(Number) ?? []);
      if (altered !== null) expect(at ?? 0).toBeLessThanOrEqual(altered);
      else expect(at ?? 0).toBe(Math.floor(Math.min(bytes.length, plaintext.length) / chunkSize) * chunkSize);
    },
);

const step = fc.oneof(verifying, opening, refusing, reading, rewrapping, goingOn);
const life = exponent.chain((exponent) =>
  fc.record({
    exponent: fc.constant(exponent),
    length: lengthIn(2 ** exponent),
    group,
    engine,
    way,
    steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  }),
);

test("a file stays what was sealed, whatever is done with it, how, and in which order", async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ exponent, length, group, engine, way, steps }) => {
      const plaintext = content(length);
      const { file, result } = await from(plaintext, way, (source) =>
        sealed(source, {
          engine: engineOf(engine),
          chunkExponent: exponent,
          recipients: group.map(({ publicKey }) => publicKey),
        }),
      );
      const state: State = { file, to: group, plaintext, chunkSize: 2 ** exponent, digest: result.digest! };
      for (const run of steps) await run(state);
    }),
    { numRuns: RUNS },
  );
});

test("the same random bytes give the same file, however its plaintext comes", async () => {
  const drawn = exponent.chain((exponent) =>
    fc.record({
      exponent: fc.constant(exponent),
      length: lengthIn(2 ** exponent),
      ways: fc.tuple(way, way),
      engine,
      signed: fc.boolean(),
    }),
  );
  const suite = drawing(native, (length) => new Uint8Array(length).fill(7));
  await fc.assert(
    fc.asyncProperty(drawn, async ({ exponent, length, ways, engine, signed }) => {
      const options = { suite, chunkExponent: exponent, signer: signed ? SEAL.signer : null };
      const plaintext = content(length);
      const one = await from(plaintext, ways[0], (source) => sealed(source, options));
      const other = await from(plaintext, ways[1], (source) =>
        sealed(source, { ...options, engine: engineOf(engine) }),
      );
      expect(Buffer.from(other.file).equals(one.file)).toBe(true);
    }),
    { numRuns: RUNS },
  );
});
