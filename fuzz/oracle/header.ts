// docs/FORMAT.md, "Core", "Stanzas" and "Header authenticator", once more and in another way: the whole header is at
// hand, so it is walked with an index. It shares nothing with src/format, and says what a decoder must say.

export type HeaderVerdict = { readonly length: number } | "malformed" | "unsupported" | "tampered";

const MAGIC = [0x89, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a, 0x1a];
const FILE = 1n;
const JOURNAL = 2n;
const BASE = 3n;
const SIGNED_AUTHENTICATOR = 64;
const UNSIGNED_AUTHENTICATOR = 32;

class Cut extends Error {}
class Wrong extends Error {}
class New extends Error {}

/** What the format says of the header of that kind at the beginning of `bytes`: its length, or the kind of error. */
export function judgeHeader(bytes: Uint8Array, kind = FILE): HeaderVerdict {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return "malformed";
  try {
    return { length: walk(bytes, kind) };
  } catch (error) {
    if (error instanceof Cut) return "tampered";
    if (error instanceof Wrong) return "malformed";
    if (error instanceof New) return "unsupported";
    throw error;
  }
}

function walk(bytes: Uint8Array, kind: bigint): number {
  let at = MAGIC.length;
  const field = (length: number): Uint8Array => {
    if (bytes.length - at < length) throw new Cut();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const integer = (length: number) => field(length).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
  const must = (condition: boolean) => {
    if (!condition) throw new Wrong();
  };

  const known = (...values: bigint[]) => {
    const value = integer(1);
    if (!values.includes(value)) throw new New();
    return value;
  };

  known(1n);
  must(known(FILE, JOURNAL, BASE) === kind);
  const exponent = integer(1);
  must(12n <= exponent && exponent <= 24n);
  const algorithm = known(0n, 1n);
  must(algorithm === 1n || kind === FILE);
  known(0n);
  must((integer(32) === 0n) === (algorithm === 0n));
  const recordKey = [...field(32)].reverse().reduce((value, byte) => value * 256n + BigInt(byte), 0n);
  must(algorithm === 0n ? recordKey === 0n : isRecordKey(recordKey % 2n ** 255n));
  field(32);
  must(integer(8) <= 253402300799n);
  const labelLength = Number(integer(1));
  must(isLabel(field(labelLength)));
  if (kind === JOURNAL) field(32);

  const count = Number(integer(2));
  must(1 <= count && count <= 4096);
  let isPostQuantum: boolean | null = null;
  let total = 2;
  for (let i = 0; i < count; i++) {
    const type = Number(integer(2));
    must(type !== 0);
    // The top bit of a type.
    isPostQuantum ??= type >> 15 === 1;
    must(type >> 15 === Number(isPostQuantum));
    const length = Number(integer(2));
    total += 4 + length;
    must(
      length <= 4096 &&
        (type !== 1 || length === 80) &&
        (type !== 0x8001 || length === 1168) &&
        (type !== 0x8002 || length === 64),
    );
    must(total <= 8 * 1024 * 1024);
    field(length);
  }
  field(algorithm === 1n ? SIGNED_AUTHENTICATOR : UNSIGNED_AUTHENTICATOR);
  return at;
}

const P = 2n ** 255n - 19n;

/** Not the y of a point of small order: 0, 1 and −1, and 1 = 2 y^2 + d y^4 where x^2 = −y^2, of order 8. */
function isRecordKey(y: bigint): boolean {
  if (y <= 1n || y >= P - 1n) return false;
  const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
  return (1n - 2n * y * y - d * y ** 4n) % P !== 0n;
}

/** RFC 3629 by its table of byte ranges, less the characters that FORMAT.md forbids. */
export function isLabel(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    const more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    if (more < 0) return false;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let i = 1; i <= more; i++) {
      const byte = bytes[at + i];
      if (byte === undefined || byte >> 6 !== 2) return false;
      point = point * 64 + (byte & 0x3f);
    }
    const shortest = [0, 0x80, 0x800, 0x10000][more]!;
    if (point < shortest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) || isForbidden(point))
      return false;
    at += 1 + more;
  }
  return true;
}

function isForbidden(point: number): boolean {
  const ranges = [
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x180e, 0x180e],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x2064],
    [0x2066, 0x206f],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
    [0xe0000, 0xe007f],
  ] as const;
  return ranges.some(([first, last]) => first <= point && point <= last);
}
