// What fuzzing starts from: files that the author seals, the same in every run, and the test vectors.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Bytes, equal, utf8 } from "../src/bytes.js";
import { copySecret } from "../src/crypto/secret.js";
import { inline } from "../src/engine/inline.js";
import { sealTo } from "../src/files/seal.js";
import { bytesSink, bytesSource } from "../src/io/bytes.js";
import { decodeSigner } from "../src/keys/text.js";
import { author, bytesOf, forger, hermit, PASSPHRASE, reader, repeatable } from "./actors.js";
import { FIXED, LABEL_LENGTH, signerOf } from "./layout.js";

const FIXTURES = resolve("fixtures");
const CHUNK = 4096;
const NOW = 1_700_000_000_000;

/** A file that somebody sealed, and what is in it. */
export interface Honest {
  readonly file: Bytes;
  readonly plaintext: Bytes;
  readonly signed: boolean;
}

type Kind = "classic" | "hybrid" | "passphrase";
const KINDS = ["classic", "hybrid", "classic", "passphrase"] as const;

let made: Promise<readonly Honest[]> | undefined;

/** All that the author has ever signed, and all unsigned files for the hermit. */
export function honestFiles(): Promise<readonly Honest[]> {
  made ??= Promise.all(
    [0, 5, 300, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 77].flatMap((length, i) => [
      honest(length, i, { signed: true }),
      ...(i % 2 === 0 ? [honest(length, i, { signed: false })] : []),
    ]),
  );
  return made;
}

async function honest(length: number, i: number, { signed }: { signed: boolean }): Promise<Honest> {
  const plaintext = bytesOf(`plaintext ${i}`, length);
  const to = signed ? [reader, hermit] : [hermit];
  const file = await sealedBy(signed ? author : null, `${i} ${signed}`, plaintext, to, KINDS[i % 4]);
  return { plaintext, signed, file };
}

async function sealedBy(
  by: typeof author | null,
  name: string,
  plaintext: Bytes,
  to: (typeof author)[],
  kind: Kind = "classic",
): Promise<Bytes> {
  const sink = bytesSink();
  await sealTo(bytesSource(plaintext), sink, {
    suite: repeatable(`seal ${name}`),
    engine: inline,
    recipients: to.map(({ identity, xwing }) => (kind === "classic" ? identity : xwing.native).publicKey),
    passphrase: kind === "passphrase" ? copySecret(utf8(PASSPHRASE)) : null,
    signer: by?.identity.signingKey ?? null,
    label: ["", "release 1", "é"][plaintext.length % 3]!,
    chunkExponent: 12,
    now: NOW,
  });
  return sink.take();
}

/** The honest files, some of the forger's, and the test vectors. */
export async function sealedSeeds(withVectors: boolean): Promise<Bytes[]> {
  const forged = await Promise.all(
    [0, 20, CHUNK, CHUNK + 9].flatMap((length) => [
      sealedBy(forger, `forger ${length}`, bytesOf("x", length), [reader]),
      sealedBy(null, `nobody ${length}`, bytesOf("y", length), [reader]),
      sealedBy(forger, `hybrid ${length}`, bytesOf("z", length), [reader], "hybrid"),
      sealedBy(forger, `passphrase ${length}`, bytesOf("p", length), [], "passphrase"),
    ]),
  );
  return [...(await honestFiles()).map(({ file }) => file), ...forged, ...(withVectors ? vectorFiles() : [])];
}

function vectorFiles(): Bytes[] {
  const folder = join(FIXTURES, "files");
  return readdirSync(folder).map((name) => Uint8Array.from(readFileSync(join(folder, name))));
}

export interface Vectors {
  readonly keys: Readonly<
    Record<string, { readonly secret: string; readonly recipient: string; readonly signer: string }>
  >;
  readonly texts: readonly { readonly text: string }[];
  readonly identities: readonly { readonly text?: string }[];
}

export function vectors(): Vectors {
  return JSON.parse(readFileSync(join(FIXTURES, "vectors.json"), "utf8"));
}

/** The honest file with that core; the truth about whatever is released in its name. */
export async function honestByCore(input: Uint8Array): Promise<Honest | undefined> {
  const all = await honestFiles();
  return all.find(({ file }) => {
    const length = FIXED + file[LABEL_LENGTH]!;
    return equal(file.subarray(0, length), input.subarray(0, length));
  });
}

let known: readonly Bytes[] | undefined;

/**
 * Who is accepted where anybody is: a signer who is known need not be checked to be a valid key, which takes longer
 * than all the rest.
 */
export function anybody(input: Uint8Array): readonly Bytes[] | "any" {
  known ??= [
    ...[author, forger].map(({ identity }) => identity.signingKey.publicKey),
    ...Object.values(vectors().keys).map(({ signer }) => decodeSigner(signer)),
  ];
  const signer = signerOf(input);
  return known.some((key) => equal(key, signer)) ? known : "any";
}
