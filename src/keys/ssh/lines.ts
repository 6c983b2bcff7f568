// Lines of public keys as ssh's files have them: .pub and authorized_keys (options before the key), allowed_signers
// (names before it).

import type { Bytes } from "../../bytes.js";
import type { Suite } from "../../crypto/suite.js";
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
  /** Whether keys count whatever their line says of use and time: for what takes them away. */
  readonly ever?: boolean;
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
  /** An option that stands there twice, and may not; null where none does. */
  readonly twice: string | null;
  readonly type: string;
  readonly encoded: string;
}

/** Options of authorized_keys, in lower case. */
const AUTHORIZED = new Set(
  "agent-forwarding cert-authority command environment expiry-time from no-agent-forwarding no-port-forwarding no-pty no-touch-required no-user-rc no-verify-required no-x11-forwarding permitlisten permitopen port-forwarding principals pty restrict touch-required tunnel user-rc verify-required x11-forwarding".split(
    " ",
  ),
);
/** Those that may stand there more than once. */
const REPEATED = new Set(["environment", "permitlisten", "permitopen"]);
/** Options of allowed_signers. */
const ALLOWED = new Set(["cert-authority", "namespaces", "valid-after", "valid-before"]);

/**
 * Throws `usage` for a line of a file of hosts, as known_hosts. By a marker, a name under a hash, a port or an address
 * it is known as one. A plain name with no option behind it may be a host's or a signer's: it counts as a signer's
 * where a principal is asked for, or keys are taken away.
 */
export function refuseHostLine(line: string, { principal, ever }: SshDemands): void {
  if (/^(@|\|1\|)/.test(line)) throw fail(OF_HOSTS);
  const { principals, options } = splitSshLine(line)!;
  if (principals === null) return;
  if (principals.split(",").some(isHostAddress)) throw fail(OF_HOSTS);
  if (principals.includes("@") || options.size > 0 || principal !== undefined || ever) return;
  throw new SealError("usage", `"${shownNames(principals)}" may be a signer or a host: no name has an "@"`, {
    reason: "host-line",
  });
}

const OF_HOSTS = "a key of a host: this is a file of hosts";

/** [host]:port, or an address of either version of IP. */
function isHostAddress(name: string): boolean {
  return /^!?(\[.*\](:\d+)?|\d+(\.\d+){3}|[0-9a-f]*:[0-9a-f:.]*(%\w+)?)$/i.test(name);
}

function shownNames(names: string): string {
  return names.length > 40 ? `${names.slice(0, 40)}…` : names;
}

/** Whether a line holds a key of ssh's, of whatever kind. */
export function isSshLine(line: string): boolean {
  return splitSshLine(line) !== null;
}

/**
 * The key of a line, checked; null where the line is not for this principal. Throws `usage` where it holds none that
 * can be used so, or now.
 */
export async function keyOfSshLine(suite: Suite, text: string, use: SshUse): Promise<Bytes | null> {
  const line = splitSshLine(text)!;
  const { principals, type, encoded } = line;
  if (use.principal !== undefined && (principals === null || !matchesPatterns(use.principal, principals))) return null;
  if (!use.ever) refuseUse(line, use);
  return checkedSshKey(suite, sshKeyOf(type, encoded));
}

/** Throws `usage` for a line that says it is for another use or time. */
function refuseUse({ principals, options, twice }: SshLine, { kind, now }: SshUse): void {
  if (principals !== null && kind === "recipient") throw fail("it says who signs, and not whom to seal for");
  if (twice !== null) throw fail(`its option "${twice.slice(0, 40)}" stands there twice`);
  if (principals === null) refuseExpired(options, now);
  else refuseElsewhere(options, now);
  if (options.has("cert-authority")) throw fail("a certificate authority (cert-authority), which is nobody's own key");
}

/** What a line of allowed signers is for, and when. */
function refuseElsewhere(options: ReadonlyMap<string, string | null>, now: number): void {
  const unknown = [...options.keys()].find((name) => !ALLOWED.has(name));
  if (unknown !== undefined) throw fail(`"${unknown.slice(0, 40)}" is no option of allowed signers`);
  const namespaces = options.get("namespaces");
  if (namespaces === null || (namespaces !== undefined && !matchesPatterns(NAMESPACE, namespaces))) {
    throw fail(`this signer is for other namespaces than "${NAMESPACE}"`);
  }
  const [after, before] = ["valid-after", "valid-before"].map((name) => timeOf(options.get(name)) ?? now) as Two;
  if (now < after) throw fail("this signer is not valid yet (valid-after)");
  if (now > before) throw fail("this signer is not valid any more (valid-before)");
}

function refuseExpired(options: ReadonlyMap<string, string | null>, now: number): void {
  const unknown = [...options.keys()].find((name) => !AUTHORIZED.has(name));
  if (unknown !== undefined) throw fail(`"${unknown.slice(0, 40)}" is no option of authorized keys`);
  const time = timeOf(options.get("expiry-time")) ?? now;
  if (now > time) throw fail("the key has expired (expiry-time)");
}

const TIME = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z)?$/i;

/** YYYYMMDD[HHMM[SS]][Z], as Unix milliseconds; without a Z in the time of this machine. */
function timeOf(text: string | null | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = TIME.exec(`${text}`);
  if (!match) throw fail("its time is not written as YYYYMMDD or YYYYMMDDHHMM[SS]");
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((field) => Number(field ?? 0)) as Six;
  const date = match[7]
    ? new Date(Date.UTC(year, month - 1, day, hour, minute, second))
    : new Date(year, month - 1, day, hour, minute, second);
  // A day that the month does not have, or that a time zone has left out, is another one.
  const [sameMonth, sameDay] = match[7] ? [date.getUTCMonth(), date.getUTCDate()] : [date.getMonth(), date.getDate()];
  if (sameMonth !== month - 1 || sameDay !== day || hour > 23 || minute > 59 || second > 59) {
    throw fail("its time does not exist");
  }
  return date.getTime();
}

type Two = [number, number];
type Six = [number, number, number, number, number, number];

function splitSshLine(line: string): SshLine | null {
  const words = wordsOf(line);
  const at = words.findIndex(isSshType);
  if (at < 0 || at > 2) return null;
  const [type, encoded] = [words[at]!, /[^ \t]*/.exec(words[at + 1]!)![0]];
  if (at === 0) return { principals: null, options: new Map(), twice: null, type, encoded };
  const first = optionsOf(words[0]!);
  if (at === 1 && [...first.options].some(isOption)) return { principals: null, ...first, type, encoded };
  const behind = optionsOf(at === 2 ? words[1]! : "");
  return { principals: words[0]!.replaceAll('"', ""), ...behind, type, encoded };
}

/** What is no name of a signer. What is mistyped among options must not make names of the others. */
function isOption([name, value]: readonly [string, string | null]): boolean {
  return value !== null || AUTHORIZED.has(name) || ALLOWED.has(name) || name.startsWith("no-");
}

/** The first four words, which blanks part that stand in no quotation marks; empty ones where there are not so many. */
function wordsOf(line: string): string[] {
  let start = 0;
  return Array.from({ length: 4 }, () => {
    const end = endOfWord(line, start, isBlank);
    const word = line.slice(start, end);
    start = end;
    while (isBlank(line[start])) start++;
    return word;
  });
}

function isBlank(letter: string | undefined): boolean {
  return letter === " " || letter === "\t";
}

/** Names in lower case, with what stands behind "="; null where nothing does. */
function optionsOf(word: string): Pick<SshLine, "options" | "twice"> {
  const options = new Map<string, string | null>();
  let twice: string | null = null;
  for (let start = 0; start < word.length; ) {
    const end = endOfWord(word, start, (letter) => letter === ",");
    const option = word.slice(start, end);
    const [written] = option.split("=", 1) as [string];
    const value = option.length > written.length ? option.slice(written.length + 1) : null;
    const name = written.toLowerCase();
    if (options.has(name) && !REPEATED.has(name)) twice ??= written;
    options.set(name, value === null ? null : value.replace(/^"(.*)"$/, "$1").replaceAll('\\"', '"'));
    start = end + 1;
  }
  return { options, twice };
}

/** Where the word ends: what parts words does not within quotation marks, in which \" is one. */
function endOfWord(text: string, start: number, parts: (letter: string) => boolean): number {
  let isQuoted = false;
  // Stryker disable next-line EqualityOperator: what is behind the end parts no words.
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
