// One task of a browser's, start to end: what is large goes through WebCrypto, where there is one, and else through the
// suite. Tasks have their bytes in memory. What WebCrypto gives is left to the collector: a browser holds it until
// then. Where it was given back before (`free` in bytes.ts), V8 does not see how much there is, and lets it grow with
// the file.

import type { Bytes } from "../bytes.js";
import { TAG_BYTES } from "../crypto/lengths.js";
import { erase } from "../crypto/secret.js";
import type { WebAead, WebCrypto, WebVerify } from "../crypto/web.js";
import { SealError } from "../errors.js";
import {
  type ChunkKeys,
  chunkMessage,
  chunkNonce,
  type OpenedChunk,
  openChunk,
  plaintextLength,
  sealChunk,
  verifyChunk,
} from "../format/record.js";
import { CHAIN_BYTES } from "../format/sizes.js";
import type { OpenTaskResult, SealTaskResult, Task, Verb } from "./engine.js";

/** A file's keys, and what WebCrypto has made of them: null where there is none. */
export interface WebKeys extends ChunkKeys {
  readonly web: WebWork | null;
}

/** WebCrypto set to a file's keys. */
export interface WebWork {
  readonly sha256: WebCrypto["sha256"];
  /** null where records are only verified. */
  readonly aead: WebAead | null;
  /** null in an unsigned file. */
  readonly verify: WebVerify | null;
}

export async function webKeys(keys: ChunkKeys, web: WebCrypto | null): Promise<WebKeys> {
  if (!web) return { ...keys, web };
  const [aead, verify] = await Promise.all([
    keys.payloadKey && web.aead(keys.payloadKey),
    keys.recordKey && web.verifier(keys.recordKey),
  ]);
  return { ...keys, web: { sha256: web.sha256, aead, verify } };
}

export async function runWebTask(verb: Verb, keys: WebKeys, task: Task): Promise<SealTaskResult | OpenTaskResult> {
  if (task.input || task.output) throw new SealError("internal", "a browser has no files by descriptor");
  if (verb === "seal") return runSealing(keys, task);
  return runOpening(verb, keys, task);
}

async function runSealing(keys: WebKeys, task: Task): Promise<SealTaskResult> {
  const { length, buffer } = task;
  const { web } = keys;
  if (!web?.aead) {
    const digest = sealChunk(keys, task, [buffer!.subarray(0, length)], (sealed) => buffer!.set(sealed));
    return { digest, buffer };
  }
  const sealed = await web.aead.seal(chunkNonce(task), buffer!.subarray(0, length));
  const digest = keys.signed ? await web.sha256(sealed) : null;
  buffer!.set(sealed);
  return { digest, buffer };
}

/** A verifier's result is the record as it is. */
async function runOpening(verb: Verb, keys: WebKeys, task: Task): Promise<OpenTaskResult> {
  const { buffer } = task;
  const record = buffer!.subarray(0, task.length);
  const length = plaintextLength(task.length, keys.signed);
  const { plaintext, ...opened } = await opening(verb === "open", keys, task, record, length);
  if (verb === "open") record.set(plaintext && opened.authentic ? plaintext : new Uint8Array(record.length));
  if (plaintext && !opened.authentic) erase(plaintext);
  return { ...opened, buffer };
}

/** What a record was found to be, and its plaintext, which is nobody's before the record has been found authentic. */
type Opening = OpenedChunk & { readonly plaintext: Bytes | null };

async function opening(decrypts: boolean, keys: WebKeys, task: Task, record: Bytes, length: number): Promise<Opening> {
  const { web } = keys;
  if (!web || (decrypts && !web.aead)) return portableOpening(decrypts, keys, task, record, length);
  const sealed = record.subarray(0, length + TAG_BYTES);
  const [digest, plaintext] = await Promise.all([
    keys.signed ? web.sha256(sealed) : null,
    decrypts ? web.aead!.open(chunkNonce(task), sealed) : null,
  ]);
  const isIntact = plaintext !== null || !decrypts;
  if (!digest) return { digest, chain: null, authentic: isIntact, plaintext };
  const chain = record.slice(sealed.length, sealed.length + CHAIN_BYTES);
  const signature = record.subarray(sealed.length + CHAIN_BYTES);
  const isSigned = await web.verify!(chunkMessage(keys.coreHash, task, chain, digest), signature);
  return { digest, chain, authentic: isIntact && isSigned, plaintext };
}

function portableOpening(decrypts: boolean, keys: WebKeys, task: Task, record: Bytes, length: number): Opening {
  const ciphertext = [record.subarray(0, length)];
  const trailer = () => record.subarray(length);
  let plaintext: Bytes | null = null;
  const opened = decrypts
    ? openChunk(keys, task, ciphertext, trailer, (held) => {
        plaintext = held as Bytes;
      })
    : verifyChunk(keys, task, ciphertext, trailer);
  return { ...opened, plaintext };
}
