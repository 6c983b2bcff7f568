// Key texts: recipients, signers and secrets.

import { type Bytes, equal, fromUtf8, utf8 } from "../../src/bytes.js";
import { copySecret, disclose, joinSecret } from "../../src/crypto/secret.js";
import { identityOf } from "../../src/keys/identity.js";
import { encodeSecret, parseSecret } from "../../src/keys/secret-line.js";
import { encodeRecipient, encodeSigner, keyKind, parseRecipient, parseSigner } from "../../src/keys/text.js";
import { bytesOf, reader, SUITES } from "../actors.js";
import { mutateText } from "../mutate/text.js";
import { foundIn, isRecipient, type PREFIXES } from "../oracle/keys.js";
import { hashOf } from "../random.js";
import { vectors } from "../seeds.js";
import { attempt, holds, kindOfMessage, type Target } from "../target.js";

type Kind = keyof typeof PREFIXES;

const PARSERS: Readonly<Record<Kind, (text: string) => Promise<{ bytes: Bytes; text: string }>>> = {
  recipient: async (text) => {
    const bytes = parseRecipient(SUITES.native, text);
    return { bytes, text: encodeRecipient(SUITES.native, bytes) };
  },
  signer: async (text) => {
    const bytes = await parseSigner(SUITES.native, text);
    return { bytes, text: encodeSigner(bytes) };
  },
  secret: async (text) => {
    const keys = parseSecret(utf8(text));
    const parts = [keys.opening?.secret, keys.seed].filter((part) => part != null);
    return { bytes: disclose(joinSecret(...parts)), text: fromUtf8(disclose(encodeSecret(keys)))! };
  },
};

export const text: Target = {
  name: "text",
  maxBytes: 4096,
  seeds: async (withVectors) => [
    ...[reader.identity.recipient, reader.identity.signer, reader.secret].map(utf8),
    ...(await allTypes()),
    ...(withVectors ? vectors().texts.map(({ text }) => Uint8Array.from(utf8(text))) : []),
  ],
  mutate: mutateText,
  run: async (input, thorough) => {
    const text = fromUtf8(input);
    if (text === null) return "no text";
    const told: string[] = [];
    for (const kind of ["recipient", "signer", "secret"] as const) told.push(await check(kind, text, thorough));
    return told.join(" ");
  },
};

/** A secret of each type, and the recipients of the post-quantum ones. */
async function allTypes(): Promise<Bytes[]> {
  const [secret, seed] = [copySecret(bytesOf("fuzz opening")), copySecret(bytesOf("fuzz signing"))];
  const xwing = { kind: "xwing", secret } as const;
  const lines = [
    { opening: xwing, seed },
    { opening: xwing, seed: null },
    { opening: null, seed },
  ].map(encodeSecret);
  const { recipient } = await identityOf(SUITES.native, lines[1]!);
  return [...lines.map((line) => Uint8Array.from(line)), utf8(recipient!)];
}

async function check(kind: Kind, text: string, thorough: boolean): Promise<string> {
  const found = await attempt(["usage", "unsupported"], () => PARSERS[kind](text));
  const expected = foundIn(kind, text);
  const isGood = expected !== null && expected !== "unsupported" && (await isUsable(kind, expected, thorough));
  if ("refusal" in found) {
    const { message, code } = found.refusal;
    holds(!isGood, `a good ${kind} is refused: ${message}`);
    holds((code === "unsupported") === (expected === "unsupported"), `a ${kind} is refused as ${code}`);
    holds(text.length < 12 || !message.includes(text), "the text is shown in the message");
    return kindOfMessage(message);
  }
  holds(isGood, `a ${kind} is taken that is none`);
  holds(found.value.text === text, `a ${kind} has two texts`);
  const { type, body } = expected as { type: number; body: readonly number[] };
  const key = kind === "recipient" && type === 2 ? body.slice(0, -8) : body;
  holds(equal(found.value.bytes, Uint8Array.from(key)), `a ${kind} has other bytes`);
  holds(keyKind(text) === kind, `keyKind says that a ${kind} is none`);
  return `good ${type}`;
}

async function isUsable(
  kind: Kind,
  found: { readonly type: number; readonly body: readonly number[] },
  thorough: boolean,
): Promise<boolean> {
  if (kind === "recipient") return isRecipient(found);
  const bytes = Uint8Array.from(found.body);
  if (kind === "secret") {
    const halves = [bytes.subarray(0, 32), bytes.subarray(32)].filter(({ length }) => length > 0);
    return halves.every((half) => half.some((byte) => byte !== 0));
  }
  const isValid = SUITES.native.verifyingKey(bytes) !== null;
  if (thorough || hashOf(bytes) % 16 === 0) {
    holds(isValid === (SUITES.portable.verifyingKey(bytes) !== null), "the suites differ about a signer");
  }
  return isValid;
}
