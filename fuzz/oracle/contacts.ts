// docs/FORMAT.md, "Contacts", once more and in another way: what each line says, by looking at its words.

import { isDecoded, keyIn, linesOf } from "./keys.js";

/** `NAME KEY STATE TIME REASON`, or `@GROUP NAME…`, with what a line does not have left empty. */
export type Statement = readonly string[];

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What the file says, line by line; null where it is none. */
export function judgeContacts(text: string): Statement[] | null {
  const said: Statement[] = [];
  for (const line of linesOf(text)) {
    if (line === "" || line.startsWith("#")) continue;
    const statement = line.startsWith("@") ? group(line) : key(line);
    if (!statement) return null;
    said.push(statement);
  }
  const keys = said.filter(([name]) => !name!.startsWith("@"));
  const names = new Set(keys.map(([name]) => name));
  names.delete("-");
  const pairs = keys.map(([name, text]) => `${name} ${text}`);
  if (new Set(pairs).size < pairs.length) return null;
  const members = said.filter(([name]) => name!.startsWith("@")).flatMap(([, ...rest]) => rest);
  return members.every((name) => names.has(name)) ? said : null;
}

/** Takes the next word and the white space behind it off the line. */
function cut(line: string): [word: string, rest: string] {
  const end = [...line].findIndex((letter) => letter === " " || letter === "\t");
  const letters = [...line];
  if (end < 0) return [line, ""];
  let next = end;
  while (letters[next] === " " || letters[next] === "\t") next++;
  return [letters.slice(0, end).join(""), letters.slice(next).join("")];
}

function words(line: string): string[] {
  const found: string[] = [];
  for (let rest = line; rest !== ""; ) {
    const [word, more] = cut(rest);
    found.push(word);
    rest = more;
  }
  return found;
}

const isWord = (text: string) =>
  text !== "" && /[a-z0-9]/.test(text[0]!) && [...text].every((c) => /[a-z0-9_-]/.test(c));
const isName = (text: string) =>
  isWord(text) && text !== "any" && !["seal1", "sealsig1", "seal-secret-key-1"].some((start) => text.startsWith(start));

function group(line: string): Statement | null {
  const [name, ...members] = words(line);
  if (!isWord(name!.slice(1)) || !members.every(isName)) return null;
  return [name!, ...new Set(members)];
}

function key(line: string): Statement | null {
  const [name, afterName] = cut(line);
  const [text, afterKey] = cut(afterName);
  const [state, afterState] = cut(afterKey);
  const [time, reason] = cut(afterState);
  const recipient = keyIn("recipient", text);
  const isSigner = keyIn("signer", text) !== null;
  if (!isSigner && !(recipient && isDecoded(recipient))) return null;
  const [named, nobody] = [isName(name), name === "-"];
  const statement = [name, text, state, time, reason];
  if (state === "") return named ? statement : null;
  if (state === "sender") return named && isSigner && afterState === "" ? statement : null;
  if (state === "superseded") return named && isTime(time) && reason === "" ? statement : null;
  if (state === "revoked") return (named || nobody) && isTime(time) && isReason(reason) ? statement : null;
  return null;
}

function isTime(text: string): boolean {
  const [year, month, day, hour, minute, second] = (TIME.exec(text) ?? []).slice(1).map(Number);
  if (year === undefined) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const days = (DAYS[month! - 1] ?? 0) + leap;
  return day! >= 1 && day! <= days && hour! < 24 && minute! < 60 && second! < 60;
}

function isReason(text: string): boolean {
  const forbidden =
    /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
  return Buffer.byteLength(text) <= 255 && text.isWellFormed() && !forbidden.test(text);
}
