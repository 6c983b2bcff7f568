// docs/FORMAT.md, "Journals", and the framings of records, once more and in another way: all bytes are at hand.

/** The records of a stream, up to the first that is not as it should be. */
export interface Split {
  readonly records: readonly Uint8Array[];
  readonly isWhole: boolean;
}

/** Each behind its length; `longest`: bytes of a record, at most. */
export function byLength(bytes: Uint8Array, longest: number): Split {
  const records: Uint8Array[] = [];
  const data = Buffer.from(bytes);
  let at = 0;
  while (at + 4 <= data.length) {
    const length = data.readUInt32BE(at);
    if (length > longest || at + 4 + length > data.length) return { records, isWhole: false };
    records.push(data.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { records, isWhole: at === data.length };
}

/** One a line; the last may lack its newline. */
export function byLine(bytes: Uint8Array, longest: number): Split {
  const lines = Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .map((line) => Buffer.from(line, "latin1"));
  if (lines.at(-1)!.length === 0) lines.pop();
  const long = lines.findIndex((line) => line.length > longest);
  return { records: long < 0 ? lines : lines.slice(0, long), isWhole: long < 0 };
}
