import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { portable } from "../../src/crypto/portable.js";
import { copySecret } from "../../src/crypto/secret.js";
import { shown } from "../support.js";

const bytes = fc.uint8Array({ maxLength: 300 });

// FIPS 180-4 examples (NIST, "Examples with Intermediate Values").
const SHA256: readonly [message: string, digest: string][] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

// RFC 4231, cases 1 to 4, 6 and 7 (5 is truncated).
const HMAC: readonly [key: string, data: string, mac: string][] = [
  ["0b".repeat(20), toHex(utf8("Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    toHex(utf8("Jefe")),
    toHex(utf8("what do ya want for nothing?")),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  ["aa".repeat(20), "dd".repeat(50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
  [
    "0102030405060708090a0b0c0d0e0f10111213141516171819",
    "cd".repeat(50),
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  ],
  [
    "aa".repeat(131),
    toHex(utf8("Test Using Larger Than Block-Size Key - Hash Key First")),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    "aa".repeat(131),
    toHex(
      utf8(
        "This is a test using a larger than block-size key and a larger than block-size data. " +
          "The key needs to be hashed before being used by the HMAC algorithm.",
      ),
    ),
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

describe.each([native, portable])("$name", (suite) => {
  test("hashes the examples of FIPS 180-4", () => {
    for (const [message, digest] of SHA256) expect(toHex(suite.sha256(utf8(message)))).toBe(digest);
  });

  test("authenticates the examples of RFC 4231", () => {
    for (const [key, data, mac] of HMAC)
      expect(toHex(shown(suite.hmacSha256(copySecret(fromHex(key)), fromHex(data))))).toBe(mac);
  });

  test("hashes parts as it does the whole, at once and as a stream", () => {
    fc.assert(
      fc.property(fc.array(bytes), bytes, (parts, key) => {
        const whole = suite.sha256(concat(...parts));
        expect(suite.sha256(...parts)).toStrictEqual(whole);
        const stream = suite.sha256Stream();
        for (const part of parts) stream.update(part);
        expect(stream.finish()).toStrictEqual(whole);
        expect(suite.hmacSha256(copySecret(key), ...parts)).toStrictEqual(
          suite.hmacSha256(copySecret(key), concat(...parts)),
        );
      }),
    );
  });

  test("draws as many random bytes as asked, and not the same ones", () => {
    for (const length of [0, 1, 32, 65536, 65537, 200_000]) expect(suite.randomBytes(length)).toHaveLength(length);
    expect(suite.randomBytes(32)).not.toEqual(suite.randomBytes(32));
    // The part past the limit of one call of getRandomValues is filled, too.
    expect(suite.randomBytes(65536 + 64).subarray(65536)).not.toEqual(new Uint8Array(64));
  });

  test("gives plain byte arrays that own their memory, so that they can go to another thread", () => {
    const bare = [
      suite.sha256(),
      suite.hmacSha256(copySecret(utf8("k"))),
      suite.randomBytes(32),
      suite.sha256Stream().finish(),
    ];
    for (const result of bare) {
      expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
      expect(result.buffer.byteLength).toBe(result.length);
    }
  });
});

test("both suites hash and authenticate alike", () => {
  fc.assert(
    fc.property(bytes, bytes, (key, data) => {
      expect(native.sha256(data)).toStrictEqual(portable.sha256(data));
      expect(native.hmacSha256(copySecret(key), data)).toStrictEqual(portable.hmacSha256(copySecret(key), data));
    }),
  );
});

test.each([0, 1, 959, 960, 961, 5000])(
  "both suites authenticate %i bytes alike, under keys of each length",
  (length) => {
    const data = Uint8Array.from({ length }, (_, i) => i);
    for (let size = 0; size <= 66; size++) {
      const key = () => copySecret(Uint8Array.from({ length: size }, (_, i) => 255 - i));
      expect(native.hmacSha256(key(), data)).toStrictEqual(portable.hmacSha256(key(), data));
    }
  },
);

test("what failed on the way leaves nothing behind that the next one would take in", () => {
  const bad = new Proxy(new Uint8Array(5), {
    get: (bytes, name) => {
      if (name !== "length") throw new Error("out of memory");
      return bytes.length;
    },
  });
  const [key, data] = [copySecret(utf8("key")), utf8("data")];
  expect(() => native.hmacSha256(copySecret(new Uint8Array(60).fill(7)), data, bad)).toThrow("out of memory");
  expect(native.hmacSha256(key, data)).toStrictEqual(portable.hmacSha256(key, data));
});

// From Python's hashlib.scrypt(b"correct horse", salt=bytes(range(16)), n=2**17, r=8, p=1, dklen=32).
test.each([native, portable])("$name: scrypt with the parameters of the format", async (suite) => {
  const key = await suite.scrypt(
    copySecret(utf8("correct horse")),
    Uint8Array.from({ length: 16 }, (_, i) => i),
  );
  expect(toHex(shown(key))).toBe("4c6bc95145350a07e4000e6b475195a0b9c727c25a0517bbc2ac76edc10e426c");
});
