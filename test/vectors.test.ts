// Every vector of fixtures/, on both suites, from bytes and from a stream in awkward pieces: the verdict, the chunk that is
// named, and exactly the plaintext that may be released before an error.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, toHex } from "../src/bytes.js";
import { inline } from "../src/engine/inline.js";
import { bytesSource } from "../src/io/bytes.js";
import { streamSource } from "../src/io/streams.js";
import { identityOf, parseIdentityFile } from "../src/keys/identity.js";
import { encodeSecret, encodeSigner, parseRecipient, parseSecret, parseSigner } from "../src/keys/text.js";
import { inspect } from "../src/ops/inspect.js";
import type { Source } from "../src/ops/io.js";
import { open } from "../src/ops/open.js";
import { verify } from "../src/ops/verify.js";
import { failure, fixture, identityFile, memorySink, pieces, SUITES } from "./support.js";

interface Fault {
  error: string;
  chunk: number | null;
}

interface Vector {
  name: string;
  file?: string;
  generate?: { hex: string; zeros?: number; times?: number }[];
  rule: string;
  key: string | string[];
  from: string[] | "any" | null;
  allowUnsigned?: boolean;
  demandLabel?: string;
  maxAge?: number;
  now?: number;
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
  keys: Record<string, { secret: string; recipient: string; signer: string }>;
  vectors: Vector[];
  texts: { name: string; kind: "recipient" | "signer" | "secret"; text: string; ok: boolean; why: string }[];
  identities: {
    name: string;
    ok: boolean;
    why: string;
    text: string;
    passphrase?: string;
    secret?: string;
    accept?: string[];
  }[];
}

const { keys, vectors, texts, identities }: Fixtures = JSON.parse(fixture("vectors.json").toString());

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function sealedBytes({ file, generate }: Vector): Bytes {
  if (file) return Uint8Array.from(fixture(file));
  return concat(
    ...generate!.flatMap(({ hex, zeros = 0, times = 1 }) =>
      Array.from({ length: times }, () => concat(fromHex(hex), new Uint8Array(zeros))),
    ),
  );
}

const INPUTS: [string, (bytes: Uint8Array) => Source][] = [
  ["bytes", (bytes) => bytesSource(bytes)],
  ["a stream", (bytes) => streamSource(pieces(bytes, 1, 7, 4208, 3, 65536), "the input")],
];

async function signersOf(from: Vector["from"]): Promise<Uint8Array[] | "any"> {
  return from === "any" ? from : Promise.all((from ?? []).map((name) => parseSigner(keys[name]!.signer)));
}

describe.each(SUITES.map((suite) => [suite.name, suite] as const))("vectors, %s suite", (_name, suite) => {
  // The portable suite is slow, and what it does not do is to read.
  describe.each(suite.name === "native" ? INPUTS : INPUTS.slice(0, 1))("from %s", (_input, sourceOf) => {
    test.each(vectors.map((vector) => [vector.name, vector] as const))("%s", async (_vector, vector) => {
      const bytes = sealedBytes(vector);
      const now = (vector.now ?? 1_800_000_000) * 1000;
      const demands = { label: vector.demandLabel, maxAge: vector.maxAge, now };
      const from = await signersOf(vector.from);
      const sink = memorySink();
      const opening = open(sourceOf(bytes), sink, {
        suite,
        engine: inline,
        identities: [vector.key].flat().map((name) => identityFile(identityOf(suite, keys[name]!.secret))),
        from,
        policy: { ...demands, allowUnsigned: vector.allowUnsigned ?? false },
      });
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

      const verifying = verify(sourceOf(bytes), {
        suite,
        engine: inline,
        policy: { ...demands, signers: from, allowUnsigned: false },
      });
      if (vector.verify === "ok") {
        const verified = await verifying;
        expect({ ...verified, signer: encodeSigner(verified.signer) }).toEqual(pick(vector));
      } else {
        const error = await failure(verifying);
        expect([error.code, error.chunk ?? null], error.message).toEqual([vector.verify.error, vector.verify.chunk]);
      }
    });
  });

  test.each(vectors.filter((vector) => vector.open === "ok").map((vector) => [vector.name, vector] as const))(
    "inspect %s",
    async (_vector, vector) => {
      const { core, bytes, chunks } = await inspect(bytesSource(sealedBytes(vector)), suite);
      const signer = core.signer && encodeSigner(core.signer);
      const { digest: _, ...expected } = pick(vector);
      expect({ bytes, chunks, signer, label: core.label, sealedAt: core.sealedAt }).toEqual(expected);
    },
  );

  test.each(identities.map((file) => [file.name, file] as const))("identity file: %s", async (_name, file) => {
    const ask = async (attempt: number) => (attempt === 0 ? (file.passphrase ?? null) : null);
    const parsed = parseIdentityFile(suite, file.text, ask).then(async (found) => ({
      identity: await found.unlock(),
      accept: found.accept.map(encodeSigner),
    }));
    if (!file.ok) {
      expect(["usage", "no-key"]).toContain((await failure(parsed)).code);
      return;
    }
    const { identity, accept } = await parsed;
    const { recipient, signer } = identityOf(suite, file.secret!);
    expect(identity).toMatchObject({ recipient, signer });
    expect(accept).toEqual(file.accept);
  });
});

function pick({ bytes, chunks, digest, signer, label, sealedAt }: Vector) {
  return { bytes, chunks, digest, signer, label, sealedAt };
}

describe("key texts", () => {
  const parse = {
    recipient: async (text: string) => parseRecipient(text),
    signer: parseSigner,
    secret: async (text: string) => parseSecret(text),
  };
  test.each(texts.map((text) => [text.name, text] as const))("%s", async (_name, { kind, text, ok }) => {
    if (ok) expect(await parse[kind](text)).toBeTruthy();
    else expect((await failure(parse[kind](text))).code).toBe("usage");
  });

  test("a key and its text are one to one", async () => {
    for (const { secret, recipient, signer } of Object.values(keys)) {
      expect(encodeSecret(parseSecret(secret))).toBe(secret);
      expect(toHex(parseRecipient(recipient))).toBe(toHex(identityOf(SUITES[0]!, secret).publicKey));
      expect(encodeSigner(await parseSigner(signer))).toBe(signer);
    }
  });
});
