// Rewrapping: what stays to the byte, what changes, who may, and that nothing unverified gets a name. Needs
// dist/worker.cjs.

import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat, toHex } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { inline } from "../../src/engine/inline.js";
import { poolEngine } from "../../src/engine/pool.js";
import { openTo } from "../../src/files/open.js";
import { type Rewrapping, rewrapTo } from "../../src/files/rewrap.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import type { Sink, Source } from "../../src/flow/io.js";
import { geometryOf, parseHeader } from "../../src/header/read.js";
import { findFileKey } from "../../src/header/unlock.js";
import { bytesSource } from "../../src/io/bytes.js";
import { openSource } from "../../src/io/files.js";
import { openOutput } from "../../src/io/output.js";
import { streamSource } from "../../src/io/streams.js";
import { parseContacts } from "../../src/keys/contacts.js";
import {
  failure,
  fixture,
  identityFile,
  memorySink,
  newPerson,
  type Person,
  personOf,
  pieces,
  SUITES,
} from "../support.js";
import { IS_WHOLE, STEP } from "../whole.js";

const CHUNK = 4096;
const NOW = 1_800_000_000_000;
const [sender, recovery, alice, bob, carol, stranger] = [
  await newPerson(),
  await newPerson(),
  await newPerson(),
  await newPerson(),
  await newPerson(),
  await newPerson(),
];
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 12)) % 256);

const pool = poolEngine(3, { small: 0 });
let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seal-rewrap-"));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

async function sealed(bytes: Uint8Array, to = [alice, recovery], signer: Person | null = sender): Promise<Bytes> {
  const sink = memorySink();
  await sealTo(bytesSource(bytes), sink, {
    suite: native,
    engine: inline,
    recipients: to.map(({ publicKey }) => publicKey),
    signer: signer?.signingKey ?? null,
    label: "release 7",
    chunkExponent: 12,
    now: NOW,
  });
  return Uint8Array.from(sink.released());
}

const settings = (to: Person[], over: Partial<Rewrapping> = {}): Rewrapping => ({
  suite: native,
  engine: inline,
  identities: [identityFile(recovery)],
  signer: sender.signingKey,
  recipients: to.map(({ publicKey }) => publicKey),
  ...over,
});

async function rewrapped(bytes: Uint8Array, to: Person[], over: Partial<Rewrapping> = {}): Promise<Bytes> {
  const sink = memorySink();
  await rewrapTo(bytesSource(bytes), sink, settings(to, over));
  expect(sink.state).toBe("committed");
  return Uint8Array.from(sink.released());
}

/** Refused, and not committed: the error. */
async function refused(bytes: Uint8Array, over: Partial<Rewrapping> = {}) {
  const sink = memorySink();
  const error = await failure(rewrapTo(bytesSource(bytes), sink, settings([bob], over)));
  expect(sink.state).toBe("aborted");
  return { error, released: Uint8Array.from(sink.released()) };
}

async function openedBy(bytes: Uint8Array, who: Person): Promise<Buffer> {
  const sink = memorySink();
  const policy = { allowUnsigned: false, now: NOW };
  const identities = [identityFile(who)];
  const from = [sender.signingKey.publicKey];
  await openTo(bytesSource(bytes), sink, { suite: native, engine: inline, identities, from, policy });
  return sink.released();
}

async function verified(bytes: Uint8Array) {
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
  return verifySource(bytesSource(bytes), { suite: native, engine: inline, policy });
}

const parts = async (bytes: Uint8Array) => {
  const header = await parseHeader(bytesSource(bytes), native);
  const { headerLength } = geometryOf(header);
  return { header, headerLength, payload: toHex(bytes.subarray(headerLength)), core: toHex(header.coreBytes) };
};

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(await mkdtemp(join(folder, "d")), `f${count++}.sealed`);
  await writeFile(path, bytes);
  return path;
}

/** Rewraps a file in place. */
async function inPlace(path: string, options: Rewrapping, meanwhile = async () => {}) {
  const source = await openSource(path);
  try {
    const sink = await openOutput(path, { input: source.id, inPlace: true });
    await meanwhile();
    return await rewrapTo(source, sink, options);
  } finally {
    await source.close();
  }
}

const folderOf = (path: string) => readdir(join(path, ".."));

describe("the new file", () => {
  test("has core, records and digest of the old one, and opens for the new recipients alone", async () => {
    const plaintext = pattern(3 * CHUNK + 100);
    const before = await sealed(plaintext);
    const after = await rewrapped(before, [bob, carol]);
    const [old, now] = [await parts(before), await parts(after)];
    expect(now.core).toBe(old.core);
    expect(now.payload).toBe(old.payload);
    expect(await verified(after)).toEqual(await verified(before));
    for (const who of [bob, carol]) expect((await openedBy(after, who)).equals(plaintext)).toBe(true);
    for (const who of [alice, recovery, stranger, sender]) {
      expect((await failure(openedBy(after, who))).code).toBe("no-key");
    }
  });

  test("revokes nothing: the old header still verifies and opens in front of the same records", async () => {
    const plaintext = pattern(CHUNK + 1);
    const before = await sealed(plaintext);
    const after = await rewrapped(before, [bob]);
    const [old, now] = [await parts(before), await parts(after)];
    const back = concat(before.subarray(0, old.headerLength), after.subarray(now.headerLength));
    expect((await openedBy(back, alice)).equals(plaintext)).toBe(true);
  });

  test("shares no stanza with the old one, not even for who stays", async () => {
    const before = await parts(await sealed(pattern(5)));
    const after = await parts(await rewrapped(await sealed(pattern(5)), [alice, recovery]));
    const bodies = ({ header }: typeof before) => header.stanzas.map(({ body }) => toHex(body));
    expect(new Set([...bodies(before), ...bodies(after)]).size).toBe(4);
  });

  test("lists its recipients in no order that tells who is who", async () => {
    const before = await sealed(new Uint8Array());
    const places = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const { header } = await parts(await rewrapped(before, [alice, bob, carol]));
      const opening = await Promise.all(header.stanzas.map((stanza) => opens({ ...header, stanzas: [stanza] }, alice)));
      places.add(opening.indexOf(true));
    }
    expect([...places].sort()).toEqual([0, 1, 2]);
  });

  test("has one stanza for a recipient who is named twice", async () => {
    const { header } = await parts(await rewrapped(await sealed(pattern(5)), [bob, bob, carol]));
    expect(header.stanzas).toHaveLength(2);
  });

  test("can be rewrapped again and again, by whoever it was rewrapped to", async () => {
    const first = await sealed(pattern(2 * CHUNK));
    const second = await rewrapped(first, [bob]);
    const third = await rewrapped(second, [recovery, alice], { identities: [identityFile(bob)] });
    expect((await parts(third)).payload).toBe((await parts(first)).payload);
    expect((await openedBy(third, alice)).equals(pattern(2 * CHUNK))).toBe(true);
  });

  test.each(SUITES.map((suite) => [suite.name, suite] as const))("is right, %s suite", async (_name, suite) => {
    const [signer, key] = [await newPerson(suite), await newPerson(suite)];
    const before = await sealed(pattern(CHUNK + 7), [key], signer);
    const over = { suite, signer: signer.signingKey, identities: [identityFile(key)] };
    const after = await rewrapped(before, [bob], over);
    expect((await parts(after)).payload).toBe((await parts(before)).payload);
  });
});

test("a file of another writer: stanzas of unknown types go, the records stay", async () => {
  const { keys } = JSON.parse(fixture("vectors.json").toString());
  const [own, key] = [await personOf(native, keys.master.secret), await personOf(native, keys.alice.secret)];
  for (const name of ["unknown-types", "rewrapped-original", "rewrapped-grown", "len-c", "label-255-utf8"]) {
    const before = Uint8Array.from(fixture(`files/${name}.sealed`));
    const after = await rewrapped(before, [bob], { signer: own.signingKey, identities: [identityFile(key)] });
    const [old, now] = [await parts(before), await parts(after)];
    expect({ core: now.core, payload: now.payload }).toEqual({ core: old.core, payload: old.payload });
    expect(now.header.stanzas.map(({ type }) => type)).toEqual([1]);
  }
});

async function opens(header: Parameters<typeof findFileKey>[1], who: Person): Promise<boolean> {
  return (await findFileKey(native, header, [who])) !== null;
}

describe("the header's length", () => {
  const many = Array.from({ length: 4096 }, (_, i) => {
    const { publicKey } = native.agreementKey(copySecret(native.sha256(Uint8Array.of(i >> 8, i & 255))));
    return { ...stranger, publicKey };
  });

  test("grows to thousands of recipients, and shrinks again", { timeout: 60_000 }, async () => {
    const others = many.slice(1, IS_WHOLE ? 4096 : 200);
    const plaintext = pattern(2 * CHUNK + 9);
    const before = await sealed(plaintext);
    const grown = await rewrapped(before, [...others, recovery]);
    const shrunk = await rewrapped(grown, [bob]);
    const [a, b, c] = [await parts(before), await parts(grown), await parts(shrunk)];
    expect([b.headerLength - a.headerLength, c.headerLength - a.headerLength]).toEqual([(others.length - 1) * 84, -84]);
    expect(new Set([a.payload, b.payload, c.payload]).size).toBe(1);
    expect((await openedBy(shrunk, bob)).equals(plaintext)).toBe(true);
  });

  test("4097 recipients, or none, are a usage error", async () => {
    const before = await sealed(pattern(5));
    for (const to of [[...many, recovery], []]) {
      const recipients = to.map(({ publicKey }) => publicKey);
      expect((await refused(before, { recipients })).error.code).toBe("usage");
    }
  });
});

describe("from and to files and streams, inline and on threads", () => {
  const LENGTHS = fc.oneof(
    fc.integer({ min: 0, max: 9 * CHUNK }),
    fc.integer({ min: 0, max: 9 }).map((chunks) => chunks * CHUNK),
  );
  const WAY = fc.constantFrom("file", "stream", "bytes");

  test("the records come out as they went in", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(LENGTHS, WAY, WAY, fc.constantFrom(inline, pool), fc.integer({ min: 1, max: 4 }), copies),
      { numRuns: 120 },
    );
  });

  async function copies(length: number, from: string, to: string, engine: typeof pool | typeof inline, people: number) {
    const before = await sealed(pattern(length), [alice, recovery]);
    const source = await sourceOf(before, from);
    const memory = to === "stream" ? keepingSink() : memorySink();
    const path = await fileOf(new Uint8Array());
    const sink: Sink = to === "file" ? await openOutput(path, { force: true }) : memory;
    const recipients = [bob, carol, alice, stranger].slice(0, people);
    const result = await rewrapTo(source, sink, settings(recipients, { engine }));
    await source.close();
    const after = to === "file" ? await readFile(path) : memory.released();
    expect((await parts(after)).payload).toBe((await parts(before)).payload);
    const { digest, label, sealedAt } = await verified(after);
    const chunks = Math.floor(length / CHUNK) + 1;
    const signer = sender.signingKey.publicKey;
    const sizes = { bytes: length, sealedBytes: after.length, chunks, recipients: people };
    expect(result).toEqual({ ...sizes, signer, label, sealedAt, digest });
  }

  /** As a stream that looks at the bytes later: they must not be written over. */
  function keepingSink() {
    const parts: Uint8Array[] = [];
    const write = async (bytes: Uint8Array) => void parts.push(bytes);
    return { ...memorySink(), keeps: true, write, released: () => Buffer.concat(parts) };
  }

  async function sourceOf(bytes: Uint8Array, way: string): Promise<Source> {
    if (way === "bytes") return bytesSource(bytes);
    return way === "file" ? openSource(await fileOf(bytes)) : streamSource(pieces(bytes, 5000, 1, 9999), "input");
  }
});

describe("who may not", () => {
  let file: Bytes;
  beforeAll(async () => {
    file = await sealed(pattern(CHUNK + 5), [alice, recovery]);
  });

  test("an insider, who has the file key and another signing key", async () => {
    const { error } = await refused(file, { identities: [identityFile(alice)], signer: alice.signingKey });
    expect(error).toMatchObject({ code: "untrusted", signer: sender.signer });
    expect(error.message).toContain(sender.signer);
    expect(error.message).toContain(alice.signer);
  });

  test("the sender, without a key that the file was sealed to", async () => {
    const identities = [identityFile(sender), identityFile(stranger)];
    const { error } = await refused(file, { identities });
    expect(error).toMatchObject({ code: "no-key", hint: expect.stringContaining("sealed to") });
  });

  test("anybody, an unsigned file", async () => {
    const { error } = await refused(await sealed(pattern(5), [recovery], null));
    expect(error).toMatchObject({ code: "untrusted", message: expect.stringContaining("unsigned") });
  });

  test("and no identity is unlocked before the header has been checked", async () => {
    const locked = { ...identityFile(recovery), unlock: () => Promise.reject(new Error("unlocked")) };
    const bad = file.slice();
    bad[(await parts(file)).headerLength - 1]! ^= 1;
    expect((await refused(bad, { identities: [locked] })).error.code).toBe("tampered");
  });

  test("anybody, what a revoked key signed, and no identity is unlocked", async () => {
    const locked = { ...identityFile(recovery), unlock: () => Promise.reject(new Error("unlocked")) };
    const revoked = parseContacts(`- ${sender.signer} revoked 2026-01-31T12:00:00Z stolen`);
    const { error, released } = await refused(file, { identities: [locked], contacts: revoked });
    expect(error).toMatchObject({
      code: "untrusted",
      signer: sender.signer,
      message: expect.stringContaining("stolen"),
    });
    expect(released.length).toBe(0);
  });

  test("a journal", async () => {
    const bad = file.slice();
    bad[9] = 2;
    expect((await refused(bad)).error.code).toBe("malformed");
  });
});

describe("what is not as it was signed", () => {
  const plaintext = pattern(2 * CHUNK + 20);

  test("a bit anywhere: refused, and of a record not one byte is passed on", { timeout: 120_000 }, async () => {
    const file = await sealed(plaintext);
    const { headerLength } = await parts(file);
    const record = CHUNK + 112;
    for (let at = 0; at < file.length; at += STEP * (at < headerLength ? 1 : 13)) {
      const bad = file.slice();
      bad[at]! ^= 1 << (at % 8);
      const { error, released } = await refused(bad);
      const chunk = at < headerLength ? undefined : Math.floor((at - headerLength) / record);
      expect(["malformed", "unsupported", "tampered", "untrusted"], `byte ${at}`).toContain(error.code);
      expect(error.chunk, `byte ${at}`).toBe(chunk);
      if (chunk === undefined) expect(released.length, `byte ${at}`).toBe(0);
      else expect({ code: error.code, length: released.length }).toEqual(verdict(chunk, headerLength - 84, record));
    }
  });

  const verdict = (chunk: number, header: number, record: number) => ({
    code: "tampered",
    length: header + chunk * record,
  });

  test.each([
    ["cut", (file: Bytes) => file.subarray(0, file.length - 1)],
    ["cut at a record", (file: Bytes) => file.subarray(0, file.length - 132)],
    ["longer", (file: Bytes) => concat(file, Uint8Array.of(0))],
    ["with its first two records swapped", swapped],
  ])("in a file, %s: the old one stays, on threads and inline", async (_what, alter) => {
    const bad = Uint8Array.from(alter(await sealed(plaintext)));
    for (const engine of [inline, pool]) {
      const path = await fileOf(bad);
      const error = await failure(inPlace(path, settings([bob], { engine })));
      expect(error.code).toBe("tampered");
      expect((await readFile(path)).equals(bad)).toBe(true);
      expect(await folderOf(path)).toHaveLength(1);
    }
  });

  function swapped(file: Bytes): Bytes {
    const record = CHUNK + 112;
    const start = file.length - 132 - 2 * record;
    const [first, second] = [0, 1].map((i) => file.subarray(start + i * record, start + (i + 1) * record));
    return concat(file.subarray(0, start), second!, first!, file.subarray(start + 2 * record));
  }
});

describe("in place", () => {
  test.each([0o600, 0o640, 0o444, 0o666])("keeps the permissions, whatever the umask: %o", async (mode) => {
    const before = await sealed(pattern(CHUNK));
    const path = await fileOf(before);
    await chmod(path, mode);
    const umask = process.umask(0o077);
    try {
      await inPlace(path, settings([bob]));
    } finally {
      process.umask(umask);
    }
    expect((await stat(path)).mode & 0o7777).toBe(mode);
    expect((await parts(await readFile(path))).payload).toBe((await parts(before)).payload);
    expect(await folderOf(path)).toHaveLength(1);
  });

  test("a file that changes meanwhile is not replaced", async () => {
    const before = await sealed(pattern(CHUNK));
    const path = await fileOf(before);
    const error = await failure(inPlace(path, settings([bob]), () => utimes(path, 1, 1)));
    expect(error).toMatchObject({ code: "io", message: expect.stringContaining("changed") });
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await folderOf(path)).toHaveLength(1);
  });

  test("a file that somebody puts in its place meanwhile stays", async () => {
    const path = await fileOf(await sealed(pattern(CHUNK)));
    const other = await fileOf(pattern(9));
    const error = await failure(inPlace(path, settings([bob]), () => rename(other, path)));
    expect(error).toMatchObject({ code: "io", message: expect.stringContaining("replaced") });
    expect((await readFile(path)).equals(pattern(9))).toBe(true);
    expect(await folderOf(path)).toHaveLength(1);
  });

  test("an output that is the input is refused everywhere else", async () => {
    const path = await fileOf(await sealed(pattern(5)));
    const source = await openSource(path);
    expect((await failure(openOutput(path, { input: source.id, force: true }))).code).toBe("usage");
    await source.close();
  });

  test("a signal ends it between records, and the old file stays", async () => {
    const before = await sealed(pattern(9 * CHUNK));
    for (const engine of [inline, pool]) {
      const path = await fileOf(before);
      const controller = new AbortController();
      const reason = new Error("stop");
      const progress = (done: number) => done > 3 * CHUNK && controller.abort(reason);
      const options = settings([bob], { engine, signal: controller.signal, progress });
      await expect(inPlace(path, options)).rejects.toBe(reason);
      expect((await readFile(path)).equals(before)).toBe(true);
      expect(await folderOf(path)).toHaveLength(1);
    }
  });
});
