// docs/FORMAT.md, "Reading a journal": the text of a cursor, word by word.

export interface CursorText {
  readonly purpose: string;
  readonly journal: string;
  readonly epoch: bigint;
  readonly header: string;
  readonly frames: bigint;
  readonly end: bigint;
  readonly chain: string;
}

/** What a cursor says; null where it is none. */
export function judgeCursor(bytes: Uint8Array): CursorText | null {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  if (lines.length !== 9 || lines[0] !== "seal journal cursor 1" || lines[8] !== "") return null;
  const value = (word: string, i: number) => {
    const line = lines[i]!;
    return line.startsWith(`${word} `) ? line.slice(word.length + 1) : "";
  };
  const [purpose, journal, header, chain] = [
    value("for", 1),
    value("journal", 2),
    value("header", 4),
    value("chain", 7),
  ];
  const [epoch, frames, end] = [value("epoch", 3), value("frames", 5), value("end", 6)];
  const isHash = (text: string) => text.length === 64 && [...text].every((digit) => "0123456789abcdef".includes(digit));
  const isNumber = (text: string) =>
    text !== "" && [...text].every((digit) => "0123456789".includes(digit)) && (text === "0" || text[0] !== "0");
  if (!["reading", "verifying", "writing"].includes(purpose)) return null;
  if (![journal, header, chain].every(isHash) || ![epoch, frames, end].every(isNumber)) return null;
  const found = { purpose, journal, epoch: BigInt(epoch), header, frames: BigInt(frames), end: BigInt(end), chain };
  return found.epoch < found.end && found.end < 2n ** 53n && found.frames <= 2n ** 32n ? found : null;
}
