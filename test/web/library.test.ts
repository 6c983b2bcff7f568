// The library for browsers, on Node: what it takes and gives, beside the library for Node.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Identity as NodeIdentity, openBytes, sealBytes } from "../../src/index.js";
import { WEB_FILE, web } from "./built.js";

const { Identity, inspect, open, SealError, seal, useWorkers, verify } = web;

const { identity, secretFile } = await Identity.generate();
const from = [identity.signer];
const options = { keys: [identity], from };

function content(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => 31 * i + (i >> 8) + (i >> 16));
}

/** A function that keeps what it is called with. */
function collector() {
  const parts: Uint8Array[] = [];
  return Object.assign(async (bytes: Uint8Array) => void parts.push(bytes.slice()), {
    bytes: () => Uint8Array.from(Buffer.concat(parts)),
  });
}

async function sealed(data: Uint8Array, more: object = {}): Promise<Uint8Array<ArrayBuffer>> {
  const out = collector();
  await seal(data, out, { to: [identity.recipient], sign: identity, ...more });
  return out.bytes();
}

async function failure(promise: Promise<unknown>) {
  const error = await promise.then(
    () => null,
    (error) => error,
  );
  expect(error).toBeInstanceOf(SealError);
  return error;
}

const SIZES = [0, 1, 4096, 4 * 1024 * 1024 - 1, 4 * 1024 * 1024, 5_000_000];

test("the build has nothing of Node's, and is one file", () => {
  const text = readFileSync(WEB_FILE, "utf8");
  expect(text.match(/\bimport\s*[("'{*]|\bfrom\s*["']|\brequire\(/g)).toBeNull();
});

describe.each(SIZES)("%i bytes", (size) => {
  const data = content(size);

  test("are sealed, and opened from bytes, a Blob, a stream and an iterable", async () => {
    const bytes = await sealed(data);
    const inputs = [
      bytes,
      new Blob([bytes]),
      new Blob([bytes]).stream(),
      (async function* () {
        for (let at = 0; at < bytes.length; at += 1_000_003) yield bytes.subarray(at, at + 1_000_003);
      })(),
    ];
    for (const input of inputs) {
      const out = collector();
      const result = await open(input as Blob, out, options);
      expect(Buffer.compare(out.bytes(), data)).toBe(0);
      expect(result).toMatchObject({ bytes: size, signer: identity.signer, trusted: true, label: "" });
    }
    expect(await verify(new Blob([bytes]), { from })).toMatchObject({ bytes: size, signer: identity.signer });
    expect(await inspect(new Blob([bytes]))).toMatchObject({ bytes: size, stanzas: [{ type: "xwing" }] });
  });

  test("go between this library and the one for Node", async () => {
    const node = await NodeIdentity.parse(secretFile);
    expect(Buffer.compare(await openBytes(await sealed(data), { keys: [node], from }), data)).toBe(0);
    const out = collector();
    await open(await sealBytes(data, { to: [identity.recipient], sign: node }), out, options);
    expect(Buffer.compare(out.bytes(), data)).toBe(0);
  });
});

describe("what fails", () => {
  test("a byte that was altered: nothing of its chunk, nor of what follows, is released", async () => {
    const bytes = await sealed(content(3 * 65536), { chunkSize: 65536 });
    bytes[bytes.length - 60_000]! ^= 1;
    const out = collector();
    expect(await failure(open(new Blob([bytes]), out, options))).toMatchObject({ code: "tampered", chunk: 2 });
    expect(Buffer.compare(out.bytes(), content(2 * 65536))).toBe(0);
    expect(await failure(verify(bytes, { from }))).toMatchObject({ code: "tampered", chunk: 2 });
  });

  test("an end that was cut off, a stranger's file, another label", async () => {
    const bytes = await sealed(content(100_000), { label: "one" });
    const other = (await Identity.generate()).identity;
    const opening = (input: Uint8Array, given: object) =>
      failure(open(input, collector(), { ...options, ...given } as typeof options));
    expect(await opening(bytes.subarray(0, -1), {})).toMatchObject({ code: "tampered", chunk: 0 });
    expect(await opening(bytes, { from: [other.signer] })).toMatchObject({ code: "untrusted" });
    expect(await opening(bytes, { keys: [other] })).toMatchObject({ code: "no-key" });
    expect(await opening(bytes, { label: "two" })).toMatchObject({ code: "untrusted" });
  });

  test("what is no argument is told, and a stream that was given is ended", async () => {
    const at = { keys: [identity] } as never;
    expect(await failure(open("file" as never, collector(), at))).toMatchObject({ code: "usage" });
    expect(await failure(open(new Blob([]), "file" as never, at))).toMatchObject({ code: "usage" });
    expect(await failure(open(new Blob([]), collector(), { ...options, resume: true } as never))).toMatchObject({
      message: expect.stringContaining("resume"),
    });
    let aborted = 0;
    const output = new WritableStream({
      abort: () => {
        aborted += 1;
      },
    });
    expect(await failure(open(new Blob([]), output, { keys: "none" } as never))).toMatchObject({ code: "usage" });
    expect(aborted).toBe(1);
  });
});

describe("an output file", () => {
  /** A FileSystemFileHandle in memory, with room for so many bytes. */
  function handle(room = Number.POSITIVE_INFINITY) {
    const state = { content: "before" as "before" | Uint8Array, events: [] as string[] };
    return {
      kind: "file" as const,
      name: "out.txt",
      state,
      createWritable: async () => {
        const out = collector();
        return {
          write: async (bytes: Uint8Array) => {
            if (out.bytes().length + bytes.length > room) throw new DOMException("no room", "QuotaExceededError");
            await out(bytes);
          },
          close: async () => {
            state.content = out.bytes();
            state.events.push("close");
          },
          abort: async () => void state.events.push("abort"),
        };
      },
    };
  }

  test("changes when all is well", async () => {
    const data = content(5_000_000);
    const file = handle();
    await open(new Blob([await sealed(data)]), file, options);
    expect(Buffer.compare(file.state.content as Uint8Array, data)).toBe(0);
    expect(file.state.events).toEqual(["close"]);
  });

  test("stays as it was where the input is tampered with, or there is no room", async () => {
    const bytes = await sealed(content(5_000_000));
    const full = handle(3_000_000);
    expect(await failure(open(bytes, full, options))).toMatchObject({
      code: "io",
      message: "cannot write out.txt: no room",
    });
    expect(full.state).toEqual({ content: "before", events: ["abort"] });
    bytes[bytes.length - 1]! ^= 1;
    const file = handle();
    expect(await failure(open(bytes, file, options))).toMatchObject({ code: "tampered" });
    expect(file.state).toEqual({ content: "before", events: ["abort"] });
  });
});

test("the text form is read and written", async () => {
  const armored = await sealed(content(100_000), { armor: true });
  expect(Buffer.from(armored).toString()).toMatch(/^-----BEGIN SEALED FILE-----\n/);
  const out = collector();
  await open(new Blob([armored]), out, options);
  expect(Buffer.compare(out.bytes(), content(100_000))).toBe(0);
});

test("a range, and a signal", async () => {
  const bytes = await sealed(content(300_000), { chunkSize: 65536 });
  const out = collector();
  await open(new Blob([bytes]), out, { ...options, range: { first: 100_000, last: 199_999 } });
  expect(Buffer.compare(out.bytes(), content(200_000).subarray(100_000))).toBe(0);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(open(new Blob([bytes]), out, { ...options, signal })).rejects.toBe(reason);
});

test("workers are refused where that makes no sense", () => {
  expect(() => useWorkers({ most: -1 })).toThrow(/most/);
  expect(() => useWorkers({ start: "worker.js" as never })).toThrow(/start/);
});
