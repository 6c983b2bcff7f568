// Every vector of fixtures/vectors.json of a reader that goes on where an earlier run has left something of the
// plaintext, or what may be that: where it goes on, and what is whole in the end.

import { openSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { inline } from "../../src/engine/inline.js";
import { resume } from "../../src/files/resume.js";
import type { PartialSink } from "../../src/flow/io.js";
import { bytesSource } from "../../src/io/bytes.js";
import { folder } from "../io/folder.js";
import { failure, fixture } from "../support.js";
import { acceptedSigners, vectorIdentities } from "../vector-keys.js";

interface GoingOn {
  readonly name: string;
  readonly vector: string;
  /** How many chunks were left. */
  readonly left: number;
  /** Places of bytes of it that are wrong. */
  readonly flip?: number[];
  /** Which byte of the plaintext it begins with. */
  readonly from?: number;
  readonly ok: boolean;
}

interface Vector {
  readonly name: string;
  readonly file: string;
  readonly key: string;
  readonly from: string[];
  readonly open: "ok" | { readonly error: string; readonly chunk: number; readonly released: number };
}

const { goingOn, vectors, keys } = JSON.parse(fixture("vectors.json").toString()) as {
  goingOn: GoingOn[];
  vectors: Vector[];
  keys: Record<string, { secret: string; signer: string }>;
};

const CHUNK = 4096;
const byteAt = (i: number) => 31 * i + 17 * Math.floor(i / 256) + 5 * Math.floor(i / 65536) + 7;
const plaintext = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => byteAt(from + i));

/** What was left, and what is written behind it or, after a restart, from the beginning. */
function partialOf(bytes: Uint8Array, path: string): PartialSink & { content: Buffer; isWhole: boolean } {
  writeFileSync(path, bytes);
  const sink = {
    name: "the output",
    fd: null,
    keeps: false,
    left: { fd: openSync(path, "r"), name: "what was left", bytes: bytes.length },
    content: Buffer.from(bytes),
    isWhole: false,
    write: async (piece: Uint8Array, position: number) => {
      sink.content = Buffer.concat([sink.content.subarray(0, position), piece]);
    },
    commit: async () => {
      sink.isWhole = true;
    },
    abort: async () => {},
    restart: async () => {
      sink.content = Buffer.alloc(0);
    },
  };
  return sink;
}

describe("going on after an interruption", () => {
  test.each(goingOn.map((each) => [each.name, each] as const))("%s", async (_name, { vector: of, left, ...rest }) => {
    const { file, key, from: senders, open } = vectors.find(({ name }) => name === of)!;
    const bytes = plaintext(rest.from ?? 0, left * CHUNK);
    for (const at of rest.flip ?? []) bytes[at]! ^= 1;
    const sink = partialOf(bytes, folder().at("left"));
    const notes: string[] = [];
    const place = {
      partial: async () => sink,
      whole: async () => {
        throw new Error("opened as a whole");
      },
    };
    const opening = resume(bytesSource(Uint8Array.from(fixture(file))), place, {
      suite: native,
      engine: inline,
      identities: await vectorIdentities(native, keys, key),
      from: await acceptedSigners(keys, senders),
      policy: { allowUnsigned: false, now: 1_800_000_000_000 },
      note: (text) => void notes.push(text),
    });
    if (rest.ok || open === "ok") {
      const { bytes: length } = await opening;
      expect([sink.isWhole, sink.content.equals(plaintext(0, length))]).toEqual([true, true]);
    } else {
      const { code, chunk } = await failure(opening);
      expect([code, chunk]).toEqual([open.error, open.chunk]);
      expect([sink.isWhole, sink.content.equals(plaintext(0, open.released))]).toEqual([false, true]);
    }
    const wanted = `resuming at byte ${left * CHUNK} of the output`;
    if (rest.ok) expect(notes).toEqual([wanted]);
    else expect(notes).not.toContain(wanted);
  });
});
