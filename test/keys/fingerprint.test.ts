// Fingerprints: thirty digits, computed apart, in Python: "%030d" % (int(sha256(b"seal.v1 fingerprint\0" +
// text).hexdigest(), 16) % 10**30)

import { expect, test } from "vitest";
import { fingerprint } from "../../src/keys/fingerprint.js";
import { newPerson, SUITES } from "../support.js";

test.each(SUITES.map((suite) => [suite.name, suite] as const))(
  "are what docs/FORMAT.md says: %s suite",
  (_name, suite) => {
    expect(fingerprint(suite, "seal1q")).toBe("84876 06870 16567 54719 39837 27508");
    expect(fingerprint(suite, "seal1q86"), "with leading zeros").toBe("00074 09603 73733 36704 94945 49489");
  },
);

test("differ from key to key", async () => {
  const [suite] = SUITES as [(typeof SUITES)[0]];
  const people = [await newPerson(suite), await newPerson(suite), await newPerson(suite)];
  const digits = people.flatMap(({ recipient, signer }) => [recipient, signer].map((key) => fingerprint(suite, key)));
  expect(new Set(digits).size).toBe(6);
});
