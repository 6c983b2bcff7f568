// What a task leaves behind where a record is not authentic: nothing, neither in memory nor in the file.

import { closeSync, fstatSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concat, isZero } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import { runOpen, runSeal } from "../../src/engine/run.js";
import { type ChunkKeys, chunkMessage } from "../../src/format/record.js";
import { SUITES } from "../support.js";

const path = join(tmpdir(), `seal-run-${process.pid}`);
let fd: number;

beforeAll(() => {
  fd = openSync(path, "w+");
});
afterAll(() => {
  closeSync(fd);
  rmSync(path);
});

describe.each(SUITES)("$name", (suite) => {
  const key = suite.signingKey(copySecret(new Uint8Array(32).fill(5)));
  const keys: ChunkKeys = {
    suite,
    payloadKey: copySecret(new Uint8Array(32).fill(1)),
    coreHash: new Uint8Array(32).fill(2),
    signed: true,
    recordKey: suite.checkedVerifyingKey(key.publicKey),
  };
  const chunk = { index: 3, final: true };
  const plaintext = new Uint8Array(200_000).fill(0x41);

  function record() {
    const buffer = concat(plaintext, new Uint8Array(112));
    const { digest } = runSeal(keys, { ...chunk, length: plaintext.length, input: null, output: null, buffer });
    const chain = new Uint8Array(32).fill(9);
    const message = chunkMessage(keys.coreHash, chunk, chain, digest!);
    buffer.set(concat(chain, key.sign(message)), plaintext.length + 16);
    return buffer;
  }

  const task = (buffer: ReturnType<typeof record>) => ({ ...chunk, length: buffer.length, input: null, buffer });

  test("an authentic record is opened, in memory and into a file", () => {
    const buffer = record();
    expect(runOpen(keys, { ...task(buffer), output: null }).authentic).toBe(true);
    expect(buffer.subarray(0, plaintext.length)).toEqual(plaintext);
    const output = { fd, name: "out", position: fstatSync(fd).size };
    expect(runOpen(keys, { ...task(record()), output }).authentic).toBe(true);
    expect(fstatSync(fd).size).toBe(output.position + plaintext.length);
  });

  test.each([
    ["ciphertext", 0],
    ["tag", plaintext.length],
    ["chain", plaintext.length + 16],
    ["signature", plaintext.length + 48],
  ])("one with a bad %s leaves no plaintext in memory and writes nothing", (_what, at) => {
    const bad = record();
    bad[at]! ^= 1;
    const { authentic, buffer } = runOpen(keys, { ...task(bad.slice()), output: null });
    expect(authentic).toBe(false);
    expect(isZero(buffer!)).toBe(true);

    const before = fstatSync(fd).size;
    const output = { fd, name: "out", position: before };
    expect(runOpen(keys, { ...task(bad), output }).authentic).toBe(false);
    expect(fstatSync(fd).size).toBe(before);
  });
});
