// Lines of public keys as ssh's files have them: .pub and authorized_keys (options before the key), allowed_signers
// (names before it).

import type { Bytes } from "../../bytes.js";
import { SealError } from "../../errors.js";
import { isSshType } from "./kinds.js";
import { matchesPatterns } from "./patterns.js";
import { checkedSshKey, sshKeyOf } from "./public.js";

/** What a line of allowed signers may have to be for, where it says what it is for. */
const NAMESPACE = "seal";

/** Which lines count. */
export interface SshDemands {
  /** Unix milliseconds: keys have their time. */
  readonly now?: number;
  /** Whose lines of allowed signers count; those of anybody, where it is not given. */
  readonly principal?: string | undefined;
}

/** For what a line is read, and when. */
interface SshUse extends SshDemands {
  readonly kind: "recipient" | "signer";
  readonly now: number;
}

interface SshLine {
  /** The names before the key, and whether they are those of a signer. */
  readonly principals: string | null;
  readonly options: ReadonlyMap<string, string | null>;
  readonly type: string;
  readonly encoded: string;
}

/** Options of authorized_keys, in lower case. */
const AUTHORIZED = new Set(
  "agent-forwarding cert-authority command environment expiry-time from no-agent-forwarding no-port-forwarding no-pty no-touch-required no-user-rc no-verify-required no-x11-forwarding permitlisten permitopen port-forwarding principals pty restrict touch-required tunnel user-rc verify-required x11-forwarding".split(
    " ",
  ),
);
/** Options of allowed_signers. */
const ALLOWED = new Set(["cert-authority", "namespaces", "valid-after", "valid-before"]);

/** Whether a line is of a file of hosts, as known_hosts: a marker, or a name that is hashed, stands first. */
export function isHostLine(line: string): boolean {
  return /^(@|\|1\|)/.test(line);
}

/** Whether a line holds a key of ssh's, of whatever kind. */
export function isSshLine(line: string): boolean {
  return splitSshLine(line) !== null;
}

/**
 * The key of a line, checked; null where the line is not for this principal. Throws `usage` where it holds none that
 * can be used so, or now.
 */
export async function keyOfSshLine(line: string, use: SshUse): Promise<Bytes | null> {
  const { principals, options, type, encoded } = splitSshLine(line)!;
  if (principals === null) {
    if (use.principal !== undefined) return null;
    const unknown = [...options.keys()].find((name) => !AUTHORIZED.has(name));
    if (unknown !== undefined) throw fail(`"${unknown.slice(0, 40)}" is no option of authorized keys`);
    refuseExpired(options.get("expiry-time"), use.now);
  } else {
    if (use.kind === "recipient") throw fail("it says who signs, and not whom to seal for");
    if (use.principal !== undefined && !matchesPatterns(use.principal, principals)) return null;
    refuseElsewhere(options, use.now);
  }
  if (options.has("cert-authority")) throw fail("a certificate authority (cert-authority), which is nobody's own key");
  return checkedSshKey(sshKeyOf(type, encoded));
}

/** What a line of allowed signers is for, and when. */
function refuseElsewhere(options: ReadonlyMap<string, string | null>, now: number): void {
  const unknown = [...options.keys()].find((name) => !ALLOWED.has(name));
  if (unknown !== undefined) throw fail(`"${unknown.slice(0, 40)}" is no option of allowed signers`);
  const namespaces = options.get("namespaces");
  if (namespaces !== undefined && !matchesPatterns(NAMESPACE, namespaces ?? "")) {
    throw fail(`this signer is for other namespaces than "${NAMESPACE}"`);
  }
  const [after, before] = [timeOf(options.get("valid-after")), timeOf(options.get("valid-before"))];
  if (after !== null && now < after) throw fail("this signer is not valid yet (valid-after)");
  if (before !== null && now > before) throw fail("this signer is not valid any more (valid-before)");
}

function refuseExpired(expires: string | null | undefined, now: number): void {
  const time = timeOf(expires);
  if (time !== null && now > time) throw fail("the key has expired (expiry-time)");
}

const TIME = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z)?$/i;

/** YYYYMMDD[HHMM[SS]][Z], as Unix milliseconds; without a Z in the time of this machine. null where there is none. */
function timeOf(text: string | null | undefined): number | null {
  if (text === undefined) return null;
  const [whole, ...fields] = TIME.exec(text ?? "") ?? [];
  if (whole === undefined) throw fail("its time is not written as YYYYMMDD or YYYYMMDDHHMM[SS]");
  const [year, month, day, hour, minute, second] = fields.slice(0, 6).map((field) => Number(field ?? 0)) as Six;
  const date = fields[6]
    ? new Date(Date.UTC(year, month - 1, day, hour, minute, second))
    : new Date(year, month - 1, day, hour, minute, second);
  const [sameMonth, sameDay] = fields[6] ? [date.getUTCMonth(), date.getUTCDate()] : [date.getMonth(), date.getDate()];
  if (sameMonth !== month - 1 || sameDay !== day || hour > 23 || minute > 59 || second > 59) {
    throw fail("its time does not exist");
  }
  return date.getTime();
}

type Six = [number, number, number, number, number, number];

function splitSshLine(line: string): SshLine | null {
  const words = wordsOf(line, 4);
  const at = words.findIndex(isSshType);
  if (at < 0 || at > 2) return null;
  const [type, encoded = ""] = [words[at]!, /^[^ \t]*/.exec(words[at + 1] ?? "")![0]];
  if (at === 0) return { principals: null, options: new Map(), type, encoded };
  const first = optionsOf(words[0]!);
  if (at === 1 && [...first].some(isOption)) {
    return { principals: null, options: first, type, encoded };
  }
  return {
    principals: words[0]!.replaceAll('"', ""),
    options: at === 2 ? optionsOf(words[1]!) : new Map(),
    type,
    encoded,
  };
}

/** What is no name of a signer. What is mistyped among options must not make names of the others. */
function isOption([name, value]: readonly [string, string | null]): boolean {
  return value !== null || AUTHORIZED.has(name) || ALLOWED.has(name) || name.startsWith("no-");
}

/** The first words, which blanks part that stand in no quotation marks; the last is the rest of the line. */
function wordsOf(line: string, most: number): string[] {
  const words: string[] = [];
  let start = 0;
  while (start < line.length && words.length < most - 1) {
    const end = endOfWord(line, start, (letter) => letter === " " || letter === "\t");
    words.push(line.slice(start, end));
    start = end;
    while (line[start] === " " || line[start] === "\t") start++;
  }
  if (start < line.length) words.push(line.slice(start));
  return words;
}

/** Names in lower case, with what stands behind "="; null where nothing does. */
function optionsOf(word: string): Map<string, string | null> {
  const options = new Map<string, string | null>();
  for (let start = 0; start < word.length; ) {
    const end = endOfWord(word, start, (letter) => letter === ",");
    const option = word.slice(start, end);
    const [name] = option.split("=", 1) as [string];
    const value = option.length > name.length ? option.slice(name.length + 1) : null;
    if (options.has(name.toLowerCase())) throw fail(`its option "${name.slice(0, 40)}" stands there twice`);
    options.set(name.toLowerCase(), value === null ? null : value.replace(/^"(.*)"$/, "$1").replaceAll('\\"', '"'));
    start = end + 1;
  }
  return options;
}

/** Where the word ends: what parts words does not within quotation marks, in which \" is one. */
function endOfWord(text: string, start: number, parts: (letter: string) => boolean): number {
  let isQuoted = false;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\" && text[at + 1] === '"') at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && parts(text[at]!)) return at;
  }
  return text.length;
}

function fail(message: string): SealError {
  return new SealError("usage", message);
}
