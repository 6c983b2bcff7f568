// Passphrases that are made up, and what becomes of those that are typed.

import { afterEach, describe, expect, test, vi } from "vitest";
import { native } from "../../src/crypto/native.js";
import { copySecret, type Secret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { madeUp, passphraseKey } from "../../src/keys/passphrase.js";
import { secretOf } from "../support.js";
import { watched } from "./secrets.js";

afterEach(() => vi.restoreAllMocks());

/** A suite that draws these bytes, one after the other, and then zeros. */
function drawing(...bytes: readonly number[]): { suite: Suite; drawn: Secret[] } {
  const left = [...bytes];
  const drawn: Secret[] = [];
  const randomSecret = (length: number) => {
    const secret = copySecret(Uint8Array.from({ length }, () => left.shift() ?? 0));
    drawn.push(secret);
    return secret;
  };
  return { suite: { ...native, randomSecret }, drawn };
}

const madeOf = (...bytes: readonly number[]) => Buffer.from(madeUp(drawing(...bytes).suite)).toString();

describe("a passphrase that is made up", () => {
  test("has five groups of four letters, each by a byte of its own", () => {
    expect(madeOf()).toBe("aaaa-aaaa-aaaa-aaaa-aaaa");
    expect(madeOf(...Array.from({ length: 20 }, (_, i) => i))).toBe("abcd-efgh-ijkm-npqr-stuv");
    expect(madeOf(20, 21, 22, 23, 24, 25, 239)).toBe("wxyz-abza-aaaa-aaaa-aaaa");
    expect(Buffer.from(madeUp(native)).toString()).toMatch(/^([a-km-np-z]{4}-){4}[a-km-np-z]{4}$/);
  });

  test("takes no letter more often than another: bytes that are left over are drawn again", () => {
    expect(madeOf(240, 255, 1, 239, 240, 2)).toBe("bzca-aaaa-aaaa-aaaa-aaaa");
  });

  test("leaves none of what was drawn", () => {
    const { suite, drawn } = drawing(...Array.from({ length: 30 }, () => 250));
    madeUp(suite);
    expect(drawn).toHaveLength(50);
    expect(drawn.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });
});

describe("a passphrase that is typed", () => {
  const keyOf = (text: string) => passphraseKey(watched().suite, secretOf(text), new Uint8Array(16));

  test("becomes a string only where it is not ASCII", async () => {
    const normalize = vi.spyOn(String.prototype, "normalize");
    await keyOf("correct horse \x7f");
    expect(normalize).not.toHaveBeenCalled();
    expect(await keyOf("pa\u0308ss")).toEqual(await keyOf("p\u00e4ss"));
    expect(normalize).toHaveBeenCalledWith("NFC");
  });

  test("one that fails keeps no other waiting", async () => {
    const failing: Suite = { ...watched().suite, scrypt: async () => Promise.reject(new Error("no memory")) };
    const first = passphraseKey(failing, secretOf("a"), new Uint8Array(16));
    const second = keyOf("b");
    await expect(first).rejects.toThrow("no memory");
    expect(await second).toHaveLength(32);
  });
});
