// gzip (RFC 1952): one member or several, behind each other, and nothing else.

import { crc32 } from "./crc32.js";
import { Inflate } from "./inflate.js";
import { damaged, endsEarly, type Output } from "./output.js";

const [HEADER_CHECK, EXTRA, NAME, COMMENT, RESERVED] = [0x02, 0x04, 0x08, 0x10, 0xe0];
const FIXED_BYTES = 10;
const TRAILER_BYTES = 8;

/** Yields now and then, so that others have a turn. Throws `Problem`. */
export function* gunzip(input: Uint8Array, output: Output): Generator<void> {
  const inflate = new Inflate(input, output);
  for (let at = 0; at < input.length; ) {
    const start = output.length;
    let [sum, summed] = [0, start];
    const add = () => {
      sum = crc32(output.bytes, summed, output.length, sum);
      summed = output.length;
    };
    for (const _ of inflate.run(headerEnd(input, at))) {
      add();
      yield;
    }
    add();
    at = inflate.end + TRAILER_BYTES;
    if (at > input.length) throw endsEarly();
    const trailer = new DataView(input.buffer, input.byteOffset + inflate.end, TRAILER_BYTES);
    if (trailer.getUint32(0, true) !== sum) throw damaged("its checksum does not match");
    if (trailer.getUint32(4, true) !== output.length - start) throw damaged("its length does not match");
  }
}

/** Where a member's data begin. Throws `Problem` where none begins. */
function headerEnd(input: Uint8Array, start: number): number {
  const [first, second, method, flags = 0] = input.subarray(start, start + 4);
  if (first !== 0x1f || (second ?? 0x8b) !== 0x8b)
    throw damaged(start === 0 ? "it is not gzip data" : "there is something after its end");
  if ((method ?? 8) !== 8 || (flags & RESERVED) !== 0) throw damaged("its header names an unknown method or flag");
  let at = start + FIXED_BYTES;
  if (flags & EXTRA) at += 2 + ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8));
  for (const flag of [NAME, COMMENT]) if (flags & flag) at = textEnd(input, at);
  if (flags & HEADER_CHECK) {
    const sum = crc32(input, start, Math.min(at, input.length)) & 0xffff;
    at += 2;
    if (at <= input.length && (input[at - 2]! | (input[at - 1]! << 8)) !== sum) throw damaged("its header is damaged");
  }
  if (at > input.length) throw endsEarly();
  return at;
}

/** Behind the zero that ends a text. */
function textEnd(input: Uint8Array, at: number): number {
  const zero = input.indexOf(0, at);
  if (zero < 0) throw endsEarly();
  return zero + 1;
}
