// Ends other than the good one: sources and sinks that fail or stall, signals, limits. Whenever it is, the sink is
// aborted and nothing runs on. And progress, which such ends are often made of.

import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { Engine } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { SealError } from "../../src/errors.js";
import { openTo } from "../../src/files/open.js";
import { checkedRecords } from "../../src/files/records.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import type { Sink, Source } from "../../src/flow/io.js";
import { sealedSize } from "../../src/format/sizes.js";
import type { Policy } from "../../src/header/policy.js";
import { bytesSource } from "../../src/io/bytes.js";
import { failure, memorySink } from "../support.js";
import { CHUNK, content, ENGINES, OPEN, SEAL, sealed, sender } from "./samples.js";

const POLICY: Policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: SEAL.now };
const reason = new Error("stop it");

test("an input beyond the limits is refused where it exceeds them", async () => {
  // Chunks of 8 TiB, which no header can declare, make it short.
  const geometry = { headerLength: 0, chunkSize: 2 ** 43, signed: false };
  const found = { digest: null, chain: null, authentic: true, buffer: null };
  const verify = async () => found;
  const frames = () => Promise.reject(new Error("there are none"));
  const session = { width: 1, seal: verify, open: verify, verify, frames, close: async () => {} };
  const options = {
    suite: native,
    engine: { session: () => session },
    payloadKey: null,
    coreHash: new Uint8Array(32),
    recordKey: null,
  };
  const lengths = async (bytes: number) => {
    const source: Source = { ...bytesSource(new Uint8Array()), fd: 99, size: sealedSize(geometry, bytes) };
    const seen: number[] = [];
    for await (const { length } of checkedRecords(source, null, geometry, options)) seen.push(length);
    return seen;
  };
  expect(await lengths(2 ** 44)).toEqual([2 ** 43, 2 ** 43, 0]);
  expect((await failure(lengths(2 ** 44 + 1))).code).toBe("malformed");
});

describe("an end before the end", () => {
  /** A source that fails at its n-th call, or hangs there. */
  const sourceOf = (bytes: Uint8Array, at: number, fail: () => Promise<never>): Source => {
    const source = bytesSource(bytes);
    let calls = 0;
    const failing = <T, R>(call: (argument: T) => Promise<R>) => {
      return (argument: T) => (calls++ === at ? fail() : call(argument));
    };
    return { ...source, size: null, read: failing(source.read), fill: failing(source.fill) };
  };

  test.each(ENGINES)("%s: a source that fails at any of its calls: the sink is aborted", async (_name, engine) => {
    const { file } = await sealed(content(3 * CHUNK));
    for (let at = 0; ; at++) {
      const sink = memorySink();
      const source = sourceOf(content(3 * CHUNK), at, () => Promise.reject(reason));
      const ended = await sealTo(source, sink, { ...SEAL, engine }).catch((error) => error);
      if (ended !== reason) {
        expect(at).toBe(4);
        expect(sink.state).toBe("committed");
        break;
      }
      expect(sink.state, `call ${at}`).toBe("aborted");
      expect(sink.released().length, "all chunks before it").toBe(file.length - 112 - (3 - at) * (CHUNK + 112));
    }
    for (let at = 0; ; at++) {
      const sink = memorySink();
      const ended = await openTo(
        sourceOf(file, at, () => Promise.reject(reason)),
        sink,
        { ...OPEN, engine },
      ).catch((error) => error);
      if (ended !== reason) {
        expect(at).toBeGreaterThan(6);
        expect(sink.state).toBe("committed");
        break;
      }
      expect(sink.state, `call ${at}`).toBe("aborted");
    }
  });

  test.each(ENGINES)(
    "%s: a sink that fails at any of its calls is aborted, and no task runs on",
    async (_name, engine) => {
      const { file } = await sealed(content(3 * CHUNK));
      const run = [
        (sink: Sink) => sealTo(bytesSource(content(3 * CHUNK)), sink, { ...SEAL, engine }),
        (sink: Sink) => openTo(bytesSource(file), sink, { ...OPEN, engine }),
      ];
      for (const work of run) {
        for (let at = 0; ; at++) {
          const sink = memorySink();
          let calls = 0;
          const failing = <T extends unknown[]>(call: (...args: T) => Promise<void>) => {
            return (...args: T) => (calls++ === at ? Promise.reject(reason) : call(...args));
          };
          const ended = await work({
            ...sink,
            write: failing(sink.write),
            commit: failing(sink.commit),
            abort: async () => {
              if ("running" in engine) expect(engine.running).toBe(0);
              await sink.abort();
            },
          }).catch((error) => error);
          if (ended !== reason) {
            expect(at).toBeGreaterThan(3);
            expect(sink.state).toBe("committed");
            break;
          }
          expect(sink.state, `call ${at}`).toBe("aborted");
        }
      }
    },
  );

  test("an input that changed is not committed, though all of it was read", async () => {
    const sink = memorySink();
    const source = {
      ...bytesSource(content(CHUNK)),
      checkUnchanged: () => Promise.reject(new SealError("io", "changed")),
    };
    expect((await failure(sealTo(source, sink, SEAL))).code).toBe("io");
    expect(sink.state).toBe("aborted");
  });

  describe("by a signal", () => {
    test.each(ENGINES)("%s, after any chunk: the reason is thrown and the sink aborted", async (_name, engine) => {
      const { file } = await sealed(content(4 * CHUNK));
      for (const after of [1, 2, 3]) {
        for (const work of ["seal", "open", "verify"] as const) {
          const sink = memorySink();
          const controller = new AbortController();
          let seen = 0;
          const progress = () => {
            seen += 1;
            if (seen === after) controller.abort(reason);
          };
          const running = { engine, progress, signal: controller.signal };
          const ended = {
            seal: () => sealTo(bytesSource(content(4 * CHUNK)), sink, { ...SEAL, ...running }),
            open: () => openTo(bytesSource(file), sink, { ...OPEN, ...running }),
            verify: () => verifySource(bytesSource(file), { suite: native, policy: POLICY, ...running }),
          }[work]();
          await expect(ended, work).rejects.toBe(reason);
          if (work !== "verify") expect(sink.state).toBe("aborted");
          expect(seen).toBe(after);
        }
      }
    });

    test("before the start: nothing is read", async () => {
      const { file } = await sealed(content(9));
      const signal = AbortSignal.abort(reason);
      const untouched = sourceOf(file, 0, async () => expect.fail("it was read"));
      for (const work of [
        (sink: Sink) => sealTo(untouched, sink, { ...SEAL, signal }),
        (sink: Sink) => openTo({ ...bytesSource(file), size: null }, sink, { ...OPEN, signal }),
        (sink: Sink) => openTo(bytesSource(file), sink, { ...OPEN, signal, range: { first: 0, last: 3 } }),
      ]) {
        const sink = memorySink();
        await expect(work(sink)).rejects.toBe(reason);
        expect(sink.state).toBe("aborted");
      }
    });

    test("while the input stalls", async () => {
      const { file } = await sealed(content(3 * CHUNK));
      for (const [bytes, work] of [
        [
          content(3 * CHUNK),
          (source: Source, sink: Sink, signal: AbortSignal) => sealTo(source, sink, { ...SEAL, signal }),
        ],
        [file, (source: Source, sink: Sink, signal: AbortSignal) => openTo(source, sink, { ...OPEN, signal })],
      ] as const) {
        for (const at of [0, 1, 2]) {
          const sink = memorySink();
          const controller = new AbortController();
          const stalled = sourceOf(bytes, at, () => {
            setImmediate(() => controller.abort(reason));
            return new Promise(() => undefined);
          });
          await expect(work(stalled, sink, controller.signal)).rejects.toBe(reason);
          expect(sink.state).toBe("aborted");
        }
      }
    });

    test("while the output stalls", { timeout: 10_000 }, async () => {
      const { file } = await sealed(content(3 * CHUNK));
      for (const work of [
        (sink: Sink, signal: AbortSignal) => sealTo(bytesSource(content(3 * CHUNK)), sink, { ...SEAL, signal }),
        (sink: Sink, signal: AbortSignal) => openTo(bytesSource(file), sink, { ...OPEN, signal }),
      ]) {
        const sink = memorySink();
        const controller = new AbortController();
        const write = () => {
          setImmediate(() => controller.abort(reason));
          return new Promise<void>(() => undefined);
        };
        await expect(work(Object.assign(sink, { write }), controller.signal)).rejects.toBe(reason);
        expect(sink.state).toBe("aborted");
      }
    });
  });
});

describe("progress", () => {
  test("counts plaintext, chunk by chunk, to the plaintext's size where that is known", async () => {
    const plaintext = content(2 * CHUNK + 10);
    const { file } = await sealed(plaintext);
    const expected = (total: number | null) => [CHUNK, 2 * CHUNK, 2 * CHUNK + 10].map((done) => [done, total]);
    for (const known of [true, false]) {
      const sourceOf = (bytes: Uint8Array): Source => ({ ...bytesSource(bytes), ...(known ? {} : { size: null }) });
      for (const [name, work] of [
        ["seal", (progress) => sealTo(sourceOf(plaintext), memorySink(), { ...SEAL, progress })],
        ["open", (progress) => openTo(sourceOf(file), memorySink(), { ...OPEN, progress })],
        [
          "verify",
          (progress) => verifySource(sourceOf(file), { suite: native, engine: inline, policy: POLICY, progress }),
        ],
      ] as const satisfies [string, (progress: (...seen: [number, number | null]) => void) => Promise<unknown>][]) {
        const seen: unknown[] = [];
        await work((...counts) => void seen.push(counts));
        expect(seen, name).toEqual(expected(known ? plaintext.length : null));
      }
    }
  });

  test("that throws ends it", async () => {
    const sink = memorySink();
    const progress = () => {
      throw new Error("no more");
    };
    await expect(sealTo(bytesSource(content(9)), sink, { ...SEAL, progress })).rejects.toThrow("no more");
    expect(sink.state).toBe("aborted");
  });
});

describe("secrets are erased when it has ended, well or not:", () => {
  /** A suite and an engine that remember the keys which pass through them. */
  function remembering() {
    const keys: Uint8Array[] = [];
    const keep = <T extends Uint8Array>(key: T): T => {
      keys.push(key);
      return key;
    };
    const suite: Suite = { ...native, randomSecret: (length) => keep(native.randomSecret(length)) };
    const engine: Engine = {
      session: (chunkKeys, size) => {
        if (chunkKeys.payloadKey) keep(chunkKeys.payloadKey);
        return inline.session(chunkKeys, size);
      },
    };
    const left = () => keys.filter((key) => key.length === 32 && key.some((byte) => byte !== 0)).length;
    return { keys, left, suite, engine };
  }
  const failing = (): Sink => {
    const sink = memorySink();
    return { ...sink, write: (bytes, at) => (at > 0 ? Promise.reject(reason) : sink.write(bytes, at)) };
  };

  test.each([true, false])("sealing: file key, payload key; succeeds: %s", async (succeeds) => {
    const { keys, left, suite, engine } = remembering();
    const work = sealTo(bytesSource(content(CHUNK)), succeeds ? memorySink() : failing(), { ...SEAL, suite, engine });
    expect(await work.catch((error) => error)).toBe(succeeds ? await work : reason);
    expect(keys.filter(({ length }) => length === 32).length).toBe(2);
    expect(left()).toBe(0);
  });

  test.each([true, false])("opening: payload key; succeeds: %s", async (succeeds) => {
    const { file } = await sealed(content(3 * CHUNK));
    for (const range of [undefined, { first: CHUNK, last: CHUNK + 5 }]) {
      const { keys, left, engine } = remembering();
      const sink = { ...memorySink(), ...(succeeds ? {} : { write: () => Promise.reject(reason) }) };
      await openTo(bytesSource(file), sink, { ...OPEN, engine, range }).catch((error) => expect(error).toBe(reason));
      expect(keys.length).toBe(1);
      expect(left()).toBe(0);
    }
  });
});
