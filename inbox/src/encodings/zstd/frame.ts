// Zstandard (RFC 8878): frames behind each other, with the window that a content coding may have (RFC 9659). What is
// referred to stands in the output, so the window takes no memory of its own.

import { damaged, endsEarly, type Output, tooLong } from "../output.js";
import { Literals } from "./literals.js";
import { Sequences } from "./sequences.js";
import { Xxh64 } from "./xxh64.js";

const MAGIC = 0xfd2fb528;
/** With any last half byte. */
const SKIPPABLE = 0x184d2a50;
const MAX_WINDOW = 8 * 1024 * 1024;
const MAX_BLOCK = 128 * 1024;
/** What takes as long as so many bytes of output. */
const BLOCK_WORK = 8192;
const [RAW, REPEATED, COMPRESSED] = [0, 1, 2];

interface Head {
  readonly window: number;
  /** What it says of its length. */
  readonly size: number | null;
  readonly hasChecksum: boolean;
  /** Where its blocks begin. */
  readonly at: number;
}

/** Yields now and then, so that others have a turn. Throws `Problem`. */
export function* unzstd(input: Uint8Array, output: Output): Generator<void> {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const literals = new Literals(output);
  const sequences = new Sequences();
  try {
    for (let at = 0; at < input.length; ) {
      if (at + 4 > input.length) throw endsEarly();
      const magic = view.getUint32(at, true);
      if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) at = skipped(view, at);
      else if (magic === MAGIC) at = yield* frame(view, at + 4, { literals, sequences, output });
      else throw damaged(at === 0 ? "it is not Zstandard data" : "there is something after its end");
    }
  } finally {
    literals.wipe();
  }
}

function skipped(view: DataView, at: number): number {
  if (at + 8 > view.byteLength) throw endsEarly();
  const end = at + 8 + view.getUint32(at + 4, true);
  if (end > view.byteLength) throw endsEarly();
  return end;
}

/** What frames behind each other share. */
interface Decoding {
  readonly literals: Literals;
  readonly sequences: Sequences;
  readonly output: Output;
}

/** Where it ends. */
function* frame(view: DataView, start: number, { literals, sequences, output }: Decoding): Generator<void, number> {
  const head = headAt(view, start);
  if (head.size !== null && output.length + head.size > output.limit) throw tooLong(output.limit);
  if (head.window > MAX_WINDOW) throw damaged(`it needs a window of more than ${MAX_WINDOW} bytes`);
  const input = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const bounds = { start: output.length, window: head.window, block: Math.min(head.window, MAX_BLOCK) };
  const sum = new Xxh64(output.length);
  sequences.reset();
  literals.forgetTable();
  let at = head.at;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > input.length) throw endsEarly();
    const block = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16);
    isLast = (block & 1) === 1;
    const [type, size] = [(block >> 1) & 3, block >> 3];
    const end = at + 3 + (type === REPEATED ? 1 : size);
    if (size > bounds.block) throw damaged("a block is too long");
    if (end > input.length) throw endsEarly();
    const before = output.length;
    if (type === COMPRESSED) {
      const part = input.subarray(0, end);
      sequences.write(part, literals.read(part, at + 3, bounds.block), literals, output, bounds);
    } else if (type === RAW || type === REPEATED) plain(output, input, at + 3, type, size);
    else throw damaged("a block has an unknown type");
    at = end;
    if (head.hasChecksum) sum.update(output.bytes, output.length);
    if (output.isDue(BLOCK_WORK + output.length - before)) yield;
  }
  if (head.size !== null && output.length - bounds.start !== head.size) throw damaged("its length does not match");
  if (!head.hasChecksum) return at;
  if (at + 4 > input.length) throw endsEarly();
  if (view.getUint32(at, true) !== sum.digest(output.bytes, output.length))
    throw damaged("its checksum does not match");
  return at + 4;
}

/** A block as it is, or of one byte. */
function plain(output: Output, input: Uint8Array, at: number, type: number, size: number): void {
  output.reserve(size);
  if (type === RAW) output.bytes.set(input.subarray(at, at + size), output.length);
  else output.bytes.fill(input[at]!, output.length, output.length + size);
  output.length += size;
}

function headAt(view: DataView, start: number): Head {
  if (start >= view.byteLength) throw endsEarly();
  const flags = view.getUint8(start);
  const isSingle = (flags & 0x20) !== 0;
  if ((flags & 0x08) !== 0) throw damaged("a reserved bit is set");
  const ofId = [0, 1, 2, 4][flags & 3]!;
  const ofSize = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const idAt = start + (isSingle ? 1 : 2);
  const at = idAt + ofId + ofSize;
  if (at > view.byteLength) throw endsEarly();
  for (let i = idAt; i < idAt + ofId; i++) if (view.getUint8(i) !== 0) throw damaged("it needs a dictionary");
  const size = ofSize === 0 ? null : sizeAt(view, idAt + ofId, ofSize);
  const window = isSingle ? size! : windowOf(view.getUint8(start + 1));
  return { window, size, hasChecksum: (flags & 0x04) !== 0, at };
}

function sizeAt(view: DataView, at: number, length: number): number {
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  return length === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
