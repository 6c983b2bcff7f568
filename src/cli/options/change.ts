// Changing a file of secrets that somebody may read or change at the same time.

import { type BigIntStats, statSync } from "node:fs";
import { equal } from "../../bytes.js";
import { erase, type Secret } from "../../crypto/secret.js";
import { asIoError, SealError } from "../../errors.js";
import { committing } from "../../flow/io.js";
import { locked } from "../../io/lock/lock.js";
import { openOutput } from "../../io/output.js";
import { withoutLinks } from "../../io/paths.js";
import { readSecret } from "./read.js";

/** What an edit gives: the new file, which is erased, and what is to be said of it. */
interface Edited<T> {
  readonly file: Secret;
  readonly result: T;
}

/**
 * Puts what `edit` makes of a file in its place, alone and in one step; what a link points at is changed, not the link.
 * Owner, group and mode stay. Throws `usage`, `io`, what `edit` throws.
 */
export async function changeFile<T>(
  given: string,
  signal: AbortSignal,
  edit: (file: Secret) => Promise<Edited<T>>,
): Promise<T> {
  const path = looked(() => withoutLinks(given));
  return locked(path, signal, async () => {
    const there = regularFile(path);
    const before = await readSecret(path, signal);
    let after: Secret | null = null;
    try {
      const { file, result } = await edit(before);
      after = file;
      signal.throwIfAborted();
      if (!equal(file, before)) {
        const sink = await openOutput(path, { force: true, inPlace: true, input: there });
        await committing(sink, () => sink.write(file, 0));
      }
      return result;
    } finally {
      erase(before, ...(after ? [after] : []));
    }
  });
}

function regularFile(path: string): BigIntStats {
  const there = looked(() => statSync(path, { bigint: true }));
  if (there.isFile()) return there;
  throw new SealError("usage", "it is no regular file, and cannot be changed");
}

function looked<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw asIoError("cannot read it", error);
  }
}
