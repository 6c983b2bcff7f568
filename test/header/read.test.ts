// Headers as they are read: where an error points to, and whom it names.

import { writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { headerLength } from "../../src/format/header.js";
import { checkHeaderSignature, geometryOf, parseHeader, readHeader } from "../../src/header/read.js";
import { stanzaName } from "../../src/header/stanzas.js";
import { bytesSource } from "../../src/io/bytes.js";
import { openSource } from "../../src/io/files.js";
import { streamSource } from "../../src/io/streams.js";
import { encodeSigner } from "../../src/keys/text.js";
import { CHUNK, content, NOW, sealed, sender, stranger } from "../files/samples.js";
import { folder } from "../io/folder.js";
import { failure, newPerson } from "../support.js";

const { file } = await sealed(content(5), { label: "a" });
const header = await parseHeader(bytesSource(file), native);

test("a signature that is another's, or of another header, is where the authenticator stands", () => {
  const signer = encodeSigner(stranger.signingKey.publicKey);
  const due = (offset: number) =>
    expect.objectContaining({ code: "tampered", message: "the header is not what the sender signed", offset, signer });
  const other = native.checkedVerifyingKey(stranger.signingKey.publicKey);
  const at = headerLength(header) - 64;
  expect(() => checkHeaderSignature(native, header, other)).toThrow(due(at));
  expect(() => checkHeaderSignature(native, header, other, 1000)).toThrow(due(1000 + at));
  checkHeaderSignature(native, header, native.checkedVerifyingKey(sender.signingKey.publicKey));
});

test("a good one gives its geometry, and the key of its records", async () => {
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
  const { geometry, recordKey } = await readHeader(bytesSource(file), native, policy, undefined);
  expect(geometry).toEqual({ headerLength: headerLength(header), chunkSize: CHUNK, signed: true });
  expect(geometryOf(header)).toEqual(geometry);
  expect(recordKey!.publicKey).toEqual(header.core.recordKey);
  const demanding = readHeader(bytesSource(file), native, { ...policy, label: "b" }, undefined);
  expect((await failure(demanding)).code).toBe("untrusted");
  const altered = file.with(headerLength(header) - 1, file[headerLength(header) - 1]! ^ 1);
  const reading = readHeader(bytesSource(altered), native, { ...policy, label: "b" }, undefined);
  expect((await failure(reading)).code).toBe("tampered");
});

test("an unsigned one has no key of records, and nothing of its authenticator is looked at", async () => {
  const { file: unsigned } = await sealed(content(5), { signer: null });
  const policy = { from: [], allowUnsigned: true, now: NOW };
  const { geometry, recordKey } = await readHeader(bytesSource(unsigned), native, policy, undefined);
  expect([geometry.signed, recordKey]).toEqual([false, null]);
});

test("of a file it is read at once, or in as few parts as it has thousands of bytes; the file goes on behind it", async () => {
  const box = folder();
  const policy = { from: "any" as const, allowUnsigned: false, now: NOW };
  const several = await Promise.all([1, 2, 3, 4, 5, 6].map(() => newPerson()));
  const { file: long } = await sealed(content(5), { recipients: several.map(({ publicKey }) => publicKey) });
  for (const [bytes, most] of [
    [file, 1],
    [long, 3],
  ] as const) {
    writeFileSync(box.at("sealed"), bytes);
    const source = await openSource(box.at("sealed"), "sealed");
    const readAt = vi.spyOn(source, "readAt");
    const { header } = await readHeader(source, native, policy, undefined);
    expect(readAt.mock.calls.length).toBeLessThanOrEqual(most);
    const length = headerLength(header);
    expect(await source.read(100)).toEqual(bytes.subarray(length, length + 100));
    expect(concat(header.coreBytes, header.stanzaBytes, header.authenticator)).toEqual(bytes.subarray(0, length));
    await source.close();
  }
});

test("a signal ends reading", async () => {
  const reason = new Error("enough");
  const policy = { from: "any" as const, allowUnsigned: false };
  await expect(readHeader(bytesSource(file), native, policy, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("what the types of stanzas are called", () => {
  expect([1, 0x8001, 0x8002, 2, 0xffff].map(stanzaName)).toEqual(["x25519", "xwing", "passphrase", 2, 0xffff]);
});

test("a field that is out of bounds is refused as soon as it is there, though the input stalls", async () => {
  const stalled = (head: readonly number[]) =>
    streamSource(
      (async function* () {
        yield concat(header.coreBytes, Uint8Array.from(head));
        await new Promise(() => undefined);
      })(),
      "the input",
    );
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
  for (const [head, message] of [
    [[0x03, 0xe8, 0, 0], "a stanza of type 0"],
    [[0x03, 0xe8, 0, 1, 0, 79], "a stanza (X25519) of 79 bytes instead of 80"],
  ] as const) {
    await expect(readHeader(stalled(head), native, policy, undefined)).rejects.toThrow(message);
    await expect(parseHeader(stalled(head), native)).rejects.toThrow(message);
  }
});
