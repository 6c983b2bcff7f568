// What is signed and authenticated, and the keys that follow from the file key: FORMAT.md's formulas once more, with
// node:crypto.

import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concat, utf8 } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import {
  authenticatorLength,
  commitment,
  type Header,
  headerLength,
  headerMac,
  headerMessage,
  payloadKey,
  recipientInfo,
} from "../../src/format/header.js";
import { SUITES } from "../support.js";

const FILE_KEY = copySecret(new Uint8Array(32).fill(1));
const CORE_HASH = new Uint8Array(32).fill(2);
const CORE = new Uint8Array(90).fill(3);
const STANZAS = new Uint8Array(86).fill(4);

const hmac = (key: Uint8Array, data: Uint8Array) => Uint8Array.from(createHmac("sha256", key).update(data).digest());
const k = (text: string, data = new Uint8Array()) => hmac(FILE_KEY, concat(utf8(text), data, Uint8Array.of(1)));

describe.each(SUITES.map((suite) => [suite.name, suite] as const))("%s suite", (_name, suite) => {
  test("the signed message: 47 bytes", () => {
    const hash = createHash("sha256").update(concat(CORE, STANZAS)).digest();
    const message = headerMessage(suite, CORE, STANZAS);
    expect(message).toEqual(concat(utf8("seal.v1 header\0"), hash));
    expect(message).toHaveLength(47);
  });

  test("the MAC of an unsigned header", () => {
    const expected = hmac(k("seal.v1 header", CORE_HASH), concat(CORE, STANZAS));
    expect(headerMac(suite, FILE_KEY, CORE_HASH, CORE, STANZAS)).toEqual(expected);
  });

  test("whose key is gone once it is made, and also where that failed", () => {
    const keys: Uint8Array[] = [];
    const watching = (fails: boolean): Suite => ({
      ...suite,
      hmacSha256: (key, ...parts) => {
        if (key !== FILE_KEY) keys.push(key);
        if (key !== FILE_KEY && fails) throw new Error("no MAC today");
        return suite.hmacSha256(key, ...parts);
      },
    });
    headerMac(watching(false), FILE_KEY, CORE_HASH, CORE, STANZAS);
    expect(() => headerMac(watching(true), FILE_KEY, CORE_HASH, CORE, STANZAS)).toThrow("no MAC today");
    expect(keys).toEqual([new Uint8Array(32), new Uint8Array(32)]);
    expect(FILE_KEY, "the file key is its owner's").toEqual(new Uint8Array(32).fill(1));
  });

  test("the keys of a file", () => {
    expect(commitment(suite, FILE_KEY)).toEqual(k("seal.v1 commitment"));
    expect(payloadKey(suite, FILE_KEY, CORE_HASH)).toEqual(k("seal.v1 payload", CORE_HASH));
  });
});

test("the info of a stanza", () => {
  expect(recipientInfo(CORE_HASH)).toEqual(concat(utf8("seal.v1 recipient"), CORE_HASH));
});

test.each([
  [new Uint8Array(32).fill(9), 64],
  [null, 32],
])("lengths, with and without a signer", (signer, length) => {
  const core = { chunkExponent: 22, signer, recordKey: signer, commitment: FILE_KEY, sealedAt: 0, label: "12345" };
  expect(authenticatorLength(core)).toBe(length);
  const header: Header = {
    core,
    coreBytes: CORE,
    coreHash: CORE_HASH,
    stanzas: [],
    stanzaBytes: STANZAS,
    authenticator: new Uint8Array(length),
  };
  expect(headerLength(header)).toBe(90 + 86 + length);
});
