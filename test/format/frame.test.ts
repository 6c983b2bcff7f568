// Frames: FORMAT.md's formulas once more, with node:crypto.

import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex, u32, utf8 } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import { encodeBatch } from "../../src/format/batch.js";
import {
  chainAfterFrame,
  FRAME_HEAD_BYTES,
  frameHead,
  frameSize,
  lengthFault,
  MIN_FRAME_BYTES,
  nextFrameChain,
  sealFrame,
} from "../../src/format/frame.js";
import { epochChain } from "../../src/format/header.js";
import { SUITES } from "../support.js";

const CHAIN = new Uint8Array(32).fill(0xca);
const CORE_HASH = new Uint8Array(32).fill(0xc0);
const KEY = new Uint8Array(32).fill(3);

const sha256 = (...parts: readonly Uint8Array[]) =>
  Uint8Array.from(
    createHash("sha256")
      .update(concat(...parts))
      .digest(),
  );

test("a frame has a head, its ciphertext, and 112 bytes: the smallest has 132", () => {
  expect([FRAME_HEAD_BYTES, frameSize(0), frameSize(1000), MIN_FRAME_BYTES]).toEqual([8, 120, 1120, 132]);
});

describe("the length of a frame", () => {
  const fault = (length: number, index = 0) => lengthFault(length, 4096, index);

  test("is 12 at least, and a chunk at most", () => {
    expect([12, 13, 4095, 4096].map((length) => fault(length))).toEqual([null, null, null, null]);
    expect(fault(11)).toBe("has a length of 11 bytes, where 12 to 4096 are possible");
    expect(fault(4097)).toBe("has a length of 4097 bytes, where 12 to 4096 are possible");
  });

  test("is never within bounds in frame 2^32", () => {
    expect(fault(12, 2 ** 32 - 1)).toBeNull();
    expect(fault(12, 2 ** 32)).toBe("is one too many");
  });
});

describe.each(SUITES.map((suite) => [suite.name, suite] as const))("%s suite", (_name, suite) => {
  test("a head is the length, and four bytes that show that it stands here", () => {
    const length = u32(0x010203);
    const check = sha256(utf8("seal.v1 length\0"), CHAIN, length).subarray(0, 4);
    expect(toHex(frameHead(suite, CHAIN, 0x010203))).toBe(toHex(concat(length, check)));
  });

  test("the chain of an epoch begins with core and stanzas, and takes signatures in", () => {
    const [core, stanzas, signature] = [utf8("core"), utf8("stanzas"), new Uint8Array(64).fill(5)];
    expect(epochChain(suite, core, stanzas)).toEqual(sha256(utf8("seal.v1 epoch\0"), core, stanzas));
    expect(nextFrameChain(suite, CHAIN, KEY, signature)).toEqual(sha256(CHAIN, KEY, signature));
  });

  test("a sealed frame is what FORMAT.md says, and its key is gone", async () => {
    const recordKey = suite.signingKey(copySecret(new Uint8Array(32).fill(5)));
    const [key, batch] = [copySecret(KEY), encodeBatch(7, [utf8("one"), utf8("two")])];
    const { frame, chain } = sealFrame({ suite, recordKey, coreHash: CORE_HASH }, key, 0x01020304, CHAIN, batch);
    const cipher = createCipheriv("aes-256-gcm", KEY, fromHex("000000000000000102030400"), { authTagLength: 16 });
    const sealed = concat(cipher.update(batch), cipher.final(), cipher.getAuthTag());
    const position = fromHex("0102030400");
    const message = concat(utf8("seal.v1 chunk\0"), CORE_HASH, position, CHAIN, sha256(sealed));
    const signature = recordKey.sign(message);
    expect(toHex(frame)).toBe(toHex(concat(frameHead(suite, CHAIN, batch.length), sealed, CHAIN, signature)));
    expect(frame).toHaveLength(frameSize(batch.length));
    expect(toHex(chain)).toBe(toHex(sha256(CHAIN, sha256(sealed), signature)));
    expect(toHex(chainAfterFrame(suite, frame))).toBe(toHex(chain));
    expect(key.every((byte) => byte === 0)).toBe(true);
  });
});
