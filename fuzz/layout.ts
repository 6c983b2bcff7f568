// Where the fields of a core are that mutations and oracles look at (docs/FORMAT.md, "Core").

export const EXPONENT = 10;
export const ALGORITHM = 11;
export const SIGNER = [13, 45] as const;
export const RECORD_KEY = [45, 77] as const;
export const LABEL_LENGTH = 117;
/** What a core has before its label. */
export const FIXED = 118;

/** Where the fields of a base are (docs/FORMAT.md, "A base"). */
export const BASE = {
  signer: [11, 43],
  journal: [43, 75],
  previous: [75, 107],
  offset: [107, 115],
  labelLength: 123,
  label: 124,
} as const;

const START = [0x89, 0x53, 0x45, 0x41, 0x4c, 0x0d, 0x0a, 0x1a, 1, 3];
const SIGNATURE = 64;

/** Whether this begins as a base does. */
export function isBase(bytes: Uint8Array): boolean {
  return START.every((byte, i) => bytes[i] === byte);
}

/** How many bytes a base there has, or would have; 0 where there is none. */
export function baseLength(bytes: Uint8Array): number {
  return isBase(bytes) ? BASE.label + (bytes[BASE.labelLength] ?? 0) + SIGNATURE : 0;
}

/** What has to be added to a place in the input for its offset in the journal. */
export function shiftOf(bytes: Uint8Array): number {
  const length = baseLength(bytes);
  if (length === 0 || bytes.length < length) return 0;
  const [from, to] = BASE.offset;
  return Number(BigInt(`0x${Buffer.from(bytes.subarray(from, to)).toString("hex")}`)) - length;
}

/** Whose file or journal this claims to be, a core or a base in front; shorter where the input ends too early. */
export function signerOf<T extends Uint8Array>(bytes: T): T {
  return bytes.slice(...(isBase(bytes) ? BASE.signer : SIGNER)) as T;
}
