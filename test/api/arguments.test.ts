// What is not what the types say: every function that the library exports refuses it, as `usage`, with the name of what
// is wrong.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import {
  breakLock,
  holdLock,
  Identity,
  inspect,
  JournalReader,
  JournalWriter,
  open,
  openBytes,
  rewrap,
  SealError,
  seal,
  sealBytes,
  sshAgentSigner,
  verify,
} from "../../src/index.js";
import { memoryStore } from "../journal/memory-store.js";
import { failure } from "../support.js";
import { file, opening, plaintext, recipient, sealing, sender } from "./people.js";

type Hostile = readonly [what: string, value: unknown];

const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });

function outOfBounds(): Uint8Array {
  const memory = new ArrayBuffer(16, { maxByteLength: 32 });
  const view = new Uint8Array(memory, 8, 8);
  memory.resize(4);
  return view;
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();
const revokedArray = Proxy.revocable([], {});
revokedArray.revoke();

class Pretender {
  get [Symbol.toStringTag]() {
    return "Uint8Array";
  }
  readonly length = 4;
  readonly byteLength = 4;
  readonly buffer = new ArrayBuffer(4);
}

/** What JavaScript programs pass by mistake, and what nobody passes but on purpose. */
const VALUES: readonly Hostile[] = [
  ["null", null],
  ["true", true],
  ["a number", 7],
  ["NaN", Number.NaN],
  ["a negative number", -1],
  ["a fraction", 0.5],
  ["infinity", Number.POSITIVE_INFINITY],
  ["a number past the exact ones", 2 ** 53],
  ["a bigint", 7n],
  ["a string", "hello"],
  ["an empty string", ""],
  ["a lone surrogate", "a\ud800"],
  ["a string with a zero byte", "a\0b"],
  ["a String object", new String("hello")],
  ["a symbol", Symbol("hello")],
  ["a function", () => undefined],
  ["an object", {}],
  ["an object with a length", { length: -1 }],
  ["an array", [1, 2, 3]],
  ["an array with a hole", new Array(1)],
  ["an array of strings", ["hello"]],
  ["an array of what is no Uint8Array", [new Uint16Array([0x1234])]],
  ["an array of objects with a length", [{ length: -1 }]],
  ["an array of memory given away", [detached]],
  ["a Set", new Set([new Uint8Array(1)])],
  ["a Uint16Array", new Uint16Array([0x1234])],
  ["a Uint8ClampedArray", new Uint8ClampedArray(4)],
  ["a Float64Array", new Float64Array(4)],
  ["a DataView", new DataView(new ArrayBuffer(4))],
  ["an ArrayBuffer", new ArrayBuffer(4)],
  ["a SharedArrayBuffer", new SharedArrayBuffer(4)],
  ["memory given away", detached],
  ["memory taken back", outOfBounds()],
  ["a proxy of bytes", new Proxy(new Uint8Array(4), {})],
  ["what inherits from Uint8Array", Object.create(Uint8Array.prototype)],
  ["what says that it is a Uint8Array", new Pretender()],
  ["a Date", new Date()],
  ["a Date without a time", new Date(Number.NaN)],
  ["what looks like a Date", { getTime: () => 0 }],
  ["a URL of a file", new URL("file:///etc/passwd")],
  ["what looks like an AbortSignal", { aborted: false, addEventListener: () => undefined }],
  ["what inherits from AbortSignal", Object.create(AbortSignal.prototype)],
  ["what looks like an Identity", { ...sender }],
  ["what inherits from Identity", Object.create(sender)],
  ["a promise", Promise.resolve()],
  ["a proxy that was revoked", revoked.proxy],
  ["a proxy of an array that was revoked", revokedArray.proxy],
  ["a class", Identity],
];

const without = (...fit: string[]) => VALUES.filter(([what]) => !fit.includes(what));
/** Objects that state nothing. */
const EMPTY = ["an object", "what inherits from Uint8Array", "what inherits from Identity"];
const NUMBERS = ["a number", "a fraction", "a number past the exact ones"];

/** Rejected as `usage` in one line; neither thrown at once, nor anything else. */
async function refuses(call: () => unknown): Promise<SealError> {
  const promise = call();
  expect(promise).toBeInstanceOf(Promise);
  const error = await failure(promise as Promise<unknown>);
  expect(error).toMatchObject({ name: "SealError", code: "usage" });
  expect(error.message).not.toMatch(/\n|\[object|hello|undefined/);
  return error;
}

type Call = (options: never) => Promise<unknown>;
const FOLDER = mkdtempSync(join(tmpdir(), "seal-arguments-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));
const box = { at: (name: string) => join(FOLDER, name), names: () => readdirSync(FOLDER) };
const JOURNAL = box.at("journal");
const written = await JournalWriter.open({ path: JOURNAL }, { to: [recipient.recipient], sign: sender });
await written.append(plaintext.subarray(0, 3));
await written.close();

const BEFORE = box.names();

async function readAll(opened: Promise<JournalReader>): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const batch of await opened) records.push(...batch.records);
  return records;
}

const store = () => memoryStore();
const sink = () => new PassThrough().resume();

/**
 * Each operation, with options that are right, and what does not fit for each of them; what was left out there would be
 * a mistake of this table.
 */
const OPTIONS: Readonly<
  Record<string, readonly [call: Call, right: object, hostile: Record<string, readonly Hostile[]>]>
> = (() => {
  const running = { progress: without("a function", "a class"), signal: without() };
  const keys = without();
  const to = without();
  const demands = {
    label: without("a string", "an empty string", "a string with a zero byte"),
    maxAge: without(...NUMBERS),
  };
  const sealed = {
    ...running,
    to,
    sign: without(),
    unsigned: without(),
    label: without("a string", "an empty string"),
    chunkSize: without(),
  };
  const opened = {
    ...running,
    ...demands,
    keys,
    from: without(),
    allowUnsigned: without("true"),
    range: without(),
    resume: without(),
  };
  const epoch = without(...EMPTY);
  const writer = {
    to,
    sign: without(),
    label: without("a string", "an empty string"),
    chunkSize: without(),
    epoch,
    beforeFrame: without("a function", "a class"),
    signal: without(),
  };
  const lock = {
    name: without("a string", "an empty string", "a string with a zero byte"),
    inUse: without("a string", "an empty string", "a string with a zero byte"),
    signal: without(),
    note: without("a function", "a class"),
    silence: without(...NUMBERS),
  };
  const reader = {
    keys,
    from: without(),
    label: demands.label,
    cursor: without("null"),
    since: without("a Date"),
    until: without("a Date"),
    skipOlder: without("true"),
    skipUnreadable: without("true"),
    follow: without("true"),
    signal: without(),
  };
  return {
    seal: [(options) => seal(plaintext, sink(), options), sealing, sealed],
    sealBytes: [(options) => sealBytes(plaintext, options), sealing, sealed],
    open: [(options) => open(file, sink(), options), opening, opened],
    openBytes: [(options) => openBytes(file, options), opening, opened],
    verify: [
      (options) => verify(file, options),
      { from: [sender.signer] },
      { ...running, ...demands, from: without() },
    ],
    inspect: [(options) => inspect(file, options), {}, { signal: without() }],
    rewrap: [
      (options) => rewrap(file, sink(), options),
      { keys: [recipient], sign: sender, to: [recipient.recipient] },
      { ...running, keys, sign: without(), to },
    ],
    "Identity.generate": [
      (options) => Identity.generate(options),
      {},
      { accept: without(), passphrase: without(), classic: without("true"), only: without() },
    ],
    "JournalWriter.open": [
      async (options) => (await JournalWriter.open(store(), options)).close(),
      { to: [recipient.recipient], sign: sender },
      writer,
    ],
    holdLock: [async (options) => (await holdLock(box.at("locked"), options)).release(), { name: "it" }, lock],
    breakLock: [(options) => breakLock(box.at("locked"), options), { name: "it" }, lock],
    "JournalReader.open": [async (options) => readAll(JournalReader.open({ path: JOURNAL }, options)), opening, reader],
  };
})();

describe.each(Object.entries(OPTIONS))("the options of %s", (_name, [call, right, hostile]) => {
  test.each(Object.keys(hostile))("%s that is something else", async (option) => {
    for (const [what, value] of hostile[option]!) {
      const error = await refuses(() => call({ ...right, [option]: value } as never)).catch((error) => {
        throw new Error(`${option}: ${what}: ${error.message}`);
      });
      expect(error.message, what).toContain(option);
    }
  });

  test("as something else than an object", async () => {
    for (const [what, value] of without(...EMPTY)) {
      await refuses(() => call(value as never)).catch((error) => {
        throw new Error(`${what}: ${error.message}`);
      });
    }
  });

  test("with a name that it has not, which may be one that is misspelt", async () => {
    for (const option of Object.keys(hostile)) {
      const misspelt = `${option.slice(0, -1)}${option.at(-1) === "x" ? "y" : "x"}`;
      const error = await refuses(() => call({ ...right, [misspelt]: undefined } as never));
      expect(error.message).toContain(JSON.stringify(misspelt));
      if (option.length > 3) expect(error.hint).toBe(`Did you mean: ${option}`);
    }
  });

  test("that inherit what counts are refused, and each is asked for once", async () => {
    const [option] = Object.keys(hostile);
    const error = await refuses(() =>
      call(Object.assign(Object.create({ [option!]: undefined }), right) as never).then(() =>
        call(Object.create({ ...right, [option!]: undefined }) as never),
      ),
    );
    expect(error.message).toContain("inherits");
    let asked = 0;
    const names = Object.keys(hostile);
    const counting = new Proxy(right, {
      get: (target, name, self) => {
        if (names.includes(name as string)) asked += 1;
        return Reflect.get(target, name, self);
      },
    });
    await call(counting as never);
    expect(asked).toBe(Object.keys(right).length);
  });
});

/** Each argument that is no bag of options. */
const ARGUMENTS: readonly (readonly [name: string, call: (value: never) => unknown, hostile: readonly Hostile[]])[] = [
  ["seal, input", (value) => seal(value, sink(), sealing), without()],
  ["seal, output", (value) => seal(plaintext, value, sealing), without()],
  ["seal, the path of the input", (path) => seal({ path }, sink(), sealing), without("a string")],
  ["seal, the path of the output", (path) => seal(plaintext, { path }, sealing), without("a string")],
  ["seal, force", (force) => seal(plaintext, { path: box.at("o"), force }, sealing), without("true")],
  ["seal, sync", (sync) => seal(plaintext, { path: box.at("o"), sync, force: true }, sealing), without("true")],
  ["seal, a URL", (url) => seal({ url }, sink(), sealing), without()],
  ["seal, headers", (headers) => seal({ url: "http://[::1]:1/", headers }, sink(), sealing), without(...EMPTY)],
  [
    "seal, a header",
    (x) => seal({ url: "http://[::1]:1/", headers: { x } }, sink(), sealing),
    without("a string", "an empty string"),
  ],
  ["sealBytes", (value) => sealBytes(value, sealing), without()],
  ["open, input", (value) => open(value, sink(), opening), without()],
  ["open, output", (value) => open(file, value, opening), without()],
  ["open, range.first", (first) => open(file, sink(), { ...opening, range: { first, last: 9 } }), without("a number")],
  ["open, range.last", (last) => open(file, sink(), { ...opening, range: { first: 0, last } }), without("a number")],
  ["openBytes", (value) => openBytes(value, opening), without()],
  ["verify", (value) => verify(value, { from: [sender.signer] }), without()],
  ["inspect", (value) => inspect(value), without()],
  [
    "rewrap, input",
    (value) => rewrap(value, sink(), { keys: [recipient], sign: sender, to: [recipient.recipient] }),
    without(),
  ],
  [
    "rewrap, output",
    (value) => rewrap(file, value, { keys: [recipient], sign: sender, to: [recipient.recipient] }),
    without(),
  ],
  ["Identity.parse, file", (value) => Identity.parse(value), without()],
  ["Identity.parse, passphrase", (value) => Identity.parse(new Uint8Array(), value), without()],
  ["JournalWriter.open", (value) => JournalWriter.open(value, WRITER), without()],
  ["JournalWriter.open, path", (path) => JournalWriter.open({ path }, WRITER), without("a string")],
  [
    "JournalWriter.open, epoch.seconds",
    (seconds) => JournalWriter.open(store(), { ...WRITER, epoch: { seconds } }),
    without("a number", "a number past the exact ones"),
  ],
  [
    "JournalWriter.open, epoch.records",
    (records) => JournalWriter.open(store(), { ...WRITER, epoch: { records } }),
    without("a number"),
  ],
  [
    "JournalWriter.open, epoch.bytes",
    (bytes) => JournalWriter.open(store(), { ...WRITER, epoch: { bytes } }),
    without("a number"),
  ],
  ["holdLock", (path) => holdLock(path, { name: "it" }), without("a string")],
  ["breakLock", (path) => breakLock(path, { name: "it" }), without("a string")],
  ["sshAgentSigner", (key) => sshAgentSigner(key, { socket: "/nowhere/agent" }), without()],
  ["JournalReader.open", async (value) => JournalReader.open(value, opening), without()],
  ["JournalReader.open, path", async (path) => JournalReader.open({ path }, opening), without("a string")],
];
const WRITER = { to: [recipient.recipient], sign: sender };

test.each(ARGUMENTS)("%s, that is something else", async (_name, call, hostile) => {
  for (const [what, value] of hostile) {
    await refuses(() => call(value as never)).catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
  }
  expect(box.names()).toEqual(BEFORE);
});

test("JournalWriter.append takes records, and nothing that is lost on the way", async () => {
  const journal = box.at("appended");
  const writer = await JournalWriter.open({ path: journal }, WRITER);
  for (const [what, value] of VALUES) {
    await refuses(() => writer.append(value as never)).catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
    await refuses(() => writer.append([plaintext, value] as never));
  }
  await writer.append([]);
  class Short extends Uint8Array {
    override get length() {
      return 1;
    }
  }
  await writer.append([Short.from([1, 2, 3]), Buffer.from("four"), new Uint8Array(new SharedArrayBuffer(2))]);
  await writer.close();
  const records = await readAll(JournalReader.open({ path: journal }, opening));
  expect(records.map((record) => [...record])).toEqual([[1, 2, 3], [...Buffer.from("four")], [0, 0]]);
  rmSync(journal);
});

test("an input by its path takes no options of outputs", async () => {
  for (const extra of [{ force: true }, { sync: false }]) {
    const error = await refuses(() => seal({ path: JOURNAL, ...extra } as never, sink(), sealing));
    expect(error.message).toContain(JSON.stringify(Object.keys(extra)[0]));
  }
});

test("no class is made by new, but errors", () => {
  for (const Class of [Identity, JournalWriter, JournalReader] as unknown as (new (
    ...args: unknown[]
  ) => unknown)[]) {
    expect(() => new Class(Symbol(), sender, []), Class.name).toThrow(SealError);
    expect(() => new Class(), Class.name).toThrow("cannot be constructed with new");
  }
  const lenient = SealError as unknown as new (...args: unknown[]) => SealError;
  for (const [what, value] of VALUES) {
    if (!what.includes("revoked")) expect(new lenient("io", "text", value), what).toBeInstanceOf(Error);
  }
});

test("whatever is exported is in these tables", () => {
  const functions = Object.entries(library).flatMap(([name, value]) => {
    if (!/^class\b/.test(String(value))) return [name];
    const own = Object.getOwnPropertyNames(value).filter((key) => typeof Reflect.get(value, key) === "function");
    return own.map((key) => `${name}.${key}`).filter((key) => !key.endsWith(".prototype"));
  });
  const tested = [...Object.keys(OPTIONS), ...ARGUMENTS.map(([name]) => name.split(",")[0]!)];
  expect(functions.filter((name) => !tested.includes(name))).toEqual([]);
  const methods = (Class: { prototype: object }) =>
    Object.entries(Object.getOwnPropertyDescriptors(Class.prototype)).flatMap(([name, { value }]) =>
      typeof value === "function" && value.length > 0 && name !== "constructor" ? [name] : [],
    );
  expect([Identity, JournalReader, JournalWriter].map((Class) => methods(Class as never))).toEqual([
    [],
    [],
    ["append"],
  ]);
});
