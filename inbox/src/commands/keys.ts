// Public keys on a command line.

import { readFile } from "node:fs/promises";
import { SealError } from "@sealed-files/seal";
import { ioError, isKeyText, loadSuite, parseAllPublicKeys, prefixed } from "@sealed-files/seal/internal";

/** No public key file that anybody writes comes near to this. */
const MAX_PUBLIC_FILE = 1024 * 1024;

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
  const file = await readFile(text).catch((error) => {
    throw ioError(`cannot read ${text}`, error);
  });
  if (file.length > MAX_PUBLIC_FILE) throw new SealError("usage", `${text} is far too long for a file of keys`);
  return keysIn(text, file.toString("utf8"), counting);
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
