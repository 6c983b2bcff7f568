// The text form of sealed files (docs/FORMAT.md, "Text form"): read as a stream in bounded memory, and written as one.

import { type Bytes, concat, utf8 } from "../bytes.js";
import { SealError } from "../errors.js";
import { byPosition, type Sink, type Source } from "../flow/io.js";
import { abortable } from "../flow/order.js";
import { pieceSource, piecesOf } from "../flow/streams.js";
import { fromBase64, toBase64 } from "./base64.js";

const BEGIN = "-----BEGIN SEALED FILE-----";
const END = "-----END SEALED FILE-----";
/** Characters of a line, and the bytes that they stand for. */
const [LINE, LINE_BYTES] = [64, 48];
const LONGEST_LINE = 80;
/** Before it begins, and after its end. */
const MOST_BLANK_LINES = 1024;
const READ_SIZE = 64 * 1024;
/** So many lines are decoded at a time. */
const AT_ONCE = 1024;

const EACH_LINE = new RegExp(`.{1,${LINE}}`, "g");
const BLANK = /^[ \t]*$/;
const WHOLE_LINE = /^[A-Za-z0-9+/]{64}$/;
const LAST_LINE = /^(?:[A-Za-z0-9+/]{4}){0,15}(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;

/** A character for each byte; whatever those of a text form are not is refused as it is. */
const LATIN = new TextDecoder("latin1");

/** With what a text form begins, and no sealed file does: blanks, line ends, a hyphen. */
const TEXT = new Set([0x09, 0x0a, 0x0d, 0x20, 0x2d]);

/**
 * What a source holds in its text form, else the source as it is. `isText` tells which: a text cannot be read by
 * position. Throws `io`, and the signal's reason; reading throws `malformed` where the text form has a fault.
 */
export async function unarmored<S extends Source>(
  source: S,
  signal?: AbortSignal,
): Promise<S & { readonly isText: boolean }> {
  const [first, rest] = await abortable(peeked(source), signal);
  if (first === undefined || !TEXT.has(first)) return { ...rest, isText: false };
  const { name } = source;
  const text = pieceSource(piecesOf(payloadOf(rest, name)), name);
  const { checkUnchanged, close } = source;
  return { ...source, ...text, checkUnchanged, close, isText: true };
}

/** The first byte, and a source that still has it. */
async function peeked<S extends Source>(source: S): Promise<[number | undefined, S]> {
  if (byPosition(source)) return [(await source.readAt(0, 1))[0], source];
  const first = await source.read(1);
  let isDue = first.length > 0;
  const fill = async (into: Uint8Array): Promise<number> => {
    if (!isDue || into.length === 0) return source.fill(into);
    isDue = false;
    into.set(first);
    return 1 + (await source.fill(into.subarray(1)));
  };
  const read = async (length: number): Promise<Uint8Array> => {
    if (!isDue || length === 0) return source.read(length);
    isDue = false;
    return concat(first, await source.read(length - 1));
  };
  const skipTo = async (position: number, end?: number): Promise<void> => {
    if (isDue && position === 0) return;
    isDue = false;
    await source.skipTo(position, end);
  };
  return [first[0], { ...source, fill, read, skipTo }];
}

function malformed(name: string, what: string): SealError {
  return new SealError("malformed", `${name} is a text, but ${what}`);
}

/** The bytes between the ends, of which the last are given only when what follows the end has been seen. */
async function* payloadOf(source: Source, name: string): AsyncGenerator<Uint8Array> {
  const lines = linesOf(source, name);
  await expectBegin(lines, name);
  let before: string | null = null;
  let due: string[] = [];
  for await (const line of lines) {
    if (line === END) {
      due.push(checkedLast(before, name));
      await expectBlank(lines, name);
      yield decoded(due);
      return;
    }
    if (before !== null) {
      if (!WHOLE_LINE.test(before)) throw malformed(name, "a line of it is not 64 characters of base64");
      due.push(before);
    }
    before = line;
    if (due.length < AT_ONCE) continue;
    yield decoded(due);
    due = [];
  }
  throw malformed(name, "the line that ends a sealed file is missing");
}

function decoded(lines: readonly string[]): Bytes {
  return fromBase64(lines.join(""));
}

/** The last line, which has one encoding only: bits that no byte needs are zero. */
function checkedLast(line: string | null, name: string): string {
  if (line !== null && LAST_LINE.test(line) && toBase64(decoded([line])) === line) return line;
  throw malformed(name, "its last line is not base64 as it is written");
}

async function expectBegin(lines: AsyncGenerator<string>, name: string): Promise<void> {
  for (let blank = 0; blank <= MOST_BLANK_LINES; blank++) {
    const { value, done } = await lines.next();
    if (!done && value === BEGIN) return;
    if (done || !BLANK.test(value)) break;
  }
  throw malformed(name, "it does not begin as a sealed file does");
}

async function expectBlank(lines: AsyncGenerator<string>, name: string): Promise<void> {
  let count = 0;
  for await (const line of lines) {
    if (BLANK.test(line) && ++count <= MOST_BLANK_LINES) continue;
    throw malformed(name, "something follows the sealed file");
  }
}

/** Lines, without the LF or CR LF at their ends, which the last may lack; none is long. */
async function* linesOf(source: Source, name: string): AsyncGenerator<string> {
  let rest = "";
  for (;;) {
    const bytes = await source.read(READ_SIZE);
    const parts = (rest + LATIN.decode(bytes)).split("\n");
    rest = parts.pop()!;
    for (const line of parts) yield checkedLine(withoutReturn(line), name);
    checkedLine(withoutReturn(rest), name);
    if (bytes.length < READ_SIZE) break;
  }
  if (rest !== "") yield rest;
}

const withoutReturn = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);

function checkedLine(line: string, name: string): string {
  if (line.length <= LONGEST_LINE) return line;
  throw malformed(name, "a line of it is longer than any of a sealed file is");
}

/** A sink that writes the text form of what it is given, in order, to another. */
export function armoredSink(sink: Sink): Sink {
  let position = 0;
  let rest: Uint8Array = new Uint8Array(0);
  const put = async (text: string): Promise<void> => {
    const bytes = utf8(text);
    const at = position;
    position += bytes.length;
    await sink.write(bytes, at);
  };
  return {
    name: sink.name,
    fd: null,
    keeps: false,
    write: async (bytes) => {
      if (position === 0) await put(`${BEGIN}\n`);
      const all = concat(rest, bytes);
      const whole = all.length - (all.length % LINE_BYTES);
      rest = all.subarray(whole);
      if (whole > 0) await put(inLines(all.subarray(0, whole)));
    },
    commit: async () => {
      await put(`${inLines(rest)}${END}\n`);
      await sink.commit();
    },
    abort: () => sink.abort(),
  };
}

function inLines(bytes: Uint8Array): string {
  return toBase64(bytes).replace(EACH_LINE, "$&\n");
}
