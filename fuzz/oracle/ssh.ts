// docs/FORMAT.md, "Keys of ssh", and the files of sshd(8) and ssh-keygen(1), once more and in another way. Whether a
// key is a point of prime order is the suite's to judge.

import { foundIn, isRecipient, keyIn, linesOf } from "./keys.js";

export interface SshWanted {
  readonly kind: "recipient" | "signer";
  /** Unix milliseconds. */
  readonly now: number;
  readonly principal?: string | undefined;
}

/** 32 bytes of an Ed25519 key, or the bytes of one that is not ssh's. */
export interface FoundKey {
  readonly key: Buffer;
  readonly isSsh: boolean;
}

type Valid = (key: Uint8Array) => Promise<boolean>;

const TYPE = /^(ssh-|ecdsa-sha2-|sk-|rsa-sha2-|webauthn-)[a-zA-Z0-9_@.+-]*$/i;
const AUTHORIZED = `agent-forwarding cert-authority command environment expiry-time from no-agent-forwarding
  no-port-forwarding no-pty no-touch-required no-user-rc no-verify-required no-x11-forwarding permitlisten permitopen
  port-forwarding principals pty restrict touch-required tunnel user-rc verify-required x11-forwarding`.split(/\s+/);
const ALLOWED = ["cert-authority", "namespaces", "valid-after", "valid-before"];

/** A file is refused as a whole. */
class Refused extends Error {}

/** The keys that a file of public keys has for this use; null where it is refused, or has none. */
export async function judgePublicKeys(text: string, wanted: SshWanted, isValid: Valid): Promise<FoundKey[] | null> {
  if (text.startsWith("\ufeff")) return null;
  try {
    const lines = linesOf(text).filter((line) => line !== "" && !line.startsWith("#"));
    const kinds = lines.map((line) => kindOf(line, wanted));
    const found: FoundKey[] = [];
    for (const [i, line] of lines.entries()) {
      const native = kinds[i] === wanted.kind && wanted.principal === undefined;
      const key =
        kinds[i] === "ssh" ? await sshKey(line, wanted, isValid) : native ? await own(line, wanted, isValid) : null;
      if (key) found.push({ key, isSsh: kinds[i] === "ssh" });
    }
    return found.length > 0 ? found : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

function kindOf(line: string, wanted: SshWanted): "recipient" | "signer" | "ssh" {
  if (/^seal1/i.test(line)) return "recipient";
  if (/^sealsig1/i.test(line)) return "signer";
  const parts = /^seal-secret-key-1/i.test(line) ? null : partsOf(line);
  if (!parts || isOfHosts(line, parts, wanted)) throw new Refused();
  return "ssh";
}

/** Known hosts: by what stands in front, by an address; or names that may be a host's and nobody has asked for. */
function isOfHosts(line: string, { names, options }: SshParts, { principal }: SshWanted): boolean {
  if (line.startsWith("@") || line.startsWith("|1|")) return true;
  if (names === null) return false;
  const each = names.split(",").map((name) => (name.startsWith("!") ? name.slice(1) : name));
  return each.some(isAddress) || !(names.includes("@") || options.size > 0 || principal !== undefined);
}

function isAddress(name: string): boolean {
  const [address, zone] = /^(.*:.*)%[a-zA-Z0-9_]+$/.test(name)
    ? [name.slice(0, name.lastIndexOf("%")), true]
    : [name, false];
  if (/^\[.*\]$/.test(name) || /^\[.*\]:[0-9]+$/.test(name)) return true;
  const isSix = address.includes(":") && /^[0-9a-fA-F:.]+$/.test(address) && !address.split(":")[0]!.includes(".");
  return isSix || (!zone && name.split(".").length === 4 && name.split(".").every((part) => /^[0-9]+$/.test(part)));
}

async function own(line: string, { kind }: SshWanted, isValid: Valid): Promise<Buffer> {
  const found = keyIn(kind, line);
  if (!foundIn(kind, line) || !found) throw new Refused();
  const isGood = kind === "recipient" ? isRecipient(found) : await isValid(Uint8Array.from(found.body));
  if (!isGood) throw new Refused();
  return Buffer.from(found.type === 2 ? found.body.slice(0, 1216) : found.body);
}

async function sshKey(line: string, wanted: SshWanted, isValid: Valid): Promise<Buffer | null> {
  const { names, options, isTwice, type, encoded } = partsOf(line)!;
  const isNamed = names !== null && wanted.principal !== undefined && matches(wanted.principal, names);
  if (wanted.principal !== undefined && !isNamed) return null;
  const counts = !isTwice && (names === null ? isUnexpired(options, wanted) : isAllowed(options, wanted));
  const key = counts && type === "ssh-ed25519" ? keyOf(encoded) : null;
  if (key && (await isValid(Uint8Array.from(key)))) return key;
  // Of signers, those that do not count are passed over.
  if (wanted.kind === "recipient") throw new Refused();
  return null;
}

/** The Ed25519 key of a text with or without a comment, not known to be usable; null where it is none. */
export function sshKeyIn(text: string): Buffer | null {
  const [type, encoded = ""] = text.split(/[ \t]+/, 2);
  return type === "ssh-ed25519" ? keyOf(encoded) : null;
}

const PREFIX = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1");

function keyOf(encoded: string): Buffer | null {
  const blob = Buffer.from(encoded, "base64");
  const isOne = blob.length === 51 && blob.toString("base64") === encoded && blob.subarray(0, 19).equals(PREFIX);
  return isOne ? blob.subarray(19) : null;
}

type Options = ReadonlyMap<string, string | null>;

function isUnexpired(options: Options, { now }: SshWanted): boolean {
  const isKnown = [...options.keys()].every((name) => AUTHORIZED.includes(name)) && !options.has("cert-authority");
  return isKnown && within(options, "expiry-time", (time) => now <= time);
}

function isAllowed(options: Options, { kind, now }: SshWanted): boolean {
  const isKnown = [...options.keys()].every((name) => ALLOWED.includes(name)) && !options.has("cert-authority");
  const isHere = !options.has("namespaces") || matches("seal", options.get("namespaces") ?? "");
  const isNow =
    within(options, "valid-after", (time) => now >= time) && within(options, "valid-before", (time) => now <= time);
  return kind === "signer" && isKnown && isHere && isNow;
}

function within(options: Options, name: string, fits: (time: number) => boolean): boolean {
  if (!options.has(name)) return true;
  const text = options.get(name) ?? "";
  const digits = text.replace(/[Zz]$/, "");
  if (![8, 12, 14].includes(digits.length) || /[^0-9]/.test(digits)) return false;
  const [year, rest] = [digits.slice(0, 4), digits.slice(4).padEnd(10, "0").match(/../g)!];
  const [month, day, hour, minute, second] = rest.map(Number) as [number, number, number, number, number];
  const isLeap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  if (day < 1 || day > days || hour > 23 || minute > 59 || second > 59) return false;
  const time = Date.parse(`${year}-${rest[0]}-${rest[1]}T${rest.slice(2).join(":")}${digits === text ? "" : "Z"}`);
  return fits(time);
}

/** Whether a name fits one of the patterns, and none of those behind a "!". */
function matches(name: string, list: string): boolean {
  const fitting = list.split(",").filter((pattern) => expressionOf(pattern.replace(/^!/, "")).test(name));
  return fitting.length > 0 && !fitting.some((pattern) => pattern.startsWith("!"));
}

function expressionOf(pattern: string): RegExp {
  const letters = [...Array(pattern.length).keys()].map((i) => {
    if (pattern[i] === "*") return pattern[i - 1] === "*" ? "" : "[^]*";
    return pattern[i] === "?" ? "[^]" : `\\u${pattern.charCodeAt(i).toString(16).padStart(4, "0")}`;
  });
  return new RegExp(`^${letters.join("")}$`);
}

interface Written {
  readonly options: Options;
  /** Whether one stands there twice that may not. */
  readonly isTwice: boolean;
}

interface SshParts extends Written {
  readonly names: string | null;
  readonly type: string;
  readonly encoded: string;
}

/** The parts of a line; null where none of the first three words is the type of a key. */
function partsOf(line: string): SshParts | null {
  const words = cut(line, " \t").filter((word) => word !== "");
  const at = words.slice(0, 3).findIndex((word) => TYPE.test(word));
  if (at < 0) return null;
  const type = words[at]!;
  // What follows the type has no quotation marks that count.
  const behind = restBehind(line, at).split(/[ \t]/)[0]!;
  const first = optionsOf(at > 0 ? words[0]! : "");
  const isOptions = [...first.options].some(
    ([name, value]) => value !== null || [...AUTHORIZED, ...ALLOWED].includes(name) || name.startsWith("no-"),
  );
  if (at === 0 || (at === 1 && isOptions)) return { names: null, ...first, type, encoded: behind };
  const own = optionsOf(at === 2 ? words[1]! : "");
  return { names: words[0]!.split('"').join(""), ...own, type, encoded: behind };
}

/** What stands behind so many words, and one more. */
function restBehind(line: string, words: number): string {
  let rest = line;
  for (let i = 0; i <= words; i++) rest = rest.slice(cut(rest, " \t")[0]!.length).replace(/^[ \t]+/, "");
  return rest;
}

/** Cuts at any of the letters, but not between quotation marks. */
function cut(text: string, at: string): string[] {
  const parts = [""];
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const pair = text.slice(i, i + 2);
    if (pair === '\\"') i += 1;
    else if (text[i] === '"') isQuoted = !isQuoted;
    if (pair !== '\\"' && !isQuoted && at.includes(text[i]!)) parts.push("");
    else parts[parts.length - 1] += pair === '\\"' ? pair : text[i]!;
  }
  return parts;
}

function optionsOf(word: string): Written {
  const found = cut(word, ",").map((option): [string, string | null] => {
    const equals = option.indexOf("=");
    if (equals < 0) return [option.toLowerCase(), null];
    const value = option.slice(equals + 1);
    const isQuoted =
      value.length >= 2 && value.startsWith('"') && value.endsWith('"') && !/[\n\r\u2028\u2029]/.test(value);
    return [option.slice(0, equals).toLowerCase(), (isQuoted ? value.slice(1, -1) : value).split('\\"').join('"')];
  });
  if (found.at(-1)![0] === "" && found.at(-1)![1] === null) found.pop();
  const once = found
    .map(([name]) => name)
    .filter((name) => !["environment", "permitlisten", "permitopen"].includes(name));
  return { options: new Map(found), isTwice: new Set(once).size < once.length };
}
