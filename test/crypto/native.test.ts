import { describe, expect, it } from "vitest";
import { own } from "../../src/crypto/native-curves.js";

describe("taking the bytes of a Buffer", () => {
  it("takes the memory of one that has it to itself, so that no copy of a secret stays behind", () => {
    const buffer = Buffer.alloc(32, 7);
    const bytes = own(buffer);
    expect(bytes).toStrictEqual(new Uint8Array(32).fill(7));
    bytes.fill(0);
    expect(buffer.every((byte) => byte === 0)).toBe(true);
  });

  it("copies one from Node's pool, and overwrites it there", () => {
    const pooled = Buffer.from("secret");
    expect(pooled.buffer.byteLength).toBeGreaterThan(pooled.length);
    const bytes = own(pooled);
    expect(bytes).toStrictEqual(new Uint8Array([..."secret"].map((letter) => letter.charCodeAt(0))));
    expect(bytes.buffer.byteLength).toBe(6);
    expect(pooled.every((byte) => byte === 0)).toBe(true);
  });
});
