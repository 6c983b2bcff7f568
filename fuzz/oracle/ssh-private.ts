// OpenSSH's PROTOCOL.key, once more and in another way: a file with one key that is not encrypted.

import { createPrivateKey, createPublicKey } from "node:crypto";

/** The seed in a private key file; "locked" where it is encrypted, null where it is none. */
export function judgePrivateKey(text: string): Buffer | "locked" | null {
  const encoded = lettersIn(text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ""));
  const body = Buffer.from(encoded, "base64");
  if (encoded === "" || encoded.length > 65_536 || body.toString("base64") !== encoded) return null;
  const outer = fieldsOf(body, 15);
  if (body.toString("latin1", 0, 15) !== "openssh-key-v1\0") return null;
  const [cipher, kdf, options] = [outer.text(), outer.text(), outer.text()];
  const count = outer.number();
  const publicKey = keyIn(outer.text());
  const section = outer.text();
  if (cipher === "aes256-ctr") return "locked";
  const isPlain = cipher === "none" && kdf === "none" && options === "" && count === 1;
  if (!isPlain || !publicKey || section === null || !outer.isOver()) return null;
  return seedIn(Buffer.from(section, "latin1"), publicKey);
}

/** Of lines of one width that somebody writes, of which the last may be shorter; empty where they are not that. */
function lettersIn(text: string): string {
  const [begin, ...lines] = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const end = lines.pop();
  if (begin !== "-----BEGIN OPENSSH PRIVATE KEY-----" || end !== "-----END OPENSSH PRIVATE KEY-----") return "";
  const width = lines[0]?.length ?? 0;
  const areWhole = lines.every(({ length }, i) => length === width || (i === lines.length - 1 && length < width));
  return [64, 70, 76].includes(width) && areWhole && lines.at(-1) !== "" ? lines.join("") : "";
}

/** Two equal numbers, type, public key, seed and public key, comment, and padding to a multiple of 8. */
function seedIn(section: Buffer, publicKey: string): Buffer | null {
  const inner = fieldsOf(section, 0);
  const checks = [inner.number(), inner.number()];
  const [type, key, both, comment] = [inner.text(), inner.text(), inner.text(), inner.text()];
  const padding = [...inner.rest()];
  const isPadded = section.length % 8 === 0 && padding.length < 8 && padding.every((byte, i) => byte === i + 1);
  if (comment === null || checks[0] === null || checks[0] !== checks[1] || type !== "ssh-ed25519" || !isPadded)
    return null;
  if (key !== publicKey || both?.length !== 64 || both.slice(32) !== publicKey) return null;
  const seed = Buffer.from(both.slice(0, 32), "latin1");
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const spki = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  const due = spki.export({ format: "der", type: "spki" }).subarray(-32).toString("latin1");
  return due === publicKey && seed.some((byte) => byte > 0) ? seed : null;
}

function keyIn(blob: string | null): string | null {
  const isOne = blob !== null && blob.length === 51 && blob.startsWith("\0\0\0\x0bssh-ed25519\0\0\0\x20");
  return isOne ? blob.slice(19) : null;
}

function fieldsOf(bytes: Buffer, start: number) {
  let at = start;
  const number = () => {
    at += 4;
    return at <= bytes.length ? bytes.readUInt32BE(at - 4) : null;
  };
  const text = () => {
    const length = number();
    if (length === null || length > bytes.length - at) {
      at = bytes.length + 1;
      return null;
    }
    at += length;
    return bytes.toString("latin1", at - length, at);
  };
  return { number, text, rest: () => bytes.subarray(at), isOver: () => at === bytes.length };
}
