// Every vector of fixtures/, on both suites, from bytes and from a stream in awkward pieces: the verdict, the chunk
// that is named, and exactly the plaintext that may be released before an error.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, fromHex, toHex, utf8 } from "../src/bytes.js";
import type { KemKey } from "../src/crypto/kem.js";
import { native } from "../src/crypto/native.js";
import { copySecret, type Secret } from "../src/crypto/secret.js";
import type { Suite } from "../src/crypto/suite.js";
import { inline } from "../src/engine/inline.js";
import { unarmored } from "../src/files/armor.js";
import { inspectSource } from "../src/files/inspect.js";
import { openTo } from "../src/files/open.js";
import { verifySource } from "../src/files/verify.js";
import type { Source } from "../src/flow/io.js";
import { type Header, payloadKey } from "../src/format/header.js";
import { parseHeader } from "../src/header/read.js";
import { findFileKey, openingKeys } from "../src/header/unlock.js";
import { bytesSource } from "../src/io/bytes.js";
import { streamSource } from "../src/io/streams.js";
import { identityOf, parseIdentityFile } from "../src/keys/identity.js";
import { encodeSecret, parseSecret } from "../src/keys/secret-line.js";
import { encodeSshKey, parseSshKey, parseSshRecipient } from "../src/keys/ssh/public.js";
import { encodeRecipient, encodeSigner, parseRecipient, parseSigner } from "../src/keys/text.js";
import { failure, fixture, memorySink, personOf, pieces, SUITES, secretOf, shown } from "./support.js";
import { type Generated, generated } from "./vector-bytes.js";
import { acceptedSigners, acceptLines, revokedSigners, vectorIdentities } from "./vector-keys.js";
import { IS_WHOLE, sampled } from "./whole.js";

interface Fault {
  error: string;
  chunk: number | null;
}

interface Vector {
  name: string;
  file?: string;
  generate?: Generated[];
  rule: string;
  key: string | string[];
  passphrase?: string;
  passphraseHex?: string;
  from: string[] | "any" | null;
  /** For each key. */
  accept?: string[][];
  revoked?: string[];
  allowUnsigned?: boolean;
  demandLabel?: string;
  maxAge?: number;
  now?: number;
  rewraps?: string;
  values?: Record<string, string>;
  plaintextSha256: string | null;
  bytes: number | null;
  chunks: number | null;
  digest: string | null;
  signer: string | null;
  label: string | null;
  sealedAt: number | null;
  open: "ok" | (Fault & { released: number; releasedSha256: string });
  verify: "ok" | Fault;
}

interface Fixtures {
  armored: { name: string; vector: string; rule: string; hex: string; ok: boolean }[];
  keys: Record<string, { secret: string; recipient: string; signer: string }>;
  vectors: Vector[];
  ranges: {
    name: string;
    vector: string;
    first: number;
    last: number;
    open: "ok" | Fault;
    released: number;
    plaintextSha256: string | null;
  }[];
  texts: {
    name: string;
    kind: "recipient" | "signer" | "secret" | "ssh";
    text: string;
    recipient?: string;
    signer?: string;
    ok: boolean;
    error?: "unsupported";
    why: string;
  }[];
  identities: {
    name: string;
    ok: boolean;
    error?: "unsupported" | "usage" | "no-key";
    why: string;
    text?: string;
    hex?: string;
    passphrase?: string;
    passphraseHex?: string;
    secret?: string;
    recipient?: string | null;
    signer?: string | null;
    accept?: string[];
  }[];
}

const { armored, keys, vectors, ranges, texts, identities }: Fixtures = JSON.parse(fixture("vectors.json").toString());

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function sealedBytes({ file, generate }: Vector): Bytes {
  return file ? Uint8Array.from(fixture(file)) : generated(generate!);
}

const INPUTS: [string, (bytes: Uint8Array) => Source][] = [
  ["bytes", (bytes) => bytesSource(bytes)],
  ["a stream", (bytes) => streamSource(pieces(bytes, 1, 7, 4208, 3, 65536), "the input")],
];

/** Under which conditions a vector is opened, and verified. */
async function conditionsOf(suite: Suite, vector: Vector) {
  const { key, accept, revoked = [], demandLabel: label, maxAge, now = 1_800_000_000 } = vector;
  const contacts = revokedSigners(keys, revoked);
  const demands = { label, maxAge, now: now * 1000, contacts };
  const from = await acceptedSigners(keys, vector.from);
  const lines = await acceptLines(keys, accept);
  const opening = {
    suite,
    engine: inline,
    identities: await vectorIdentities(suite, keys, key, lines),
    from: lines ? null : from,
    policy: { ...demands, allowUnsigned: vector.allowUnsigned ?? false },
    passphrase: passphraseOf(vector) ? async () => passphraseOf(vector)! : undefined,
  };
  return { opening, verifying: { suite, engine: inline, policy: { ...demands, from, allowUnsigned: false } } };
}

/** A suite that remembers what it has made of a passphrase; where not everything is run, what either suite made. */
function remembering(suite: Suite): Suite {
  const made = IS_WHOLE ? new Map<string, Promise<Secret>>() : derived;
  const scrypt = async (passphrase: Secret, salt: Uint8Array) => {
    const id = `${toHex(salt)} ${toHex(shown(passphrase))}`;
    if (!made.has(id)) made.set(id, (IS_WHOLE ? suite : native).scrypt(copySecret(passphrase), salt));
    return copySecret((await made.get(id))!);
  };
  return { ...suite, scrypt };
}

/** By passphrase and salt. Both suites have been seen to do it alike in test/crypto/hash.test.ts. */
const derived = new Map<string, Promise<Secret>>();

/** One in `every` of these vectors, and at most one in four of those that take a second, for a passphrase. */
function taken<T extends { passphrase?: string; passphraseHex?: string }>(all: readonly T[], every: number) {
  const [slow, quick] = [all.filter(passphraseOf), all.filter((vector) => !passphraseOf(vector))];
  return [...sampled(quick, every), ...sampled(slow, Math.max(every, 4))];
}

describe.each(SUITES.map((suite) => [suite.name, remembering(suite)] as const))("vectors, %s suite", (_name, suite) => {
  // The portable suite is slow, and what it does not do is to read.
  const isNative = suite.name === "native";
  describe.each(isNative ? INPUTS : INPUTS.slice(0, 1))("from %s", (input, sourceOf) => {
    test.each(taken(vectors, isNative && input === "bytes" ? 1 : 4).map((vector) => [vector.name, vector] as const))(
      "%s",
      async (_vector, vector) => {
        const bytes = sealedBytes(vector);
        const conditions = await conditionsOf(suite, vector);
        const sink = memorySink();
        const opening = openTo(sourceOf(bytes), sink, conditions.opening);
        if (vector.open === "ok") {
          const { bytes, chunks, digest, signer, label, sealedAt } = await opening;
          const found = { bytes, chunks, digest, signer: signer && encodeSigner(signer), label, sealedAt };
          expect(found).toEqual(pick(vector));
          expect(sha256(sink.released())).toBe(vector.plaintextSha256);
          expect(sink.state).toBe("committed");
        } else {
          const error = await failure(opening);
          expect([error.code, error.chunk ?? null], error.message).toEqual([vector.open.error, vector.open.chunk]);
          expect(sink.released().length).toBe(vector.open.released);
          expect(sha256(sink.released())).toBe(vector.open.releasedSha256);
          expect(sink.state).toBe("aborted");
        }

        const verifying = verifySource(sourceOf(bytes), conditions.verifying);
        if (vector.verify === "ok") {
          const verified = await verifying;
          expect({ ...verified, signer: encodeSigner(verified.signer) }).toEqual(pick(vector));
        } else {
          const error = await failure(verifying);
          expect([error.code, error.chunk ?? null], error.message).toEqual([vector.verify.error, vector.verify.chunk]);
        }
      },
    );
  });

  test.each(vectors.filter((vector) => vector.open === "ok").map((vector) => [vector.name, vector] as const))(
    "inspect %s",
    async (_vector, vector) => {
      const { core, bytes, chunks } = await inspectSource(bytesSource(sealedBytes(vector)), suite);
      const signer = core.signer && encodeSigner(core.signer);
      const { digest: _, ...expected } = pick(vector);
      expect({ bytes, chunks, signer, label: core.label, sealedAt: core.sealedAt }).toEqual(expected);
    },
  );

  test.each(ranges.map((range) => [range.name, range] as const))(
    "range: %s",
    async (_name, { vector: of, ...range }) => {
      const vector = vectors.find(({ name }) => name === of)!;
      const { opening } = await conditionsOf(suite, vector);
      const sink = memorySink();
      const { first, last } = range;
      const reading = openTo(bytesSource(sealedBytes(vector)), sink, { ...opening, range: { first, last } });
      if (range.open === "ok") {
        await reading;
        expect(sink.released().length).toBe(last - first + 1);
        expect(sha256(sink.released())).toBe(range.plaintextSha256);
      } else {
        const error = await failure(reading);
        expect([error.code, error.chunk ?? null], error.message).toEqual([range.open.error, range.open.chunk]);
        expect(sink.released().length).toBe(range.released);
      }
    },
  );

  test.each(armored.map((text) => [text.name, text] as const))(
    "text form: %s",
    async (_name, { vector: of, hex, ok }) => {
      const vector = vectors.find(({ name }) => name === of)!;
      const { opening } = await conditionsOf(suite, vector);
      const sink = memorySink();
      const text = fromHex(hex);
      for (const source of [bytesSource(text), streamSource(pieces(text, 1, 2, 63, 7), "the input")]) {
        const opened = unarmored(source).then((file) => openTo(file, sink, opening));
        if (ok) expect(pick({ ...vector, ...(await opened), signer: null })).toEqual(pick(vector));
        else expect((await failure(opened)).code).toBe("malformed");
      }
      if (!ok) expect(sink.released()).toHaveLength(0);
    },
  );

  test.each(taken(identities, 1).map((file) => [file.name, file] as const))(
    "identity file: %s",
    async (_name, file) => {
      const ask = async (attempt: number) => (attempt === 0 ? passphraseOf(file) : null);
      const parsed = parseIdentityFile(suite, bytesOf(file), ask).then(async (found) => ({
        identity: await found.unlock(),
        accept: found.accept.map(encodeSigner),
      }));
      if (!file.ok) {
        expect(file.error ? [file.error] : ["usage", "no-key"]).toContain((await failure(parsed)).code);
        return;
      }
      const { identity, accept } = await parsed;
      const { recipient, signer } = file;
      expect(identity).toMatchObject({ recipient, signer });
      expect(await identityOf(suite, secretOf(file.secret!))).toMatchObject({ recipient, signer });
      expect(accept).toEqual(file.accept);
    },
  );
});

/** What is computed on the way. */
async function valuesOf(header: Header, key: KemKey): Promise<Record<string, string>> {
  const fileKey = (await findFileKey(native, header, [key]))!;
  const shared = key.decapsulate(header.stanzas[0]!.body.subarray(0, -48))!;
  const secrets = { sharedSecret: shared, fileKey, payloadKey: payloadKey(native, fileKey, header.coreHash) };
  const shown = Object.entries(secrets).map(([name, secret]) => [name, Buffer.from(secret).toString("hex")]);
  return { coreHash: toHex(header.coreHash), ...Object.fromEntries(shown) };
}

describe("intermediate values", () => {
  const explained = vectors.filter((vector) => vector.values);
  test.each(explained.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
    const header = await parseHeader(bytesSource(sealedBytes(vector)), native);
    const [key] = await openingKeys(await vectorIdentities(native, keys, vector.key));
    const { recordSeed, ...values } = vector.values!;
    expect(await valuesOf(header, key!)).toEqual(values);
    const recordKey = recordSeed === undefined ? null : native.signingKey(copySecret(fromHex(recordSeed))).publicKey;
    expect(header.core.recordKey).toEqual(recordKey);
  });
  test("of signed and of unsigned files, and of either KEM", () => expect(explained.length).toBe(3));
});

describe("a rewrapped vector has core and records of the one it rewraps", () => {
  const rewraps = vectors.filter((vector) => vector.rewraps);
  const payload = async (vector: Vector) => {
    const bytes = sealedBytes(vector);
    const { headerBytes, core } = await inspectSource(bytesSource(bytes), SUITES[0]!);
    const coreLength = 118 + utf8(core.label).length;
    const stanzas = toHex(bytes.subarray(coreLength, headerBytes));
    return { core: toHex(bytes.subarray(0, coreLength)), records: toHex(bytes.subarray(headerBytes)), stanzas };
  };
  test.each(rewraps.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
    const original = vectors.find(({ name }) => name === vector.rewraps)!;
    const [before, after] = [await payload(original), await payload(vector)];
    expect({ core: after.core, records: after.records }).toEqual({ core: before.core, records: before.records });
    expect(after.stanzas).not.toBe(before.stanzas);
    if (vector.verify === "ok") expect(vector.digest).toBe(original.digest);
  });
});

function pick({ bytes, chunks, digest, signer, label, sealedAt }: Vector) {
  return { bytes, chunks, digest, signer, label, sealedAt };
}

function bytesOf({ text, hex }: Fixtures["identities"][0]): Secret {
  return hex === undefined ? secretOf(text!) : copySecret(fromHex(hex));
}

/** As bytes: also what is no text. */
function passphraseOf({ passphrase, passphraseHex }: { passphrase?: string; passphraseHex?: string }): Secret | null {
  if (passphraseHex !== undefined) return copySecret(fromHex(passphraseHex));
  return passphrase === undefined ? null : secretOf(passphrase);
}

describe("key texts", () => {
  const parse = {
    recipient: async (text: string) => parseRecipient(native, text),
    signer: (text: string) => parseSigner(native, text),
    secret: async (text: string) => parseSecret(secretOf(text)),
    ssh: (text: string) => parseSshKey(native, text),
  };
  test.each(texts.map((text) => [text.name, text] as const))(
    "%s",
    async (_name, { kind, text, ok, error = "usage" }) => {
      if (ok) expect(await parse[kind](text)).toBeTruthy();
      else expect((await failure(parse[kind](text))).code).toBe(error);
    },
  );

  test.each(texts.filter(({ kind, ok }) => kind === "ssh" && ok).map((text) => [text.name, text] as const))(
    "%s, as a recipient, as a signer, and as a text again",
    async (_name, { text, recipient, signer }) => {
      const key = await parseSshKey(native, text);
      expect(encodeSigner(key)).toBe(signer);
      expect(encodeRecipient(native, await parseSshRecipient(native, text))).toBe(recipient);
      expect(encodeSshKey(key)).toBe(text.split(/[ \t]/, 2).join(" "));
    },
  );

  test("a key and its text are one to one", async () => {
    for (const { secret, recipient, signer } of Object.values(keys)) {
      expect(encodeSecret(parseSecret(secretOf(secret)))).toEqual(secretOf(secret));
      const { publicKey } = await personOf(SUITES[0]!, secret);
      expect(toHex(parseRecipient(native, recipient))).toBe(toHex(publicKey));
      expect(encodeRecipient(native, publicKey)).toBe(recipient);
      expect(encodeSigner(await parseSigner(native, signer))).toBe(signer);
    }
  });
});
