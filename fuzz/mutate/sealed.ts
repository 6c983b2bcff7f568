// Mutations of sealed files that know their layout.

import { type Bytes, concat, u16 } from "../../src/bytes.js";
import type { Random } from "../random.js";
import { byInsider, type Level, repaired } from "../sealed/forge.js";
import { assemble, type Parts, type StanzaPart, takeApart } from "../sealed/parts.js";
import { mutateBytes, shortLength } from "./bytes.js";

type Mutation<T> = (parts: T, other: T, random: Random) => void;
type PartsMutation = Mutation<Parts>;
/** What follows a header, record by record. */
export interface Records {
  records: Bytes[];
}

const LABELS = [
  "",
  "a",
  "release 1",
  "é",
  "\u{1f600}",
  "\u2028",
  "\ufeff",
  "\u007f",
  "\u0085",
  "\u202e",
  "x".repeat(255),
];
const RAW_LABELS = [
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x80],
  [0x80],
  [0xff],
  [0xc1, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
];
const TIMES = [0n, 1n, 253402300799n, 253402300800n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
/** Keys that are none, and points of small order. */
const KEYS = [
  new Uint8Array(32),
  Uint8Array.of(1, ...new Uint8Array(31)),
  new Uint8Array(32).fill(0xff),
  Uint8Array.of(0xec, ...new Uint8Array(30).fill(0xff), 0x7f),
];

const randomByte = (random: Random, ...likely: number[]) => (random.oneIn(3) ? random.below(256) : random.pick(likely));

const CORE: readonly PartsMutation[] = [
  (parts, _, random) => {
    parts.version = randomByte(random, 0, 1, 2);
  },
  (parts, _, random) => {
    parts.kind = randomByte(random, 0, 1, 2, 3);
  },
  (parts, _, random) => {
    parts.exponent = randomByte(random, 11, 12, 13, 22, 24, 25);
  },
  (parts, _, random) => {
    parts.algorithm = randomByte(random, 0, 1, 2);
  },
  (parts, _, random) => {
    parts.content = randomByte(random, 0, 1, 255);
  },
  (parts, other, random) => {
    parts.recordKey = random.pick([...KEYS, other.recordKey, parts.signer, random.bytes(32)]).slice();
  },
  (parts, other, random) => {
    parts.signer = random.pick([...KEYS, other.signer, random.bytes(32)]).slice();
  },
  (parts, other, random) => {
    parts.commitment = random.pick([other.commitment, new Uint8Array(32), random.bytes(32)]);
  },
  (parts, _, random) => {
    parts.sealedAt = random.pick(TIMES);
  },
  (parts, _, random) => {
    parts.label = concat(new TextEncoder().encode(random.pick(LABELS)));
  },
  (parts, _, random) => {
    parts.label = concat(parts.label, Uint8Array.from(random.pick(RAW_LABELS))).slice(-255);
  },
  (parts, _, random) => {
    parts.label = parts.label.length === 0 ? parts.label : mutateBytes(parts.label, parts.label, random).slice(0, 255);
  },
  (parts, _, random) => {
    parts.labelLength = randomByte(random, 0, 1, parts.label.length + 1, 255);
  },
  (parts, other, random) => {
    if (parts.previous)
      parts.previous = random.pick([other.previous ?? parts.signer, new Uint8Array(32), random.bytes(32)]);
  },
];

function stanza(random: Random, other: Parts): StanzaPart {
  const type = random.pick([0, 1, 1, 2, 3, 7, 0x7fff, 0x8000, 0x8001, 0x8001, 0x8002, 0xffff]);
  const lengths = [0, 1, 63, 64, 65, 79, 80, 81, 1167, 1168, 1169, 4095, 4096];
  const due = type === 1 ? 80 : type === 0x8001 ? 1168 : type === 0x8002 ? 64 : null;
  const body = random.bytes(
    due !== null && !random.oneIn(4) ? due : random.pick(random.oneIn(4) ? lengths : lengths.slice(0, 5)),
  );
  return other.stanzas.length > 0 && random.oneIn(2) ? random.pick(other.stanzas) : { type, length: null, body };
}

const STANZAS: readonly PartsMutation[] = [
  (parts, other, random) => {
    parts.stanzas.splice(random.below(parts.stanzas.length + 1), random.below(2), stanza(random, other));
  },
  (parts, _, random) => {
    parts.stanzas.splice(random.below(parts.stanzas.length), 1);
  },
  (parts, _, random) => {
    if (parts.stanzas.length > 0) parts.stanzas.push(random.pick(parts.stanzas));
  },
  (parts, _, random) => {
    parts.stanzas.unshift(...parts.stanzas.splice(random.below(parts.stanzas.length)));
  },
  (parts, _, random) => {
    const at = random.below(parts.stanzas.length);
    const old = parts.stanzas[at];
    if (old)
      parts.stanzas[at] = { ...old, type: random.pick([0, 1, 2, 3, 0x7fff, 0x8000, 0x8001, random.below(65536)]) };
  },
  (parts, _, random) => {
    const at = random.below(parts.stanzas.length);
    const old = parts.stanzas[at];
    if (old)
      parts.stanzas[at] = {
        ...old,
        length: random.pick([0, 1, 79, 80, 81, 1167, 1168, 4096, 4097, 65535, old.body.length + 1]),
      };
  },
  (parts, _, random) => {
    const at = random.below(parts.stanzas.length);
    const old = parts.stanzas[at];
    if (old && old.body.length > 0)
      parts.stanzas[at] = { ...old, body: mutateBytes(old.body, old.body, random).slice(0, 4096) };
  },
  (parts, _, random) => {
    parts.count = random.pick([
      0,
      1,
      parts.stanzas.length + 1,
      Math.max(0, parts.stanzas.length - 1),
      4096,
      4097,
      65535,
    ]);
  },
  (parts, other, random) => {
    parts.authenticator = random
      .pick([other.authenticator, random.bytes(64), random.bytes(32), new Uint8Array(64)])
      .slice();
  },
  (parts, _, random) => {
    parts.authenticator = mutateBytes(parts.authenticator, parts.authenticator, random);
  },
];

export const RECORDS: readonly Mutation<Records>[] = [
  ({ records }, _, random) => {
    records.splice(random.below(records.length), 1);
  },
  ({ records }, _, random) => {
    if (records.length > 0) records.splice(random.below(records.length + 1), 0, random.pick(records));
  },
  ({ records }, _, random) => {
    records.splice(random.below(records.length), 0, ...records.splice(random.below(records.length), 1));
  },
  ({ records }, other, random) => {
    if (other.records.length > 0)
      records.splice(random.below(records.length + 1), random.below(2), random.pick(other.records));
  },
  (parts, other, random) => {
    parts.records = random.oneIn(2) ? [...other.records] : [...parts.records, ...other.records];
  },
  (parts, other, random) => {
    parts.records.splice(
      random.below(parts.records.length + 1),
      Number.POSITIVE_INFINITY,
      ...other.records.slice(random.below(other.records.length + 1)),
    );
  },
  ({ records }, _, random) => {
    records.push(random.bytes(random.pick([0, 1, 15, 16, 17, 111, 112, 113])));
  },
  ({ records }, _, random) => {
    const last = records.pop();
    if (last) records.push(last.slice(0, random.below(last.length + 1)));
  },
  ({ records }, _, random) => {
    const at = random.below(records.length);
    const old = records[at];
    if (old && old.length > 0) records[at] = mutateBytes(old, old, random).slice(0, old.length);
  },
  ({ records }, other, random) => trade(records, other, random),
];

/** One field of a record's end (tag, chain, signature, its halves) from another record. */
function trade(records: Bytes[], other: Records, random: Random): void {
  const donors = [...records, ...other.records].filter(({ length }) => length >= 112);
  const at = random.below(records.length);
  const old = records[at];
  if (!old || old.length < 112 || donors.length === 0) return;
  const [from, to] = random.pick([
    [112, 96],
    [96, 64],
    [64, 32],
    [32, 0],
    [64, 0],
    [112, 0],
  ] as const);
  const donor = random.pick(donors);
  const out = old.slice();
  out.set(donor.subarray(donor.length - from, donor.length - to), out.length - from);
  records[at] = out;
}

const LEVELS: readonly Level[] = ["authenticator", "stanzas", "records", "records"];

/**
 * Mutates a header by its fields, most often, and signs it anew, as the forger, now and then; records stay as they are.
 */
export function mutateHeader(input: Bytes, other: Bytes, random: Random): Bytes {
  const parts = takeApart(input);
  if (!parts || random.oneIn(6)) return mutateBytes(input, other, random);
  vary(parts, takeApart(other) ?? parts, random, [CORE, STANZAS]);
  return assemble(random.oneIn(3) ? repaired(parts, "authenticator", random) : parts);
}

/** Mutates a sealed file by its parts, most often; makes it right again, as the forger could, now and then. */
export function mutateSealed(input: Bytes, other: Bytes, random: Random): Bytes {
  const parts = takeApart(input);
  if (!parts || random.oneIn(6)) return mutateBytes(input, other, random);
  if (random.oneIn(8)) return assemble(byInsider(parts, random));
  vary(parts, takeApart(other) ?? parts, random, [CORE, STANZAS, RECORDS]);
  if (random.oneIn(12)) parts.records = lengthened(parts, random);
  return assemble(random.oneIn(3) ? repaired(parts, random.pick(LEVELS), random) : parts);
}

function vary(parts: Parts, donor: Parts, random: Random, groups: readonly (readonly PartsMutation[])[]): void {
  for (let times = random.below(3); times > 0; times--) random.pick(random.pick(groups))(parts, donor, random);
}

/** Records of lengths at and around the bounds; only as many bytes as an input may have. */
function lengthened(parts: Parts, random: Random): Bytes[] {
  const overhead = parts.algorithm === 0 ? 16 : 112;
  const full = 4096 + overhead;
  const lengths = [overhead, overhead + 1, overhead - 1, full - 1, full, shortLength(random, 300)];
  const whole = Array.from({ length: random.below(3) }, () => new Uint8Array(full));
  return [...whole, concat(u16(0), new Uint8Array(random.pick(lengths))).subarray(2)];
}
