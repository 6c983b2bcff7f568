// Files of ssh's: public keys, as such, with options, or with names of signers; and private keys that are not
// encrypted.

import { type Bytes, concat, fromUtf8, u32, utf8 } from "../../src/bytes.js";
import { copySecret, disclose } from "../../src/crypto/secret.js";
import { parsePublicKeys } from "../../src/keys/public-keys.js";
import { sshSeed } from "../../src/keys/ssh/private.js";
import { author, bytesOf, forger, reader, SUITES } from "../actors.js";
import { mutateText } from "../mutate/text.js";
import { type FoundKey, judgePublicKeys, type SshWanted } from "../oracle/ssh.js";
import { judgePrivateKey } from "../oracle/ssh-private.js";
import type { Random } from "../random.js";
import { attempt, holds, kindOfMessage, type Target } from "../target.js";

const NOW = Date.UTC(2026, 0, 31, 12);
const BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----";
const ED25519 = utf8("ssh-ed25519");
const string = (bytes: Uint8Array) => concat(u32(bytes.length), bytes);

export const ssh: Target = {
  name: "ssh",
  maxBytes: 8192,
  seeds: async () => [
    utf8(`${keyOf(author)} a comment\n# nobody\n\n`),
    utf8(`restrict,expiry-time="20260131120001Z" ${keyOf(author)}\n${keyOf(forger)}\n`),
    utf8(`alice@example.com,!bob namespaces="seal,git" ${keyOf(author)}\n*@example.com ${keyOf(forger)} x\n`),
    utf8(`a valid-after="20260131",valid-before="20260201Z" ${keyOf(author)}\n${author.identity.signer}\n`),
    utf8(`cert-authority ${keyOf(author)}\n${reader.identity.recipient}\n`),
    utf8(privateText({})),
  ],
  mutate: (input, other, random) => {
    if (random.oneIn(8)) return utf8(somePrivate(random));
    return random.oneIn(2) ? utf8(lineByLine(Buffer.from(input).toString(), random)) : mutateText(input, other, random);
  },
  run,
};

function keyOf({ identity }: typeof author, change: (blob: Bytes) => Uint8Array = (blob) => blob): string {
  const blob = concat(string(ED25519), string(identity.signingKey.publicKey));
  return `ssh-ed25519 ${Buffer.from(change(blob)).toString("base64")}`;
}

const TIMES = ["20260131", "20260131Z", "202601311200Z", "20260131115959Z", "20260131120001Z", "20260230", "2026", ""];
const OPTIONS: readonly (readonly [string, readonly string[]])[] = [
  ["namespaces", ["seal", "git,seal", "git", "!seal,*", "s*l", "s?al", 'a "b']],
  ["valid-after", TIMES],
  ["valid-before", TIMES],
  ["expiry-time", TIMES],
  ...["cert-authority", "restrict", "no-pty", "x"].map((name) => [name, ["", "seal"]] as const),
];
const NAMES = ["alice@example.com", "*", "!alice@*", "*@example.com,!alice*", '"bob"', "a?ice@example.com", "seal"];
const KEYS = [
  keyOf(author),
  keyOf(forger),
  keyOf(author, (blob) => concat(blob, new Uint8Array(1))),
  keyOf(author, (blob) => blob.slice(0, -1)),
  keyOf(author, (blob) => concat(blob.subarray(0, 19), Uint8Array.of(1), new Uint8Array(31))),
  keyOf(author, (blob) => concat(blob.subarray(0, 19), new Uint8Array(32).fill(0xff))),
  `ssh-rsa ${Buffer.from(concat(string(utf8("ssh-rsa")), string(bytesOf("rsa", 64)))).toString("base64")}`,
  keyOf(author).toUpperCase(),
];

/** A line is made anew, of parts that such lines have. */
function lineByLine(text: string, random: Random): string {
  const lines = text.split("\n");
  const option = () => {
    const [name, values] = random.pick(OPTIONS);
    const value = random.pick(values);
    return random.oneIn(6) ? name : `${name}=${random.oneIn(4) ? value : `"${value}"`}`;
  };
  const options = () => Array.from({ length: random.oneIn(2) ? 1 : 2 + random.below(2) }, option).join();
  const front = random.pick([() => "", options, () => random.pick(NAMES), () => `${random.pick(NAMES)} ${options()}`]);
  const line = `${front()} ${random.pick(random.oneIn(2) ? KEYS.slice(0, 2) : KEYS)} ${random.pick(["", "a comment"])}`;
  if (random.oneIn(3)) return line;
  lines.splice(random.below(lines.length), random.below(2), line);
  return lines.join("\n");
}

interface PrivateParts {
  readonly publicKey?: Uint8Array;
  readonly outerKey?: Uint8Array;
  readonly checks?: readonly [number, number];
  readonly comment?: string;
  readonly padding?: (length: number) => readonly number[];
  readonly cipher?: string;
  readonly count?: number;
  readonly behind?: number;
}

const counted = (length: number) => Array.from({ length }, (_, i) => i + 1);

/** A private key file, right but for what is said otherwise. */
function privateText(parts: PrivateParts): string {
  const seed = bytesOf("fuzz ed25519 author");
  const { publicKey: due } = author.identity.signingKey;
  const { publicKey = due, outerKey = due, checks = [7, 7], comment = "fuzz", padding = counted } = parts;
  const { cipher = "none", count = 1, behind = 0 } = parts;
  const fields = concat(
    u32(checks[0]),
    u32(checks[1]),
    string(ED25519),
    string(publicKey),
    string(concat(seed, publicKey)),
    string(utf8(comment)),
  );
  const section = concat(fields, Uint8Array.from(padding((8 - (fields.length % 8)) % 8)));
  const body = concat(
    utf8("openssh-key-v1\0"),
    ...[cipher, "none", ""].map((text) => string(utf8(text))),
    u32(count),
    string(concat(string(ED25519), string(outerKey))),
    string(section),
    new Uint8Array(behind),
  );
  const lines = Buffer.from(body)
    .toString("base64")
    .match(/.{1,70}/g)!;
  return `${[BEGIN, ...lines, BEGIN.replace("BEGIN", "END")].join("\n")}\n`;
}

function somePrivate(random: Random): string {
  const other = forger.identity.signingKey.publicKey;
  const kinds: PrivateParts[] = [
    { comment: "x".repeat(random.below(20)) },
    { publicKey: other },
    { publicKey: other, outerKey: other },
    { checks: [1, 2] },
    { padding: (length) => counted(length + 8) },
    { padding: (length) => counted(length).fill(random.below(2)), comment: "x".repeat(random.below(8)) },
    { padding: () => [] },
    { cipher: random.pick(["aes256-ctr", "aes256-cbc", ""]) },
    { count: random.pick([0, 2]) },
    { behind: 1 },
  ];
  return privateText(random.pick(kinds));
}

async function run(input: Bytes): Promise<string> {
  const text = fromUtf8(input);
  if (text === null) return "no text";
  if (text.replace(/^[ \t\r\n]+/, "").startsWith(BEGIN)) return asPrivate(input, text);
  const told: string[] = [];
  for (const wanted of [
    { kind: "signer", now: NOW },
    { kind: "signer", now: NOW, principal: "alice@example.com" },
    { kind: "recipient", now: NOW },
  ] as const)
    told.push(await asPublic(text, wanted));
  return told.join(" ");
}

async function asPublic(text: string, wanted: SshWanted): Promise<string> {
  const { kind, ...demands } = wanted;
  const found = await attempt(["usage", "unsupported"], () => parsePublicKeys(SUITES.native, text, kind, demands));
  const due = await judgePublicKeys(text, wanted, async (key) => SUITES.native.verifyingKey(key) !== null);
  if ("refusal" in found) {
    holds(due === null, `a good file of public keys is refused: ${found.refusal.message}`);
    return kindOfMessage(found.refusal.message);
  }
  holds(due !== null, `a file of public keys is taken that is none of a ${kind}`);
  const told = found.value.map((key) => Buffer.from(key).toString("hex"));
  holds(told.join() === due.map((one) => keyTo(wanted.kind, one)).join(), "other keys than those of the file");
  return `good ${Math.min(4, told.length)}`;
}

const P = 2n ** 255n - 19n;

/** To seal for, a point of Edwards' form becomes one of Montgomery's: u (1 - y) = 1 + y. */
function keyTo(kind: SshWanted["kind"], { key, isSsh }: FoundKey): string {
  if (!isSsh || kind === "signer") return key.toString("hex");
  const y = BigInt(`0x${Buffer.from(key.toReversed()).toString("hex")}`) % 2n ** 255n;
  let [u, base] = [(1n + y) % P, (P + 1n - y) % P];
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) u = (u * base) % P;
    base = (base * base) % P;
  }
  return Buffer.from(u.toString(16).padStart(64, "0"), "hex").reverse().toString("hex");
}

async function asPrivate(input: Bytes, text: string): Promise<string> {
  const found = await attempt(["usage", "no-key"], () => sshSeed(SUITES.native, copySecret(input), async () => null));
  const due = judgePrivateKey(text);
  if ("refusal" in found) {
    holds(due === null || due === "locked", `a good private key is refused: ${found.refusal.message}`);
    return kindOfMessage(found.refusal.message);
  }
  const seed = Buffer.from(disclose(found.value));
  holds(due !== null && due !== "locked" && due.equals(seed), "a private key is taken that is none, or another");
  return "a private key";
}
