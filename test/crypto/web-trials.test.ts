// The trials of a browser's signatures say what the format says; and no browser, whatever it accepts, gets an R past
// that the format refuses.

import { expect, test } from "vitest";
import { fromHex } from "../../src/bytes.js";
import { portable } from "../../src/crypto/portable.js";
import { webCryptoOf } from "../../src/crypto/web.js";
import { TRIALS } from "../../src/crypto/web-trials.js";

test.each(TRIALS)("$what", ({ publicKey, message, signature, accepted }) => {
  expect(portable.checkedVerifyingKey(publicKey).verify(message, signature)).toBe(accepted);
});

/** Answers right when it is tried, and else accepts everything. */
const sloppy = {
  importKey: async (_format: string, key: Uint8Array) => key,
  verify: async (_name: string, _key: unknown, signature: Uint8Array) => {
    const found = TRIALS.find((trial) => Buffer.from(trial.signature).equals(signature));
    return found?.accepted ?? true;
  },
};

test.each([
  ["the identity", `01${"00".repeat(31)}`],
  ["the identity with a sign", `01${"00".repeat(30)}80`],
  ["order 2", `ec${"ff".repeat(30)}7f`],
  ["order 2 with a sign", `ec${"ff".repeat(31)}`],
  ["order 4", "00".repeat(32)],
  ["order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"],
  ["y = p", `ed${"ff".repeat(30)}7f`],
  ["y = p + 1 with a sign", `ee${"ff".repeat(31)}`],
])("R is refused whatever the browser says: %s", async (_what, r) => {
  const web = (await webCryptoOf(sloppy as never))!;
  const verify = await web.verifier(portable.checkedVerifyingKey(TRIALS[0]!.publicKey));
  const rest = fromHex("01".repeat(32));
  expect(await verify(Uint8Array.of(1), Uint8Array.of(...fromHex(r), ...rest))).toBe(false);
  expect(await verify(Uint8Array.of(1), Uint8Array.of(...TRIALS[0]!.signature.subarray(0, 32), ...rest))).toBe(true);
});
