// All vectors, on a page: with the portable suite, WebCrypto and workers, as the library for browsers has them.

import { type Bytes, concat, fromHex, toHex } from "../../../src/bytes.js";
import { portable } from "../../../src/crypto/portable.js";
import { ownSecret, type Secret } from "../../../src/crypto/secret.js";
import type { Suite } from "../../../src/crypto/suite.js";
import { webCrypto } from "../../../src/crypto/web.js";
import { type WorkerLike, webEngine } from "../../../src/engine/web-pool.js";
import { generated } from "../../vector-bytes.js";
import type { Keys } from "./common.js";
import { type ArmoredVector, FileRuns, type FileVector, type RangeVector } from "./files.js";
import { type CursorVector, JournalRuns, type JournalVector, runCursor } from "./journals.js";
import * as keyed from "./keys.js";

interface Fixtures {
  readonly keys: Keys;
  readonly vectors: FileVector[];
  readonly ranges: RangeVector[];
  readonly armored: ArmoredVector[];
  readonly texts: keyed.KeyText[];
  readonly identities: keyed.IdentityText[];
  readonly contacts: keyed.ContactsText[];
  readonly publicKeys: keyed.PublicKeysText[];
  readonly fingerprints: { key: string; fingerprint: string }[];
}

interface JournalFixtures {
  readonly vectors: JournalVector[];
  readonly cursors: CursorVector[];
}

declare global {
  /** scrypt elsewhere, in hexadecimal: it costs a second each time. */
  var derive: ((passphrase: string, salt: string) => Promise<string>) | undefined;
  /** With so many workers, every vector, or one of so many. */
  var runVectors: (asked: { readonly most: number; readonly step: number }) => Promise<Result>;
}

export interface Result {
  /** What ran, and what is wrong, with the names. */
  readonly names: string[];
  readonly wrong: string[];
  readonly workers: number;
}

const bytesAt = async (path: string): Promise<Bytes> =>
  new Uint8Array(await (await fetch(`/fixtures/${path}`)).arrayBuffer());
const jsonAt = async <T>(path: string): Promise<T> => (await fetch(`/fixtures/${path}`)).json() as Promise<T>;

function quick(suite: Suite): Suite {
  const { derive } = globalThis;
  if (!derive) return suite;
  const scrypt = async (passphrase: Secret, salt: Uint8Array) =>
    ownSecret(fromHex(await derive(toHex(Uint8Array.from(passphrase)), toHex(Uint8Array.from(salt)))));
  return { ...suite, scrypt };
}

async function fileBytes({ file, generate }: FileVector): Promise<Bytes> {
  return file ? bytesAt(file) : generated(generate!);
}

async function journalBytes({ file, generate, parts }: JournalVector): Promise<Bytes> {
  if (generate) return generated(generate);
  const bytes = await bytesAt(file!);
  if (!parts) return bytes;
  return concat(...parts.map((part) => (typeof part === "string" ? fromHex(part) : bytes.slice(...part))));
}

globalThis.runVectors = async ({ most, step }) => {
  const suite = quick(portable);
  let workers = 0;
  const start = () => {
    workers += 1;
    const { Worker } = globalThis as unknown as { Worker: new (url: string) => WorkerLike };
    const { workerText } = globalThis as unknown as { workerText: string };
    return new Worker(URL.createObjectURL(new Blob([workerText], { type: "text/javascript" })));
  };
  const engine = webEngine({ most, start, webCrypto, small: 0 });
  const [fixtures, journals] = await Promise.all([
    jsonAt<Fixtures>("vectors.json"),
    jsonAt<JournalFixtures>("journals.json"),
  ]);
  const result = { names: [] as string[], wrong: [] as string[] };
  const each = async <T>(kind: string, items: readonly T[], name: (item: T) => string, run: (item: T) => unknown) => {
    for (const item of items.filter((_, i) => i % step === 0)) {
      const what = `${kind}: ${name(item)}`;
      result.names.push(what);
      try {
        await run(item);
      } catch (error) {
        result.wrong.push(`${what}: ${error instanceof Error ? error.message : error}`);
      }
    }
  };
  const named = ({ name }: { readonly name: string }) => name;
  const files = new FileRuns(suite, engine, fixtures.keys, fileBytes);
  const vectorOf = (name: string) => fixtures.vectors.find((vector) => vector.name === name)!;
  await each("file", fixtures.vectors, named, (vector) => files.open(vector));
  await each("range", fixtures.ranges, named, (range) => files.range(range, vectorOf(range.vector)));
  await each("text form", fixtures.armored, named, (text) => files.armored(text, vectorOf(text.vector)));
  await each("key", fixtures.texts, named, (text) => keyed.runKeyText(suite, text));
  await each("identity", fixtures.identities, named, (file) => keyed.runIdentity(suite, file));
  await each("contacts", fixtures.contacts, named, (file) => keyed.runContacts(suite, file));
  await each("public keys", fixtures.publicKeys, named, (file) => keyed.runPublicKeys(suite, file));
  await each(
    "fingerprint",
    fixtures.fingerprints,
    ({ key }) => key,
    (due) => keyed.runFingerprint(suite, due),
  );
  const runs = new JournalRuns(suite, engine, fixtures.keys, journalBytes);
  await each("journal", journals.vectors, named, (vector) => runs.run(vector));
  await each("cursor", journals.cursors, named, (cursor) => runCursor(cursor));
  engine.close();
  return { ...result, workers };
};
