// Frames of a journal, in a browser: the large ones and the signatures go through WebCrypto, and the small ones, of
// which each call would cost more than the work, through the suite.

import { KEY_BYTES, TAG_BYTES } from "../crypto/lengths.js";
import { erase, partOf } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type { WebCrypto, WebVerify } from "../crypto/web.js";
import { chunkNonce } from "../format/record.js";
import type { FramesResult, FramesTask } from "./engine.js";
import {
  type FoundFrames,
  type FramesRun,
  framesRun,
  linkedFrames,
  recordAt,
  releasedFrames,
  runFrames,
  signedPart,
} from "./frames.js";

/** Bytes of ciphertext from which on a call costs less than the work. */
const LARGE = 16 * 1024;
/** Signatures that are asked for at once. */
const AT_ONCE = 64;

/** As `runFrames`. */
export async function runWebFrames(suite: Suite, web: WebCrypto | null, task: FramesTask): Promise<FramesResult> {
  if (!web) return runFrames({ suite }, task);
  const run = framesRun(suite, task);
  const linked = linkedFrames(run, await largeFrames(run, web));
  const verify = await web.verifier(suite.checkedVerifyingKey(task.recordKey));
  return releasedFrames(run, linked, await signedWebFrames(run, linked, verify));
}

/** A task has a few megabytes, so all of them can be worked on at once. The keys are erased where that fails. */
async function largeFrames(run: FramesRun, web: WebCrypto): Promise<FoundFrames> {
  const { lengths, keys, index } = run.task;
  const found = async (i: number) => {
    const sealed = recordAt(run, i).subarray(0, lengths[i]! + TAG_BYTES);
    const [digest, plaintext] = await Promise.all([
      web.sha256(sealed),
      keys &&
        web
          .aead(partOf(keys, i * KEY_BYTES, (i + 1) * KEY_BYTES))
          .then((aead) => aead.open(chunkNonce({ index: index + i, final: false }), sealed)),
    ]);
    return [i, { digest, plaintext }] as const;
  };
  try {
    const large = Array.from(lengths.keys()).filter((i) => lengths[i]! >= LARGE);
    return new Map(await Promise.all(large.map(found)));
  } catch (error) {
    if (keys) erase(keys);
    throw error;
  }
}

/** As `signedFrames`. */
async function signedWebFrames(run: FramesRun, count: number, verify: WebVerify): Promise<number> {
  const isSigned = (i: number) => {
    const { message, signature } = signedPart(run, i);
    return verify(message, signature);
  };
  if (run.task.signatures === "last" && count > 0 && (await isSigned(count - 1))) return count;
  for (let at = 0; at < count; at += AT_ONCE) {
    const verdicts = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) => isSigned(at + i)),
    );
    const wrong = verdicts.indexOf(false);
    if (wrong >= 0) return at + wrong;
  }
  return count;
}
