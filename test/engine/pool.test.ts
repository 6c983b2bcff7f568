// The pool does what the inline engine does: the same bytes, the same errors, the same release. Needs dist/worker.cjs.

import { EventEmitter } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { concat, utf8 } from "../../src/bytes.js";
import { hpkeOpen, hpkeSeal } from "../../src/crypto/hpke.js";
import { ENC_BYTES, type KemKey } from "../../src/crypto/kem.js";
import { loadKem } from "../../src/crypto/kems.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret, newSecret, type Secret } from "../../src/crypto/secret.js";
import type { Engine, StanzaOpener } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { fromFailure, toFailure } from "../../src/engine/messages.js";
import { poolEngine } from "../../src/engine/pool.js";
import { startEngineThread } from "../../src/engine/thread.js";
import { ioError, SealError } from "../../src/errors.js";
import { openTo } from "../../src/files/open.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import type { Sink, Source } from "../../src/flow/io.js";
import { openSource } from "../../src/io/files.js";
import { openOutput } from "../../src/io/output.js";
import { streamSource } from "../../src/io/streams.js";
import { drawing, failure, identityFile, memorySink, newPerson, pieces } from "../support.js";

const CHUNK = 4096;
const NOW = 1_800_000_000_000;
const sender = await newPerson();
const recipient = await newPerson();

/** The same draws every time, so that two seals can be compared to the byte. */
const fixed = drawing(native, (length) => new Uint8Array(length).fill(7));

/** Threads from the first chunk on, whatever the size; in the other one, the calling thread works beside them. */
const pool = poolEngine(3, { small: 0 });
const helped = poolEngine(3, { small: 0, helps: true });
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seal-pool-"));
  helped.start(native);
});
afterAll(async () => {
  await Promise.all([pool.close(), helped.close()]);
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
  sealTo(source, sink, {
    suite: fixed,
    engine,
    recipients: [recipient.publicKey],
    signer: signed ? sender.signingKey : null,
    label: "",
    chunkExponent: 12,
    now: NOW,
  });

const opening = (signed: boolean) => (source: Source, sink: Sink, engine: Engine) =>
  openTo(source, sink, {
    suite: native,
    engine,
    identities: [identityFile(recipient)],
    from: signed ? [sender.signingKey.publicKey] : null,
    policy: { allowUnsigned: !signed, now: NOW },
  });

const verifying = (source: Source, _sink: Sink, engine: Engine) =>
  verifySource(source, {
    suite: native,
    engine,
    policy: { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW },
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

describe.each([
  ["pool", pool],
  ["pool with the caller's help", helped],
])("%s and inline", (_, pool) => {
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
      {
        suite: native,
        payloadKey: copySecret(new Uint8Array(32)),
        coreHash: new Uint8Array(32),
        signed: true,
        recordKey: null,
      },
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
    [1, 0, false],
    [3, 3, false],
    [1, 0, true],
    [3, 2, true],
  ])(
    "of %i starts %i beforehand where it is asked to, and no more for the work; the caller helps: %s",
    async (threads, workers, helps) => {
      let started = 0;
      const count = () => void started++;
      process.on("worker", count);
      const own = poolEngine(threads, { small: 0, helps });
      own.start(native);
      await turn(); // in which the process hears of them
      expect(started).toBe(workers);
      const sealed = await through(own, pattern(9 * CHUNK), ["stream", "stream"], sealing(true));
      expect(sealed.error).toBeNull();
      expect(started).toBe(workers);
      process.off("worker", count);
      await own.close();
    },
  );

  test("whose caller helps gives a chunk to its worker and to the caller in turn", async () => {
    const own = poolEngine(2, { small: 0, helps: true });
    own.start(native);
    const payloadKey = newSecret(32);
    const session = own.session(
      { suite: native, payloadKey, coreHash: newSecret(32), signed: false, recordKey: null },
      null,
    );
    // What is handed over to a worker is detached here.
    const isHere = async (): Promise<boolean> => {
      const buffer = new Uint8Array(100);
      const sealed = session.seal({ index: 1, final: false, length: 10, input: null, output: null, buffer });
      const stays = buffer.length > 0;
      await sealed;
      return stays;
    };
    while (await isHere());
    expect(await Promise.all([isHere(), isHere(), isHere(), isHere()])).toEqual([false, false, true, false]);
    await session.close();
    await own.close();
  });

  test.each(["x25519", "xwing"] as const)(
    "makes stanzas of %s for many, which all open, in their order",
    async (kind) => {
      const kem = await loadKem(native, kind);
      const keys = Array.from({ length: 40 }, () => kem.key(native.randomSecret(32)));
      const fileKey = native.randomSecret(32);
      const info = utf8("info");
      for (const engine of [pool, helped]) {
        const maker = engine.stanzaMaker!(native, 1000)!;
        const copies = [copySecret(fileKey), copySecret(fileKey), copySecret(fileKey)];
        const made = await Promise.all(
          copies.map((copy, i) =>
            maker.make({
              kem: kind,
              recipients: keys.slice(10 * i, 10 * (i + 2)).map(({ publicKey }) => publicKey),
              info,
              fileKey: copy,
              forgets: true,
            }),
          ),
        );
        for (const [i, { bodies }] of made.entries()) {
          expect(bodies).toHaveLength(20);
          for (const [j, body] of bodies.entries()) {
            const parts = [body.subarray(0, ENC_BYTES[kind]), body.subarray(ENC_BYTES[kind])] as const;
            expect(hpkeOpen(native, keys[10 * i + j]!, parts[0], info, parts[1])).toEqual(fileKey);
          }
        }
        // Handed over, or erased.
        for (const copy of copies) expect(copy.length === 0 || copy.every((byte) => byte === 0)).toBe(true);
      }
      expect(pool.stanzaMaker!(native, 100)).toBeNull();
      expect(poolEngine(1).stanzaMaker!(native, 1000)).toBeNull();
    },
  );

  test.each([
    ["x25519", "as Node can"],
    ["x25519", "on threads"],
    ["xwing", "on threads"],
  ] as const)("tries stanzas of %s %s, and opens the first that a key opens", async (kind, how) => {
    const kem = await loadKem(native, kind);
    const [stranger, ...keys] = Array.from({ length: 4 }, (): KemKey => {
      const key = kem.key(native.randomSecret(32));
      return how === "on threads" ? { ...key, decapsulateAside: undefined } : key;
    });
    const info = utf8("info");
    const bodyOf = (key: KemKey, fill: number) => {
      const { enc, ciphertext } = hpkeSeal(native, kem, key.publicKey, info, newSecret(32).fill(fill) as Secret);
      return concat(enc, ciphertext);
    };
    const made = keys.map((key, i) => bodyOf(key, i + 1));
    const task = () => ({ kem: kind, bodies: concat(...made), length: made[0]!.length });
    const { shared: _, decapsulateAside: __, ...here } = keys[2]!;
    const other = (await loadKem(native, kind === "xwing" ? "x25519" : "xwing")).key(native.randomSecret(32));
    for (const engine of [pool, helped]) {
      const openers: StanzaOpener[] = [];
      const open = async (given: KemKey[]) => {
        const opener = engine.stanzaOpener!(native, { keys: given, info }, 1000)!;
        openers.push(opener);
        // Several at a time, and again: threads have the keys from the first on.
        const results = [opener.open(task()), opener.open(task()), opener.open(task()).then(() => opener.open(task()))];
        const opened = (await Promise.all(results)).map(({ fileKey }) => fileKey?.[0] ?? null);
        expect(new Set(opened).size).toBe(1);
        return opened[0];
      };
      const tried = [[stranger!], [keys[2]!, keys[1]!], [stranger!, keys[2]!], [keys[0]!], [here], [other]];
      // Those that cannot be handed to a thread are tried here.
      expect(await Promise.all(tried.map(open))).toEqual([null, 2, 3, 1, 3, null]);
      for (const opener of openers) opener.close();
    }
    if (how === "as Node can") {
      const pace = vi.fn(async () => undefined);
      await pool.stanzaOpener!(native, { keys: [keys[2]!], info }, 1000)!.open(task(), pace);
      expect(pace).toHaveBeenCalledTimes(keys[0]!.decapsulateAside ? 3 : 0);
    }
    if (how === "on threads" && keys[0]!.shared) {
      // Threads that were told that all are tried have the keys no more.
      const opener = pool.stanzaOpener!(native, { keys, info }, 1000)!;
      await Promise.all(Array.from({ length: 9 }, () => opener.open(task())));
      opener.close();
      await expect(opener.open(task())).rejects.toMatchObject({ code: "internal" });
    }
    const isAside = keys[0]!.decapsulateAside !== undefined;
    expect(pool.stanzaOpener!(native, { keys, info }, 100) !== null).toBe(isAside);
    expect(pool.stanzaOpener!(native, { keys, info }, 31)).toBeNull();
    expect(poolEngine(1).stanzaOpener!(native, { keys, info }, 1000)).toBeNull();
  });

  test("threads that collect for the first time do not get into each other's way", async () => {
    const recipients = [recipient.publicKey];
    for (let round = 0; round < 5; round++) {
      const own = poolEngine(8, { small: 0 });
      own.start(native);
      const maker = own.stanzaMaker!(native, 1000)!;
      const make = () =>
        maker.make({ kem: "x25519", recipients, info: utf8("info"), fileKey: newSecret(32), forgets: true });
      const made = await Promise.all(Array.from({ length: 16 }, make));
      expect(made.map(({ bodies }) => bodies.length)).toEqual(made.map(() => 1));
      await own.close();
    }
  });

  test("tells of what fails in a thread while stanzas are made", async () => {
    const task = { kem: "x25519", recipients: [new Uint8Array(32)], info: new Uint8Array(1), forgets: true } as const;
    const error = await failure(pool.stanzaMaker!(native, 1000)!.make({ ...task, fileKey: newSecret(32) }));
    expect(error).toMatchObject({ code: "internal", message: "recipient's public key of small order" });
  });

  test.each([false, true])(
    "gives nothing to a worker that died, and starts another; the caller helps: %s",
    async (helps) => {
      const workers: Tame[] = [];
      class Tame extends EventEmitter {
        tasks = 0;
        constructor() {
          super();
          workers.push(this);
          setImmediate(() => this.emit("message", { ready: true }));
        }
        postMessage({ say, id }: { say: string; id: number }) {
          if (say !== "task") return;
          this.tasks += 1;
          setImmediate(() => this.emit("message", { id, result: {} }));
        }
        ref() {}
        unref() {}
        async terminate() {}
      }
      const builtin = process.getBuiltinModule;
      vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
        name === "node:worker_threads" ? { Worker: Tame } : builtin(name)) as typeof builtin);
      const own = poolEngine(2, { small: 0, helps });
      const keys = {
        suite: native,
        payloadKey: newSecret(32),
        coreHash: newSecret(32),
        signed: false,
        recordKey: null,
      };
      const session = own.session(keys, null);
      const task = { index: 1, final: false, length: 10, input: null, output: null };
      const seal = () => session.seal({ ...task, buffer: new Uint8Array(100) });
      own.start(native);
      await turn();
      const most = workers.length;
      await seal();
      expect([most, workers.map(({ tasks }) => tasks)]).toEqual([helps ? 1 : 2, helps ? [1] : [1, 0]]);
      for (const worker of workers) worker.emit("exit", 1);
      await seal();
      await turn();
      await seal();
      const [dead, alive] = [workers.slice(0, most), workers.slice(most)];
      expect(dead.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(1);
      expect(alive.map(({ tasks }) => tasks)).toEqual([2]);
      vi.restoreAllMocks();
    },
  );

  test("is done with a session when each worker has said that its keys are erased, or is no more", async () => {
    const asked: { worker: EventEmitter; id: number }[] = [];
    class Slow extends EventEmitter {
      constructor() {
        super();
        setImmediate(() => this.emit("message", { ready: true }));
      }
      postMessage({ say, id }: { say: string; id: number }) {
        if (say === "forget") asked.push({ worker: this, id });
        else if (say === "task") setImmediate(() => this.emit("message", { id, result: {} }));
      }
      ref() {}
      unref() {}
      async terminate() {}
    }
    const builtin = process.getBuiltinModule;
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      name === "node:worker_threads" ? { Worker: Slow } : builtin(name)) as typeof builtin);
    const keys = { suite: native, payloadKey: newSecret(32), coreHash: newSecret(32), signed: false, recordKey: null };
    const session = poolEngine(2, { small: 0 }).session(keys, null);
    const task = () => ({ index: 1, final: false, length: 10, input: null, output: null, buffer: new Uint8Array(9) });
    await Promise.all([session.seal(task()), session.seal(task())]);
    let isClosed = false;
    const closed = session.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect([asked.length, isClosed]).toEqual([2, false]);
    asked[0]!.worker.emit("message", { id: asked[0]!.id, forgotten: true });
    await turn();
    expect(isClosed).toBe(false);
    asked[1]!.worker.emit("exit", 1);
    await closed;
    vi.restoreAllMocks();
  });

  test("does what the caller can do alone where no worker comes to life", async () => {
    let started = 0;
    class Stillborn extends EventEmitter {
      constructor() {
        super();
        started += 1;
        setImmediate(() => this.emit("exit", 1));
      }
      unref() {}
    }
    const builtin = process.getBuiltinModule;
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      name === "node:worker_threads" ? { Worker: Stillborn } : builtin(name)) as typeof builtin);
    const own = poolEngine(3, { small: 0, helps: true });
    const sealed = await through(own, pattern(9 * CHUNK), ["stream", "stream"], sealing(true));
    expect(sealed.error).toBeNull();
    expect(started).toBe(2);
    vi.restoreAllMocks();
  });

  test.each([
    ["helps, and does what is left", "helps", true],
    ["has none beside it", "none", false],
  ])("takes a thread that was started before, as the only one that it %s", async (_, what, isUsed) => {
    const file = fileURLToPath(new URL("../../dist/worker.cjs", import.meta.url));
    const thread = startEngineThread(file, "native")!;
    let tasks = 0;
    const { postMessage } = thread.worker;
    thread.worker.postMessage = (...given: Parameters<typeof postMessage>) => {
      if (given[0].say === "task") tasks += 1;
      return postMessage.apply(thread.worker, given);
    };
    await vi.waitFor(() => expect(thread.isReady).toBe(true), 10_000);
    if (what === "none") await thread.worker.terminate();
    const own = poolEngine(2, { small: 0, helps: true, thread });
    if (what !== "none") own.start(native);
    const sealed = await through(own, pattern(20 * CHUNK), ["file", "file"], sealing(true));
    expect([sealed.error, tasks > 0]).toEqual([null, isUsed]);
    await own.close();
  });

  test("leaves a thread of the native suite alone where it is to work with another", async () => {
    const thread = startEngineThread(fileURLToPath(new URL("../../dist/worker.cjs", import.meta.url)), "native")!;
    const said = vi.spyOn(thread.worker, "postMessage");
    const own = poolEngine(2, { small: 0, helps: true, thread });
    own.start(portable);
    expect(said).not.toHaveBeenCalled();
    await own.close();
    await thread.worker.terminate();
  });

  test.each(["ERR_WORKER_INIT_FAILED", "ERR_ACCESS_DENIED"])("does all itself where Node says %s", async (code) => {
    class Denied {
      constructor() {
        throw Object.assign(new Error("no thread"), { code });
      }
    }
    const builtin = process.getBuiltinModule;
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      name === "node:worker_threads" ? { Worker: Denied } : builtin(name)) as typeof builtin);
    const sealed = await through(poolEngine(3, { small: 0 }), pattern(9 * CHUNK), ["stream", "stream"], sealing(true));
    expect(sealed.error).toBeNull();
    vi.restoreAllMocks();
  });

  test("erases a session's keys in its workers, and then refuses its tasks", async () => {
    const own = poolEngine(1 + 1, { small: 0 });
    const keys = {
      suite: native,
      payloadKey: newSecret(32),
      coreHash: new Uint8Array(32),
      signed: false,
      recordKey: null,
    };
    const session = own.session(keys, null);
    const task = () => ({ index: 1, final: false, length: 10, input: null, output: null, buffer: new Uint8Array(100) });
    await session.seal(task());
    await session.close();
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
