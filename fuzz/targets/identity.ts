// Identity files, protected ones too, and public key files.

import { base64 } from "@scure/base";
import { type Bytes, concat, fromUtf8, toHex, utf8 } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import { identityOf, parseIdentityFile } from "../../src/keys/identity.js";
import { parseAllPublicKeys, parsePublicKeys } from "../../src/keys/public-keys.js";
import { encodeSigner } from "../../src/keys/text.js";
import { author, bytesOf, forger, reader, SUITES } from "../actors.js";
import { mutateBytes } from "../mutate/bytes.js";
import { mutateText } from "../mutate/text.js";
import { foundIn, isRecipient, keyIn, linesOf } from "../oracle/keys.js";
import { sshKeyIn } from "../oracle/ssh.js";
import type { Random } from "../random.js";
import { vectors } from "../seeds.js";
import { attempt, holds, kindOfMessage, type Target } from "../target.js";

const PASSPHRASE = "passphrase";
const BEGIN = "-----BEGIN SEAL PROTECTED IDENTITY-----";
const END = "-----END SEAL PROTECTED IDENTITY-----";

const quick = SUITES.native;

export const identity: Target = {
  name: "identity",
  maxBytes: 80 * 1024,
  seeds: async (withVectors) => [
    ...(withVectors ? vectors().identities : []).map(({ text = "" }) => Uint8Array.from(utf8(text))),
    utf8(`# a comment\n${reader.secret}\naccept ${author.identity.signer}\n`),
    utf8(`${reader.identity.recipient}\n${reader.identity.signer}\n${forger.identity.recipient}\r\n`),
    utf8(block(utf8(reader.secret))),
    utf8(`${block(utf8(reader.secret))}accept ${forger.identity.signer}\n`),
  ],
  mutate: (input, other, random) => (random.oneIn(6) ? utf8(reprotected(random)) : mutateText(input, other, random)),
  run,
};

/** A protected block around any plaintext, under the passphrase. */
function block(plaintext: Bytes, { version = 1, salt = bytesOf("salt", 16), width = 64 } = {}): string {
  const head = concat(Uint8Array.of(version), salt);
  const key = SUITES.native.sha256(utf8(PASSPHRASE), salt);
  const aad = concat(utf8("seal.v1 identity\0"), head);
  const bytes = concat(head, SUITES.native.aeadSeal(copySecret(key), new Uint8Array(12), plaintext, aad));
  const lines = base64.encode(bytes).match(new RegExp(`.{1,${width}}`, "g")) ?? [];
  return `${[BEGIN, ...lines, END].join("\n")}\n`;
}

/** A block that opens, and in which something else is wrong, or nothing. */
function reprotected(random: Random): string {
  const secret = utf8(random.pick([reader.secret, forger.secret]));
  const plaintext = random.oneIn(2) ? secret : mutateBytes(secret, secret, random);
  const made = block(random.oneIn(2) ? plaintext.slice(0, 127) : plaintext, {
    version: random.oneIn(6) ? random.below(4) : 1,
    width: random.oneIn(6) ? random.pick([1, 63, 65, 76, 256]) : 64,
    salt: bytesOf("salt", random.oneIn(8) ? 15 : 16),
  });
  return random.oneIn(8) ? made + made : made;
}

async function run(input: Bytes): Promise<string> {
  const text = fromUtf8(input);
  if (text === null) {
    const found = await attempt(["usage"], () => parseIdentityFile(quick, copySecret(input), async () => null));
    holds("refusal" in found, "an identity file is taken that is no text");
    return "no text";
  }
  const told = [await asIdentity(text), await asPublicKeys(text)];
  return told.join(" ");
}

/** What is a private key, or has public keys of ssh's, is the ssh target's to judge. */
const PRIVATE =
  /^[ \t\r\n]*(-----BEGIN (OPENSSH |RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY|---- BEGIN SSH2|PuTTY-User-Key)/;
const PUBLIC = /^(?!#).*(ssh-|sk-|ecdsa-sha2-|rsa-sha2-|webauthn-)/im;

async function asIdentity(text: string): Promise<string> {
  if (PRIVATE.test(text)) return "ssh's";
  let asked = 0;
  const ask = async (attempt: number) => {
    asked++;
    return attempt === 0 ? copySecret(utf8(PASSPHRASE)) : null;
  };
  const parsed = await attempt(["usage", "unsupported"], () => parseIdentityFile(quick, copySecret(utf8(text)), ask));
  holds(asked === 0, "a passphrase is asked for before it is needed");
  const expected = judge(text);
  if ("refusal" in parsed) {
    checkSilence(text, parsed.refusal.message);
    const signersAreGood = expected !== null && (await areSigners(expected.accept));
    holds(!signersAreGood, `a good identity file is refused: ${parsed.refusal.message}`);
    return kindOfMessage(parsed.refusal.message);
  }
  if (expected === null) throw new Error("an identity file is taken that is none");
  const { accept, isProtected, unlock } = parsed.value;
  holds(
    isProtected === (expected.secret === null),
    "an identity is protected, or is not, against what stands in the file",
  );
  holds(
    accept.map(encodeSigner).join() === expected.accept.join(),
    "other senders are accepted than those of the accept lines",
  );
  const unlocked = await attempt(["usage", "unsupported", "no-key"], unlock);
  if ("refusal" in unlocked) {
    holds(isProtected, "a plain identity cannot be unlocked");
    checkSilence(text, unlocked.refusal.message);
    return kindOfMessage(unlocked.refusal.message);
  }
  holds(asked <= 1, "a passphrase is asked for again after one that fits");
  if (expected.secret) {
    const { recipient, signer } = await identityOf(quick, utf8(expected.secret));
    const isSame = unlocked.value.recipient === recipient && unlocked.value.signer === signer;
    holds(isSame, "another identity than that of the file");
  }
  return `good ${isProtected}`;
}

function isUsable(recipient: string): boolean {
  const found = keyIn("recipient", recipient);
  return found !== null && isRecipient(found);
}

/** What the lines say, where all of them may stand in an identity file. */
function judge(text: string): { secret: string | null; accept: string[] } | null {
  const lines = linesOf(text);
  const begin = lines.indexOf(BEGIN);
  const end = begin < 0 ? -1 : lines.indexOf(END, begin);
  if (begin >= 0 && end < 0) return null;
  const outside = lines.filter(
    (line, i) => (begin < 0 || i < begin || i > end) && line !== "" && !line.startsWith("#"),
  );
  const accepted = outside.flatMap((line) => (/^accept[ \t]/.test(line) ? linesOf(line.slice("accept".length)) : []));
  const accept = accepted.flatMap((key) => signerIn(key) ?? []);
  const secrets = outside.filter((line) => !/^accept[ \t]/.test(line));
  if (secrets.length + (begin < 0 ? 0 : 1) !== 1 || accept.length < accepted.length) return null;
  const found = secrets.length === 1 ? keyIn("secret", secrets[0]!) : null;
  if (secrets.length === 1 && !(found && toHex(Uint8Array.from(found.body)).match(/^((?!0{64}).{64}){1,2}$/)))
    return null;
  return { secret: secrets[0] ?? null, accept: [...new Set(accept)] };
}

/** A signer as this program writes it; null where the text is none of either kind. */
function signerIn(text: string): string | null {
  const ssh = sshKeyIn(text);
  if (ssh) return encodeSigner(Uint8Array.from(ssh));
  return keyIn("signer", text) ? text : null;
}

async function areSigners(texts: readonly string[]): Promise<boolean> {
  const keys = texts.map((text) => Uint8Array.from(keyIn("signer", text)!.body));
  return keys.every((key) => SUITES.native.verifyingKey(key) !== null);
}

/** No message repeats a secret. */
function checkSilence(text: string, message: string): void {
  for (const [secret] of text.matchAll(/SEAL-SECRET-KEY-1[0-9A-Z]{20,}/gi))
    holds(!message.includes(secret), "a secret is shown");
}

async function asPublicKeys(text: string): Promise<string> {
  if (PUBLIC.test(text)) return "ssh's";
  const all = await attempt(["usage", "unsupported"], () => parseAllPublicKeys(quick, text));
  const lines = linesOf(text).filter((line) => line !== "" && !line.startsWith("#"));
  const kinds = lines.map((line) =>
    foundIn("recipient", line) ? "recipient" : foundIn("signer", line) ? "signer" : null,
  );
  const recipients = lines.filter((_, i) => kinds[i] === "recipient");
  const signers = lines.filter((_, i) => kinds[i] === "signer");
  const wellFormed = lines.length > 0 && !kinds.includes(null);
  const usable =
    wellFormed &&
    recipients.every((line) => isUsable(line)) &&
    signers.every((line) => keyIn("signer", line)) &&
    (await areSigners(signers));
  holds("value" in all === usable, `a public key file is ${usable ? "refused" : "taken"}`);
  const wanted = await attempt(["usage", "unsupported"], () => parsePublicKeys(quick, text, "recipient"));
  if ("refusal" in all) return kindOfMessage(all.refusal.message);
  holds(
    all.value.recipients.join() === recipients.join() && all.value.signers.join() === signers.join(),
    "other keys than those of the file",
  );
  holds("value" in wanted === recipients.length > 0, "the recipients of a public key file are not found");
  return "public keys";
}
