// The pool does what the inline engine does: the same bytes, the same errors, the same release. Needs dist/worker.js.

import { closeSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { Engine } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { fromFailure, toFailure } from "../../src/engine/messages.js";
import { poolEngine } from "../../src/engine/pool.js";
import { ioError, SealError } from "../../src/errors.js";
import { openSource } from "../../src/io/files.js";
import { openOutput } from "../../src/io/output.js";
import { streamSource } from "../../src/io/streams.js";
import { generateSecret, identityOf } from "../../src/keys/identity.js";
import type { Sink, Source } from "../../src/ops/io.js";
import { open } from "../../src/ops/open.js";
import { seal } from "../../src/ops/seal.js";
import { verify } from "../../src/ops/verify.js";
import { failure, identityFile, memorySink, pieces } from "../support.js";

const CHUNK = 4096;
const NOW = 1_800_000_000_000;
const sender = identityOf(native, generateSecret(native));
const recipient = identityOf(native, generateSecret(native));

/** The same draws every time, so that two seals can be compared to the byte. */
const fixed: Suite = { ...native, randomBytes: (length) => new Uint8Array(length).fill(7) };

/** Threads from the first chunk on, whatever the size. */
const pool = poolEngine(3, { small: 0 });
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seal-pool-"));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

const path = () => join(folder, `f${count++}`);
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 12)) % 256);

async function fileOf(bytes: Uint8Array): Promise<string> {
  const name = path();
  await writeFile(name, bytes);
  return name;
}

type Way = "file" | "stream";

async function sourceOf(bytes: Uint8Array, way: Way): Promise<Source> {
  return way === "file"
    ? openSource(await fileOf(bytes), "input")
    : streamSource(pieces(bytes, 5000, 1, 9999), "input");
}

async function through(
  engine: Engine,
  bytes: Uint8Array,
  [from, to]: readonly [Way, Way],
  work: (source: Source, sink: Sink, engine: Engine) => Promise<unknown>,
): Promise<{
  out: Buffer | null;
  error: Pick<SealError, "code" | "message" | "chunk" | "offset"> | null;
  released: Buffer;
}> {
  const source = await sourceOf(bytes, from);
  const memory = memorySink();
  const name = path();
  const sink = to === "file" ? await openOutput(name) : memory;
  try {
    await work(source, sink, engine);
    const out = to === "file" ? await readFile(name) : memory.released();
    return { out, error: null, released: memory.released() };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const { code, message, chunk, offset } = error;
    return { out: null, error: { code, message, chunk, offset }, released: memory.released() };
  } finally {
    await source.close();
  }
}

const sealing = (signed: boolean) => (source: Source, sink: Sink, engine: Engine) =>
  seal(source, sink, {
    suite: fixed,
    engine,
    recipients: [recipient.publicKey],
    signer: signed ? sender.signingKey : null,
    label: "",
    chunkExponent: 12,
    now: NOW,
  });

const opening = (signed: boolean) => (source: Source, sink: Sink, engine: Engine) =>
  open(source, sink, {
    suite: native,
    engine,
    identities: [identityFile(recipient)],
    from: signed ? [sender.signingKey.publicKey] : null,
    policy: { allowUnsigned: !signed, now: NOW },
  });

const verifying = (source: Source, _sink: Sink, engine: Engine) =>
  verify(source, {
    suite: native,
    engine,
    policy: { signers: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW },
  });

const WAYS: (readonly [Way, Way])[] = [
  ["file", "file"],
  ["file", "stream"],
  ["stream", "file"],
  ["stream", "stream"],
];
const LENGTHS = fc.oneof(
  fc.integer({ min: 0, max: 9 * CHUNK }),
  fc.constantFrom(CHUNK, 2 * CHUNK, 7 * CHUNK, 8 * CHUNK - 1),
);

describe("pool and inline", () => {
  test("seal to the same bytes and open to the plaintext, from and to files and streams", async () => {
    await fc.assert(
      fc.asyncProperty(LENGTHS, fc.boolean(), fc.constantFrom(...WAYS), async (length, signed, way) => {
        const plaintext = pattern(length);
        const one = await through(inline, plaintext, way, sealing(signed));
        const other = await through(pool, plaintext, way, sealing(signed));
        expect(one.error).toBeNull();
        expect(other.out?.equals(one.out!)).toBe(true);
        const opened = await through(pool, other.out!, way, opening(signed));
        expect(opened.error).toBeNull();
        expect(opened.out?.equals(plaintext)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("report the same first failure, in file order, and release the same before it", async () => {
    const file = (await through(inline, pattern(7 * CHUNK + 5), ["stream", "stream"], sealing(true))).out!;
    const damage = fc.oneof(
      fc.uniqueArray(fc.nat(file.length - 1), { minLength: 1, maxLength: 6 }).map((places) => {
        const bad = Uint8Array.from(file);
        for (const at of places) bad[at]! ^= 0x10;
        return bad;
      }),
      fc.nat(file.length - 1).map((length) => Uint8Array.from(file.subarray(0, length))),
      fc.uint8Array({ minLength: 1, maxLength: 9000 }).map((more) => Uint8Array.from([...file, ...more])),
    );
    await fc.assert(
      fc.asyncProperty(
        damage,
        fc.constantFrom(...WAYS),
        fc.constantFrom(opening(true), verifying),
        async (bad, way, work) => {
          const one = await through(inline, bad, way, work);
          const other = await through(pool, bad, way, work);
          expect(one.error).not.toBeNull();
          expect(other.error).toEqual(one.error);
          expect(other.released.equals(one.released)).toBe(true);
        },
      ),
      { numRuns: 120 },
    );
  });

  test("leave no file behind where they fail", async () => {
    const file = (await through(inline, pattern(7 * CHUNK), ["stream", "stream"], sealing(true))).out!;
    file[file.length - 1]! ^= 1;
    const before = (await readdir(folder)).length;
    await through(pool, file, ["file", "file"], opening(true));
    expect((await readdir(folder)).length).toBe(before + 1);
  });
});

describe("a pool", () => {
  test("gives back an input that became shorter as the io error it is", async () => {
    const name = await fileOf(pattern(9 * CHUNK));
    const source = await openSource(name, "input");
    await truncate(name, 3 * CHUNK);
    const error = await failure(sealing(true)(source, await openOutput(path()), pool));
    expect(error).toMatchObject({ code: "io", chunk: 3 });
    await source.close();
  });

  test("takes a fault of the worker's own for an internal error, not for a hang, and works again afterwards", async () => {
    const own = poolEngine(2, { small: 0 });
    const faulty: Engine = {
      session: (keys, size) => {
        const session = own.session(keys, size);
        return { ...session, seal: (task) => session.seal({ ...task, buffer: null, input: null }) };
      },
    };
    const one = await failure(sealing(true)(await sourceOf(pattern(5 * CHUNK), "stream"), memorySink(), faulty));
    expect(one.code).toBe("internal");
    const again = await through(own, pattern(9 * CHUNK), ["stream", "stream"], sealing(true));
    expect(again.error).toBeNull();
    await own.close();
  });

  test("rejects what a terminated worker had not answered", async () => {
    const own = poolEngine(2, { small: 0 });
    const fd = openSync("/dev/zero", "r");
    const session = own.session(
      { suite: native, payloadKey: new Uint8Array(32), coreHash: new Uint8Array(32), signed: true, signer: null },
      null,
    );
    const region = { fd, name: "zero", position: 0 };
    const task = { index: 1, final: false, length: 2 ** 30, input: region, output: null, buffer: null };
    const running = failure(session.verify(task));
    await own.close();
    expect(await running).toMatchObject({ code: "internal", message: expect.stringContaining("worker thread died") });
    closeSync(fd);
  });

  test.each([
    [1, 0],
    [3, 3],
  ])("of %i starts %i beforehand where it is asked to, and no more for the work", async (threads, workers) => {
    let started = 0;
    const count = () => void started++;
    process.on("worker", count);
    const own = poolEngine(threads, { small: 0 });
    own.start(native);
    await turn(); // in which the process hears of them
    expect(started).toBe(workers);
    const sealed = await through(own, pattern(9 * CHUNK), ["stream", "stream"], sealing(true));
    expect(sealed.error).toBeNull();
    expect(started).toBe(workers);
    process.off("worker", count);
    await own.close();
  });

  test("erases a session's keys in its workers, and then refuses its tasks", async () => {
    const own = poolEngine(1 + 1, { small: 0 });
    const keys = {
      suite: native,
      payloadKey: new Uint8Array(32),
      coreHash: new Uint8Array(32),
      signed: false,
      signer: null,
    };
    const session = own.session(keys, null);
    const task = () => ({ index: 1, final: false, length: 10, input: null, output: null, buffer: new Uint8Array(100) });
    await session.seal(task());
    session.close();
    expect(await failure(session.seal(task()))).toMatchObject({ code: "internal" });
    await own.close();
  });
});

test("a failure keeps its class, code and place between threads", () => {
  const system = ioError("cannot write x", Object.assign(new Error("no"), { code: "ENOSPC" }));
  const tampered = new SealError("tampered", "m", { hint: "h", input: "i", chunk: 3, offset: 4, signer: "s" });
  for (const error of [system, tampered]) {
    const back = fromFailure(structuredClone(toFailure(error)));
    expect(back).toBeInstanceOf(SealError);
    expect({ ...back, cause: (back.cause as NodeJS.ErrnoException | undefined)?.code }).toEqual({
      ...error,
      cause: (error.cause as NodeJS.ErrnoException | undefined)?.code,
    });
    expect(back.message).toBe(error.message);
  }
});
