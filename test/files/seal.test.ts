// Sealing: what is sealed opens again, whatever its length, its pieces, its recipients and the suites on both sides;
// what the summary says is so; and what fails leaves nothing.

import { GCProfiler } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { Engine } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { SealError } from "../../src/errors.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import { sealedSize } from "../../src/format/sizes.js";
import type { Policy } from "../../src/header/policy.js";
import { geometryOf, parseHeader } from "../../src/header/read.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { drawing, failure, identityFile, memorySink, newPerson, pieces, SUITES } from "../support.js";
import { IS_WHOLE } from "../whole.js";
import {
  CHUNK,
  content,
  NOW,
  OPEN_UNSIGNED,
  opened,
  recipient,
  SEAL,
  scrambled,
  sealed,
  sender,
  stranger,
} from "./samples.js";

describe("what only the collector erases of ephemeral keys and of the record key", () => {
  const MIB = 1024 * 1024;
  const large = () => bytesSource(content(MIB));
  const small = () => bytesSource(content(MIB - 1));
  const stream = () => streamSource(pieces(content(10), 3), "stream");

  test.each([
    ["a small file", small, {}, "begin, record key, ephemeral key, header, collect"],
    ["a small one, unsigned", small, { signer: null }, "begin, ephemeral key, header, collect"],
    ["a large one", large, {}, "begin, record key, begin, ephemeral key, collect, header, collect"],
    ["a large one, unsigned", large, { signer: null }, "begin, ephemeral key, collect, header"],
    ["one of unknown size", stream, {}, "begin, record key, begin, ephemeral key, collect, header, collect"],
    ["a small one soon before the end", small, { ends: true }, "begin, record key, ephemeral key, header, collect"],
    ["a large one soon before the end", large, { ends: true }, "record key, begin, ephemeral key, collect, header"],
    ["a small one at the end", small, { ends: true, isLast: true }, "record key, ephemeral key, header"],
    ["a large one at the end", large, { ends: true, isLast: true }, "record key, ephemeral key, header"],
  ])(
    "%s: is collected before the header is written, of a small file before the commit, for all keys drawn since",
    async (_what, source, how, due) => {
      const done: string[] = [];
      const noted = <T>(what: string, work: () => T): T => {
        done.push(what);
        return work();
      };
      const suite: Suite = {
        ...native,
        forgetting: () => noted("begin", () => async () => noted("collect", () => undefined)),
        recordKey: () => noted("record key", native.recordKey),
        ephemeralKey: () => noted("ephemeral key", native.ephemeralKey),
      };
      const { commit, write, ...sink } = memorySink();
      const noting = {
        ...sink,
        write: (bytes: Uint8Array, at: number) =>
          at === 0 ? noted("header", () => write(bytes, at)) : write(bytes, at),
        commit: () => noted("commit", commit),
      };
      await sealTo(source(), noting, { ...SEAL, ...how, suite });
      expect(done.join(", ")).toBe(`${due}, commit`);
    },
  );

  test("is collected once for small files that are sealed at a time, and nearly always with the young alone", async () => {
    const seal = () => sealTo(bytesSource(content(10)), memorySink(), SEAL);
    const sealMany = async () => {
      for (let i = 0; i < 16; i++) await seal();
    };
    await seal();
    const profiler = new GCProfiler();
    profiler.start();
    await Promise.all(Array.from({ length: 8 }, sealMany));
    const done = profiler.stop()!.statistics.map(({ gcType }) => gcType);
    expect(done.length).toBeGreaterThanOrEqual(16);
    expect(done.length).toBeLessThan(64);
    expect(done.filter((type) => type === "MarkSweepCompact").length).toBeLessThan(4);
  });
});

const POLICY: Policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };

const engine: fc.Arbitrary<Engine> = fc.constantFrom(inline, scrambled(2), scrambled(5));
const suite: fc.Arbitrary<Suite> = fc.constantFrom(...SUITES);
/** Of a few chunks, often just at their ends. */
const length = (exponent: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: 3 * 2 ** exponent }),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -1, max: 1 }))
      .map(([chunks, more]) => Math.max(0, chunks * 2 ** exponent + more)),
  );
const sample = fc.integer({ min: 12, max: 14 }).chain((exponent) =>
  fc.record({
    exponent: fc.constant(exponent),
    length: length(exponent),
    split: fc.option(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 4 })),
    recipients: fc.integer({ min: 1, max: 5 }),
    opener: fc.nat(4),
    signed: fc.boolean(),
    label: fc.constantFrom("", "release 7", "grüße 😀"),
    suites: fc.tuple(suite, suite),
    engines: fc.tuple(engine, engine),
  }),
);

test("what is sealed opens again, on whichever suite, and the summaries say what is so", async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => newPerson()));
  await fc.assert(
    fc.asyncProperty(sample, async (it) => {
      const plaintext = content(it.length);
      const source = it.split ? streamSource(pieces(plaintext, ...it.split), "the input") : bytesSource(plaintext);
      const to = people.slice(0, it.recipients);
      const { file, result } = await sealed(source, {
        suite: it.suites[0],
        engine: it.engines[0],
        recipients: to.map(({ publicKey }) => publicKey),
        signer: it.signed ? it.suites[0].signingKey(copySecret(native.sha256(Uint8Array.of(1)))) : null,
        chunkExponent: it.exponent,
        label: it.label,
      });
      const signer = it.signed ? native.signingKey(copySecret(native.sha256(Uint8Array.of(1)))).publicKey : null;
      const chunks = Math.floor(it.length / 2 ** it.exponent) + 1;
      const common = { bytes: it.length, chunks, signer, label: it.label, sealedAt: NOW / 1000 };
      expect(result).toEqual({
        ...common,
        sealedBytes: file.length,
        recipients: it.recipients,
        digest: it.signed ? expect.stringMatching(/^[0-9a-f]{64}$/) : null,
      });

      const found = await opened(file, {
        suite: it.suites[1],
        engine: it.engines[1],
        identities: [identityFile(stranger), identityFile(to[it.opener % to.length]!)],
        ...(signer ? { from: [signer] } : { from: null, policy: OPEN_UNSIGNED.policy }),
      });
      expect(found.plaintext.equals(plaintext)).toBe(true);
      expect(found.result).toEqual({ ...common, digest: result.digest });

      if (!signer) return;
      const settings = { suite: it.suites[1], engine: it.engines[1], policy: { ...POLICY, from: [signer] } };
      expect(await verifySource(bytesSource(file), settings)).toEqual({ ...common, digest: result.digest });
    }),
    { numRuns: 60 },
  );
});

test.each([
  [true, 0, 12],
  [true, 3 * 4096, 12],
  [false, 100_000, 13],
  [false, 2 ** 14 - 1, 14],
])("signed %s, %i bytes, exponent %i: the file has the size that FORMAT.md says", async (signed, length, exponent) => {
  const to = [recipient, stranger, sender].map(({ publicKey }) => publicKey);
  const { file, result } = await sealed(content(length), {
    recipients: to,
    signer: signed ? sender.signingKey : null,
    chunkExponent: exponent,
    label: "é",
  });
  const header = 118 + 2 + 2 + 3 * 84 + (signed ? 64 : 32);
  const records = length + (Math.floor(length / 2 ** exponent) + 1) * (signed ? 112 : 16);
  expect(file.length).toBe(header + records);
  expect(result.sealedBytes).toBe(header + records);
  const geometry = geometryOf(await parseHeader(bytesSource(file), native));
  expect(sealedSize(geometry, length)).toBe(file.length);
});

test("the chunk size is 4 MiB where none is chosen", async () => {
  const { file } = await sealed(content(5000), { chunkExponent: undefined });
  expect((await parseHeader(bytesSource(file), native)).core.chunkExponent).toBe(22);
});

test("the same random bytes give the same file, on both suites and on any engine", async () => {
  const fixed = (suite: Suite): Suite => {
    let drawn = 0;
    const draw = (length: number): Bytes => {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; at += 32)
        out.set(native.sha256(Uint8Array.of(drawn++)).subarray(0, length - at), at);
      return out;
    };
    return drawing(suite, draw);
  };
  const seed = native.sha256(Uint8Array.of(7));
  for (const signed of [true, false]) {
    const files: Bytes[] = [];
    for (const suite of SUITES) {
      for (const engine of [inline, scrambled(3)]) {
        const signer = signed ? suite.signingKey(copySecret(seed)) : null;
        const recipients = [recipient, stranger, sender].map(({ publicKey }) => publicKey);
        const options = { suite: fixed(suite), engine, signer, recipients, label: "the same" };
        files.push((await sealed(content(3 * CHUNK + 5), options)).file);
      }
    }
    expect(new Set(files.map(toHex)).size, `signed: ${signed}`).toBe(1);
  }
});

test.each(SUITES.map((suite) => [suite.name, suite] as const))(
  "%s: two seals share no key material",
  async (_n, suite) => {
    const fields = {
      commitment: new Set(),
      "record key": new Set(),
      enc: new Set(),
      "sealed key": new Set(),
      block: new Set(),
    };
    for (let i = 0; i < 8; i++) {
      const recipients = [recipient, stranger].map(({ publicKey }) => publicKey);
      const { file } = await sealed(new Uint8Array(2 * CHUNK), { suite, recipients });
      const header = await parseHeader(bytesSource(file), suite);
      const { headerLength } = geometryOf(header);
      const add = (name: keyof typeof fields, bytes: Uint8Array) => fields[name].add(toHex(bytes));
      add("commitment", header.core.commitment);
      add("record key", header.core.recordKey!);
      for (const { body } of header.stanzas) {
        add("enc", body.subarray(0, 32));
        add("sealed key", body.subarray(32));
      }
      for (const at of [headerLength, headerLength + CHUNK + 112])
        for (let block = 0; block < CHUNK; block += 16) add("block", file.subarray(at + block, at + block + 16));
    }
    const sizes = Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, values.size]));
    expect(sizes).toEqual({ commitment: 8, "record key": 8, enc: 16, "sealed key": 16, block: 8 * 2 * 256 });
  },
);

describe("recipients", () => {
  const keys = (count: number) =>
    Array.from({ length: count }, () => native.agreementKey(copySecret(native.randomBytes(32))).publicKey);

  test("one who is named twice has one stanza", async () => {
    const twice = [recipient.publicKey, stranger.publicKey, recipient.publicKey.slice(), recipient.publicKey];
    const { file, result } = await sealed(content(9), { recipients: twice });
    expect(result.recipients).toBe(2);
    expect((await parseHeader(bytesSource(file), native)).stanzas.length).toBe(2);
    expect((await opened(file)).plaintext.length).toBe(9);
  });

  test.runIf(IS_WHOLE)("4096 are possible, doubles aside; the last of them opens it", async () => {
    const many = keys(4095);
    const { file, result } = await sealed(content(9), { recipients: [...many, recipient.publicKey, many[0]!] });
    expect(result.recipients).toBe(4096);
    expect((await opened(file)).plaintext.equals(content(9))).toBe(true);
  });

  test.each([0, 4097])("%i are a usage error", async (count) => {
    const sink = memorySink();
    const error = await failure(sealTo(bytesSource(content(9)), sink, { ...SEAL, recipients: keys(count) }));
    expect(error.code).toBe("usage");
    expect(sink.state).toBe("aborted");
    expect(sink.released().length).toBe(0);
  });
});

test.each([
  ["a lone surrogate", "\ud800"],
  ["a line feed", "a\nb"],
  ["an override of direction", "\u202e"],
  ["too long", "é".repeat(128)],
])("a label that no file can have is a usage error: %s", async (_what, label) => {
  const sink = memorySink();
  expect((await failure(sealTo(bytesSource(content(9)), sink, { ...SEAL, label }))).code).toBe("usage");
  expect(sink.state).toBe("aborted");
  expect(sink.released().length).toBe(0);
});

test.each([-1000, 253402300800 * 1000])("a clock at %i ms makes no file that nobody can open", async (now) => {
  const sink = memorySink();
  expect(await sealTo(bytesSource(content(9)), sink, { ...SEAL, now }).catch((error) => error)).toBeInstanceOf(
    SealError,
  );
  expect(sink.state).toBe("aborted");
});
