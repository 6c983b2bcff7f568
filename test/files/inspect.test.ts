// Inspecting: what a header says, from any kind of input; nothing is verified, and no key needed.

import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { inspectSource } from "../../src/files/inspect.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { failure, pieces, SUITES } from "../support.js";
import { CHUNK, content, NOW, recipient, sealed, sender, stranger } from "./samples.js";

describe.each([
  ["bytes", (bytes: Uint8Array) => bytesSource(bytes)],
  ["a stream", (bytes: Uint8Array) => streamSource(pieces(bytes, 1, 5000), "the input")],
] as const)("from %s", (_kind, sourceOf) => {
  test.each([true, false])("all that it says, signed: %s", async (signed) => {
    const recipients = [recipient.publicKey, stranger.publicKey];
    const signer = signed ? sender.signingKey : null;
    const { file, result } = await sealed(content(2 * CHUNK), { recipients, signer, label: "release 7" });
    for (const suite of SUITES) {
      const { core, ...sizes } = await inspectSource(sourceOf(file), suite);
      expect(core).toMatchObject({ signer: signer?.publicKey ?? null, label: "release 7", sealedAt: NOW / 1000 });
      expect(sizes).toEqual({
        chunkSize: CHUNK,
        chunks: 3,
        bytes: 2 * CHUNK,
        headerBytes: 118 + 9 + 2 + 2 * 84 + (signed ? 64 : 32),
        sealedBytes: result.sealedBytes,
        stanzaTypes: [1, 1],
      });
    }
  });

  test("of a file that was altered it says what stands there", async () => {
    const { file } = await sealed(content(100));
    file[60]! ^= 1;
    file[file.length - 1]! ^= 1;
    expect((await inspectSource(sourceOf(file), native)).bytes).toBe(100);
  });

  test("of one that is cut it says so", async () => {
    const { file } = await sealed(content(CHUNK + 100));
    const recordStart = file.length - 212;
    expect(await failure(inspectSource(sourceOf(file.subarray(0, 50)), native))).toMatchObject({ code: "tampered" });
    expect(await failure(inspectSource(sourceOf(file.subarray(0, recordStart + 111)), native))).toMatchObject({
      code: "tampered",
      chunk: 1,
      offset: recordStart,
    });
    expect((await inspectSource(sourceOf(file.subarray(0, recordStart + 112)), native)).bytes).toBe(CHUNK);
  });
});

test("ends with the signal's reason while the input stalls", async () => {
  const { file } = await sealed(content(100));
  const reason = new Error("stop it");
  const controller = new AbortController();
  const stalled = (async function* () {
    yield file;
    setImmediate(() => controller.abort(reason));
    await new Promise(() => undefined);
  })();
  await expect(inspectSource(streamSource(stalled, "the input"), native, controller.signal)).rejects.toBe(reason);
});
