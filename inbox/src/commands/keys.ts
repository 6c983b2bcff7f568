// Public keys on a command line.

import { SealError } from "@sealed-files/seal";
import { about, isKeyText, loadSuite, parseAllPublicKeys, prefixed, readText } from "@sealed-files/seal/internal";

/** Which keys count: also those that are not of use any more, where they are taken away. */
interface Counting {
  readonly ever?: boolean;
}

/** What `--to` names, as text: recipients, and keys of ssh without their comments. Throws `usage`, `io`. */
export async function recipientsOf(named: string, counting: Counting = {}): Promise<string[]> {
  const text = named.trim();
  if (/^seal-secret-key-/i.test(text) || /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) {
    throw new SealError("usage", "--to is given a secret key", {
      hint: "Anyone on this machine can read a command line. Treat this key as compromised, and make a new one.",
    });
  }
  if (/^seal(sig)?1/.test(text)) return [text];
  if (isKeyText(text)) return keysIn("--to", text, counting);
  if (!text.includes("/") && !text.endsWith(".pub")) {
    throw new SealError("usage", "--to takes a recipient (seal1…, ssh-ed25519 …), or the path of a .pub file");
  }
  const file = await about(text, () => readText(text, new AbortController().signal));
  return keysIn(text, file, counting);
}

/** Throws `usage`, also where one of ssh's cannot be sealed for: nobody is left out unnoticed. */
async function keysIn(what: string, text: string, counting: Counting): Promise<string[]> {
  try {
    const { recipients, ssh = [] } = await parseAllPublicKeys(await loadSuite(), text, counting);
    if (recipients.length + ssh.length > 0) return [...recipients, ...ssh];
    throw new SealError("usage", "no recipient key in it (seal1…, ssh-ed25519 …)");
  } catch (error) {
    throw error instanceof SealError ? prefixed(what, error) : error;
  }
}
