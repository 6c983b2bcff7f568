// Public keys on a command line.

import { readFile } from "node:fs/promises";
import { SealError } from "@sealed-files/seal";
import { ioError } from "@sealed-files/seal/internal";

/** No public key file that anybody writes comes near to this. */
const MAX_PUBLIC_FILE = 1024 * 1024;

/** What `--to` names, as text. Throws `usage`, `io`. */
export async function recipientsOf(named: string): Promise<string[]> {
  const text = named.trim();
  if (/^seal-secret-key-/i.test(text)) {
    throw new SealError("usage", "--to is given a secret key", {
      hint: "Anyone on this machine can read a command line. Treat this key as compromised, and make a new one.",
    });
  }
  if (/^seal(sig)?1/.test(text)) return [text];
  if (!text.includes("/") && !text.endsWith(".pub")) {
    throw new SealError("usage", "--to takes a recipient (seal1…), or the path of a .pub file");
  }
  const file = await readFile(text).catch((error) => {
    throw ioError(`cannot read ${text}`, error);
  });
  if (file.length > MAX_PUBLIC_FILE) throw new SealError("usage", `${text} is far too long for a file of keys`);
  const lines = file.toString("utf8").split(/\r?\n/);
  if (lines.some((line) => /^\s*seal-secret-key-/i.test(line))) {
    throw new SealError("usage", `${text} holds a secret key: give the .pub file that belongs to it`);
  }
  const recipients = lines.map((line) => line.trim()).filter((line) => line.startsWith("seal1"));
  if (recipients.length === 0) throw new SealError("usage", `${text} holds no recipient key (seal1…)`);
  return recipients;
}
