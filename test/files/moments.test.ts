// When things are judged: the age as the header arrives, a change of the input before the record that makes the file
// whole.

import { afterEach, expect, test, vi } from "vitest";
import { native } from "../../src/crypto/native.js";
import { SealError } from "../../src/errors.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { failure, memorySink } from "../support.js";
import { content, SEAL, sender } from "./samples.js";

afterEach(() => {
  vi.restoreAllMocks();
});

test("a file that was fresh when the program started, and arrives too late, is too old", async () => {
  const sink = memorySink();
  await sealTo(bytesSource(content(9)), sink, SEAL);
  const clock = vi.spyOn(Date, "now").mockReturnValue(SEAL.now);
  const late = async function* () {
    clock.mockReturnValue(SEAL.now + 20_000);
    yield sink.released();
  };
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false };
  const settings = { suite: native, engine: SEAL.engine };
  const opened = verifySource(streamSource(late(), "in"), { ...settings, policy: { ...policy, maxAge: 10 } });
  expect((await failure(opened)).code).toBe("untrusted");
  await verifySource(streamSource(late(), "in"), { ...settings, policy: { ...policy, maxAge: 30 } });
});

test("an input that changed is never sealed into a whole file, not into a pipe either", async () => {
  const sink = memorySink();
  const changed = async () => {
    throw new SealError("io", "it changed");
  };
  const error = await failure(sealTo({ ...bytesSource(content(9000)), checkUnchanged: changed }, sink, SEAL));
  expect(error.code).toBe("io");
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false };
  const settings = { suite: native, engine: SEAL.engine, policy };
  expect((await failure(verifySource(bytesSource(sink.released()), settings))).code).toBe("tampered");
});
