// docs/FORMAT.md, "Core", "Stanzas" and "Header authenticator", once more and in another way: the whole header is at hand, so it is
// walked with an index. It shares nothing with src/format, and says what a decoder must say.

export type HeaderVerdict = { readonly length: number } | "malformed" | "tampered";

const MAGIC = [0x89, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a, 0x1a];
const FILE = 1n;
const JOURNAL = 2n;
const SIGNED_AUTHENTICATOR = 64;
const UNSIGNED_AUTHENTICATOR = 32;

class Cut extends Error {}
class Wrong extends Error {}

/** What the format says of the header of that kind at the beginning of `bytes`: its length, or the kind of error. */
export function judgeHeader(bytes: Uint8Array, kind = FILE): HeaderVerdict {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return "malformed";
  try {
    return { length: walk(bytes, kind) };
  } catch (error) {
    if (error instanceof Cut) return "tampered";
    if (error instanceof Wrong) return "malformed";
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

  must(integer(1) === 1n);
  must(integer(1) === kind);
  const exponent = integer(1);
  must(12n <= exponent && exponent <= 24n);
  const algorithm = integer(1);
  must((algorithm === 0n && kind === FILE) || algorithm === 1n);
  must((integer(32) === 0n) === (algorithm === 0n));
  field(32);
  must(integer(8) <= 253402300799n);
  const labelLength = Number(integer(1));
  must(isLabel(field(labelLength)));
  if (kind === JOURNAL) field(32);

  const count = Number(integer(2));
  must(1 <= count && count <= 4096);
  const types = new Set<number>();
  let total = 2;
  for (let i = 0; i < count; i++) {
    const type = Number(integer(2));
    types.add(type);
    must(type !== 0 && !(types.has(1) && types.has(2)));
    const length = Number(integer(2));
    total += 4 + length;
    must(length <= 4096 && (type !== 1 || length === 80) && total <= 8 * 1024 * 1024);
    field(length);
  }
  field(algorithm === 1n ? SIGNED_AUTHENTICATOR : UNSIGNED_AUTHENTICATOR);
  return at;
}

/** RFC 3629 by its table of byte ranges, less the characters that FORMAT.md forbids. */
function isLabel(bytes: Uint8Array): boolean {
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
    [0x2028, 0x202e],
    [0x2066, 0x2069],
    [0xfeff, 0xfeff],
  ] as const;
  return ranges.some(([first, last]) => first <= point && point <= last);
}
