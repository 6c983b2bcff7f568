// Webhooks as Standard Webhooks 1.0 has them, and the bounds that the inbox sets, once more and in another way.

import { createHmac } from "node:crypto";

/** What is sent to a secret address, and the secrets that its token has. */
export interface Hook {
  readonly secrets: readonly string[];
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: string;
  readonly body: Uint8Array;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The keys in secrets; null where they are none. */
export function judgeSecrets(lines: readonly string[]): Buffer[] | null {
  const there = lines
    .join("\n")
    .split("\n")
    .map((line, i, all) => (i < all.length - 1 && line.endsWith("\r") ? line.slice(0, -1) : line))
    .filter((line) => line.trim() !== "");
  if (there.length < 1 || there.length > 4) return null;
  const keys = there.map((line) => {
    const [letters, padding] = [line.slice(6).replace(/=+$/, ""), /=*$/.exec(line)![0].length];
    const isOne = line.startsWith("whsec_") && padding <= 2 && letters !== "";
    return isOne && areLetters(letters) ? Buffer.from(letters, "base64") : null;
  });
  return keys.every((key) => key !== null && key.length >= 24 && key.length <= 64) ? (keys as Buffer[]) : null;
}

/** Whether it is to be taken, at a time in seconds. */
export function judgeHook({ secrets, id, timestamp, signatures, body }: Hook, now: number): boolean {
  const keys = judgeSecrets(secrets);
  const isId = id.length >= 1 && id.length <= 256 && [...id].every((letter) => letter > " " && letter < "\x7f");
  if (!keys || !isId || id.includes(".")) return false;
  const isTime = timestamp !== "" && timestamp.length <= 12 && [...timestamp].every((c) => c >= "0" && c <= "9");
  if (!isTime || Number(timestamp) < now - 300 || Number(timestamp) > now + 300) return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const due = keys.map((key) => createHmac("sha256", key).update(signed).digest());
  const looked = signatures.split(" ").slice(0, 16).map(digestOf);
  return looked.some((one) => one && due.some((other) => other.equals(one)));
}

/** Two bits of the last letter count for nothing. */
function digestOf(text: string): Buffer | null {
  const isOne = text.startsWith("v1,") && text.length === 47 && text.endsWith("=") && areLetters(text.slice(3, -1));
  return isOne ? Buffer.from(text.slice(3), "base64") : null;
}

const areLetters = (text: string) => [...text].every((letter) => LETTERS.includes(letter));
