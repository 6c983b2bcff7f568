// docs/FORMAT.md, "Journals" and "Record heads", once more and in another way: the plaintext of a frame is at hand.

export interface JudgedRecord {
  readonly record: Uint8Array;
  /** null where nothing stands in front of it. */
  readonly heads: Readonly<Record<string, string>> | null;
}

const LATEST = 253402300799999n;

/** The records of a batch; null where it is none. */
export function judgeBatch(input: Uint8Array): readonly JudgedRecord[] | null {
  const data = Buffer.from(input);
  if (data.length < 12 || data.readBigUInt64BE() > LATEST) return null;
  const records: JudgedRecord[] = [];
  for (let at = 8; at < data.length; ) {
    const field = take(data, at, 4);
    if (!field) return null;
    at += 4;
    let heads: JudgedRecord["heads"] = null;
    if ((field[0]! & 0x80) !== 0) {
      const length = take(data, at, 2)?.readUInt16BE() ?? 0;
      const block = take(data, at + 2, length);
      heads = length > 0 && length <= 16384 && block ? judgeHeads(block) : null;
      if (!heads) return null;
      at += 2 + length;
    }
    const record = take(data, at, Number(BigInt.asUintN(31, BigInt(field.readUInt32BE()))));
    if (!record) return null;
    at += record.length;
    records.push({ record, heads });
  }
  return records;
}

function take(data: Buffer, at: number, length: number): Buffer | null {
  return at + length <= data.length ? data.subarray(at, at + length) : null;
}

function judgeHeads(block: Buffer): Readonly<Record<string, string>> | null {
  const found: [string, string][] = [];
  for (let at = 0; at < block.length; ) {
    const key = take(block, at + 1, block[at]!);
    const size = key && take(block, at + 1 + key.length, 2);
    const value = size && take(block, at + 3 + key.length, size.readUInt16BE());
    if (!value || value.length > 4096) return null;
    // What is decoded with replacements, and encoded again, is the same only where nothing was replaced.
    const text = value.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(value)) return null;
    found.push([key.toString("latin1"), text]);
    at += 3 + key.length + value.length;
  }
  const names = found.map(([name]) => name);
  const isName = (name: string) =>
    name.length >= 1 && name.length <= 64 && name[0]! >= "a" && name[0]! <= "z" && /^[-0-9a-z]*$/.test(name);
  const ascends = names.every(
    (name, i) => i === 0 || Buffer.compare(Buffer.from(names[i - 1]!), Buffer.from(name)) < 0,
  );
  return names.every(isName) && ascends ? Object.fromEntries(found) : null;
}
