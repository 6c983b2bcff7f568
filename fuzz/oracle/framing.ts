// docs/FORMAT.md, "Journals", and the framings of records, once more and in another way: all bytes are at hand.

/** The records of a stream, up to the end of what is whole. */
export interface Split {
  readonly records: readonly Uint8Array[];
  /** The numbers of those that are too long, which are not among them. */
  readonly leftOut: readonly number[];
  readonly isWhole: boolean;
}

/** Each behind its length; `longest`: bytes of a record, at most. */
export function byLength(bytes: Uint8Array, longest: number): Split {
  const all: Uint8Array[] = [];
  const data = Buffer.from(bytes);
  let at = 0;
  while (at + 4 <= data.length) {
    const end = at + 4 + data.readUInt32BE(at);
    if (end > data.length && end - at - 4 <= longest) break;
    // One that is too long is known as such before it has come.
    all.push(data.subarray(at + 4, end));
    if (end > data.length) return { ...sorted(all, longest, end - at - 4), isWhole: false };
    at = end;
  }
  return { ...sorted(all, longest), isWhole: at === data.length };
}

/** One a line; the last may lack its newline. */
export function byLine(bytes: Uint8Array, longest: number): Split {
  const lines = Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .map((line) => Buffer.from(line, "latin1"));
  if (lines.at(-1)!.length === 0) lines.pop();
  return { ...sorted(lines, longest), isWhole: true };
}

/** `last`: the length of the last one, where it is not all there. */
function sorted(all: readonly Uint8Array[], longest: number, last = all.at(-1)?.length): Omit<Split, "isWhole"> {
  const isLong = (record: Uint8Array, i: number) => (i === all.length - 1 ? last! : record.length) > longest;
  return {
    records: all.filter((record, i) => !isLong(record, i)),
    leftOut: [...all.keys()].filter((i) => isLong(all[i]!, i)),
  };
}
