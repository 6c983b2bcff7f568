// What the tests of operations seal and open: identities, contents, the two operations on byte arrays, and an engine
// that finishes its tasks in any order.

import type { Bytes } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import type { Engine, Session } from "../../src/engine/engine.js";
import { inline } from "../../src/engine/inline.js";
import { type Opened, type Opening, openTo } from "../../src/files/open.js";
import { type Sealed, type Sealing, sealTo } from "../../src/files/seal.js";
import type { Source } from "../../src/flow/io.js";
import type { ChunkKeys } from "../../src/format/record.js";
import { bytesSource } from "../../src/io/bytes.js";
import { identityFile, memorySink, newPerson } from "../support.js";

export const CHUNK = 4096;
export const NOW = 1_800_000_000_000;

export const [sender, recipient, stranger] = [await newPerson(), await newPerson(), await newPerson()] as const;

/** Bytes of which no two chunks, of whatever size, are the same. */
export function content(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 16)) % 256);
}

export const SEAL: Sealing = {
  suite: native,
  engine: inline,
  recipients: [recipient.publicKey],
  signer: sender.signingKey,
  label: "",
  chunkExponent: 12,
  now: NOW,
};

export const OPEN: Opening = {
  suite: native,
  engine: inline,
  identities: [identityFile(recipient)],
  from: [sender.signingKey.publicKey],
  policy: { allowUnsigned: false, now: NOW },
};

/** For unsigned files. */
export const OPEN_UNSIGNED: Opening = { ...OPEN, from: null, policy: { allowUnsigned: true, now: NOW } };

export async function sealed(
  input: Uint8Array | Source,
  options: Partial<Sealing> = {},
): Promise<{ file: Bytes; result: Sealed }> {
  const sink = memorySink();
  const source = input instanceof Uint8Array ? bytesSource(input) : input;
  const result = await sealTo(source, sink, { ...SEAL, ...options });
  return { file: Uint8Array.from(sink.released()), result };
}

export async function opened(
  input: Uint8Array | Source,
  options: Partial<Opening> = {},
): Promise<{ plaintext: Buffer; result: Opened }> {
  const sink = memorySink();
  const source = input instanceof Uint8Array ? bytesSource(input) : input;
  const result = await openTo(source, sink, { ...OPEN, ...options });
  return { plaintext: sink.released(), result };
}

/** The inline engine's work, `width` tasks at a time, of which the later ones finish first. */
export function scrambled(width: number): Engine & { running: number; most: number } {
  const later = async <T>(task: { readonly index: number }, work: () => Promise<T>): Promise<T> => {
    engine.running += 1;
    engine.most = Math.max(engine.most, engine.running);
    try {
      for (let turns = width - (task.index % width); turns > 0; turns--) await new Promise(setImmediate);
      return await work();
    } finally {
      engine.running -= 1;
    }
  };
  const engine = {
    running: 0,
    most: 0,
    session: (keys: ChunkKeys, size: number | null): Session => {
      const session = inline.session(keys, size);
      return {
        width,
        seal: (task) => later(task, () => session.seal(task)),
        open: (task) => later(task, () => session.open(task)),
        verify: (task) => later(task, () => session.verify(task)),
        frames: (task) => later(task, () => session.frames(task)),
        close: async () => {
          if (engine.running > 0) throw new Error("a session is closed while its tasks are running");
          await session.close();
        },
      };
    },
  };
  return engine;
}

export const ENGINES = [
  ["one at a time", inline],
  ["three at a time", scrambled(3)],
] as const;
