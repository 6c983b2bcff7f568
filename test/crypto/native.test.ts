import { describe, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copied } from "../../src/crypto/native-curves.js";
import { copySecret } from "../../src/crypto/secret.js";
import { IS_WHOLE } from "../whole.js";

describe("taking the bytes of a Buffer", () => {
  test("takes the memory of one that has it to itself, so that no copy of a secret stays behind", () => {
    const buffer = Buffer.alloc(32, 7);
    const bytes = copied(buffer);
    expect(bytes).toStrictEqual(new Uint8Array(32).fill(7));
    bytes.fill(0);
    expect(buffer.every((byte) => byte === 0)).toBe(true);
  });

  test("copies one from Node's pool, and overwrites it there", () => {
    const pooled = Buffer.from("secret");
    expect(pooled.buffer.byteLength).toBeGreaterThan(pooled.length);
    const bytes = copied(pooled);
    expect(bytes).toStrictEqual(new Uint8Array([..."secret"].map((letter) => letter.charCodeAt(0))));
    expect(bytes.buffer.byteLength).toBe(6);
    expect(pooled.every((byte) => byte === 0)).toBe(true);
  });
});

test("leaves no secret in the memory that Node shares among small Buffers", () => {
  // More than enough to begin new pieces of it, at every distance from an end.
  for (let i = 0; i < (IS_WHOLE ? 2000 : 500); i++) {
    const before = Buffer.from("x").buffer;
    const secret = native.randomBytes(32);
    native.agreementKey(copySecret(secret));
    native.signingKey(copySecret(secret));
    for (const shared of [before, Buffer.from("x").buffer])
      expect(Buffer.from(shared).includes(Buffer.from(secret.buffer))).toBe(false);
  }
});
