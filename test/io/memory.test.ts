// Memory follows the bytes that are there, not the sizes that a header declares.

import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { inline } from "../../src/engine/inline.js";
import { type Opening, openTo } from "../../src/files/open.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import type { Sink, Source } from "../../src/flow/io.js";
import { bytesSource } from "../../src/io/bytes.js";
import { openSource } from "../../src/io/files.js";
import { streamSource } from "../../src/io/streams.js";
import { content, NOW, OPEN, SEAL, sealed, sender } from "../files/samples.js";
import { memorySink } from "../support.js";
import { folder } from "./folder.js";

const LIMIT = 1024 * 1024;

/** The most bytes of byte arrays that exist beyond those of the start, as seen from the calls that `watch` wraps. */
async function growth(work: (watch: <T>(call: () => T) => T) => Promise<unknown>): Promise<number> {
  const start = process.memoryUsage().arrayBuffers;
  let most = 0;
  const look = () => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - start);
  };
  await work((call) => {
    look();
    return call();
  });
  look();
  return most;
}

/** An engine that looks before each task, when all the memory for it is there. */
function watching(watch: <T>(call: () => T) => T): Opening["engine"] {
  return {
    session: (keys, size) => {
      const session = inline.session(keys, size);
      return {
        ...session,
        seal: (task) => watch(() => session.seal(task)),
        open: (task) => watch(() => session.open(task)),
        verify: (task) => watch(() => session.verify(task)),
      };
    },
  };
}

/** A stream that looks before each piece, and once more at its end. */
async function* stream(bytes: Uint8Array, watch: <T>(call: () => T) => T): AsyncGenerator<Uint8Array> {
  yield watch(() => bytes.subarray(0, 500));
  yield watch(() => bytes.subarray(500));
  watch(() => undefined);
}

describe("a file of a few bytes that declares chunks of 16 MiB", () => {
  const SOURCES: [kind: string, make: (bytes: Bytes, watch: <T>(call: () => T) => T) => Promise<Source>][] = [
    ["a stream", async (bytes, watch) => streamSource(stream(bytes, watch), "in")],
    ["bytes", async (bytes) => bytesSource(bytes)],
    [
      "a file",
      async (bytes) => {
        const path = folder().at("in");
        writeFileSync(path, bytes);
        return openSource(path);
      },
    ],
  ];

  describe.each(SOURCES)("from %s", (_kind, make) => {
    test.each(["open", "open, of a cut one", "verify", "a range"])("%s: takes no such memory", async (what) => {
      const { file } = await sealed(content(1000), { chunkExponent: 24 });
      const bytes = what.includes("cut") ? file.subarray(0, file.length - 900) : file;
      const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
      const range = what === "a range" ? { first: 0, last: 9 } : undefined;
      const found = await growth(async (watch) => {
        const source = await make(Uint8Array.from(bytes), watch);
        const engine = watching(watch);
        const sink: Sink = memorySink();
        const watched: Sink = { ...sink, write: (bytes, at) => watch(() => sink.write(bytes, at)) };
        const work =
          what === "verify"
            ? verifySource(source, { suite: native, engine, policy })
            : openTo(source, watched, { ...OPEN, engine, range });
        await work.catch(({ code }) => expect(code).toMatch(/tampered|usage/));
        await source.close();
      });
      expect(found).toBeLessThan(LIMIT);
    });
  });
});

test("sealing a few bytes of a stream takes no whole chunk", async () => {
  const found = await growth(async (watch) => {
    const source = streamSource(stream(content(1000), watch), "in");
    await sealTo(source, memorySink(), { ...SEAL, engine: watching(watch), chunkExponent: 24 });
  });
  expect(found).toBeLessThan(LIMIT);
});

test("a whole chunk of 16 MiB that does come takes a few times that, and is used again", async () => {
  const plaintext = new Uint8Array(3 * 2 ** 24);
  const found = await growth(async (watch) => {
    async function* zeros(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < plaintext.length; at += 2 ** 16) yield watch(() => plaintext.subarray(at, at + 2 ** 16));
    }
    const sink: Sink = { ...memorySink(), write: async () => watch(() => undefined) };
    await sealTo(streamSource(zeros(), "in"), sink, { ...SEAL, engine: watching(watch), chunkExponent: 24 });
  });
  // The buffer that grows and the one that it grows into, and what the collector has not seen yet.
  expect(found).toBeLessThan(5 * 2 ** 24);
});

test("headers that declare more than they have take no memory for it", async () => {
  const { file } = await sealed(content(10));
  const hostile = [
    concat(file.subarray(0, 118), Uint8Array.of(0x10, 0x00)),
    concat(file.subarray(0, 118), Uint8Array.of(0x00, 0x01, 0x00, 0x07, 0x10, 0x00)),
    concat(file.subarray(0, 117), Uint8Array.of(0xff)),
  ];
  for (const bytes of hostile) {
    const found = await growth(async (watch) => {
      for (let i = 0; i < 10; i++) {
        const source = streamSource(stream(bytes, watch), "in");
        await openTo(source, memorySink(), OPEN).catch(({ code }) => expect(code).toBe("tampered"));
      }
    });
    expect(found).toBeLessThan(LIMIT);
  }
});
