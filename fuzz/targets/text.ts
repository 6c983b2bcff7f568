// Key texts: recipients, signers and secrets.

import { type Bytes, concat, equal, fromUtf8, utf8 } from "../../src/bytes.js";
import {
  encodeRecipient,
  encodeSecret,
  encodeSigner,
  kindOf,
  parseRecipient,
  parseSecret,
  parseSigner,
} from "../../src/keys/text.js";
import { reader, SUITES } from "../actors.js";
import { mutateText } from "../mutate/text.js";
import { isRecipient, type PREFIXES, payloadOf } from "../oracle/keys.js";
import { hashOf } from "../random.js";
import { vectors } from "../seeds.js";
import { attempt, holds, kindOfMessage, type Target } from "../target.js";

type Kind = keyof typeof PREFIXES;

const PARSERS: Readonly<Record<Kind, (text: string) => Promise<{ bytes: Bytes; text: string }>>> = {
  recipient: async (text) => {
    const bytes = parseRecipient(text);
    return { bytes, text: encodeRecipient(bytes) };
  },
  signer: async (text) => {
    const bytes = await parseSigner(text);
    return { bytes, text: encodeSigner(bytes) };
  },
  secret: async (text) => {
    const secret = parseSecret(text);
    return { bytes: concat(secret.x25519Secret, secret.ed25519Seed), text: encodeSecret(secret) };
  },
};

export const text: Target = {
  name: "text",
  maxBytes: 4096,
  seeds: async (withVectors) => [
    ...[reader.identity.recipient, reader.identity.signer, reader.secret].map(utf8),
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

async function check(kind: Kind, text: string, thorough: boolean): Promise<string> {
  const found = await attempt(["usage"], () => PARSERS[kind](text));
  const payload = payloadOf(kind, text);
  const expected = payload !== null && (await isUsable(kind, payload, thorough));
  if ("refusal" in found) {
    const { message } = found.refusal;
    holds(!expected, `a good ${kind} is refused: ${message}`);
    holds(text.length < 12 || !message.includes(text), "the text is shown in the message");
    return kindOfMessage(message);
  }
  holds(expected, `a ${kind} is taken that is none`);
  holds(found.value.text === text, `a ${kind} has two texts`);
  holds(equal(found.value.bytes, Uint8Array.from(payload!)), `a ${kind} has other bytes`);
  holds(kindOf(text) === kind, `kindOf says that a ${kind} is none`);
  return "good";
}

async function isUsable(kind: Kind, payload: readonly number[], thorough: boolean): Promise<boolean> {
  const bytes = Uint8Array.from(payload);
  if (kind === "recipient") return isRecipient(payload);
  if (kind === "secret") return bytes.subarray(0, 32).some((byte) => byte) && bytes.subarray(32).some((byte) => byte);
  const isValid = (await SUITES.native.verifyingKey(bytes)) !== null;
  if (thorough || hashOf(bytes) % 16 === 0) {
    holds(isValid === ((await SUITES.portable.verifyingKey(bytes)) !== null), "the suites differ about a signer");
  }
  return isValid;
}
