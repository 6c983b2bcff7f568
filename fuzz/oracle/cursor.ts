// docs/FORMAT.md, "Reading a journal": the text of a cursor, word by word.

export interface CursorText {
  readonly journal: string;
  readonly epoch: bigint;
  readonly frames: bigint;
  readonly end: bigint;
  readonly chain: string;
}

/** What a cursor says; null where it is none. */
export function judgeCursor(bytes: Uint8Array): CursorText | null {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  if (lines.length !== 7 || lines[0] !== "seal journal cursor 1" || lines[6] !== "") return null;
  const [journal, epoch, frames, end, chain] = ["journal", "epoch", "frames", "end", "chain"].map((word, i) => {
    const line = lines[i + 1]!;
    return line.startsWith(`${word} `) ? line.slice(word.length + 1) : "";
  }) as [string, string, string, string, string];
  const isHash = (text: string) => text.length === 64 && [...text].every((digit) => "0123456789abcdef".includes(digit));
  const isNumber = (text: string) =>
    text !== "" && [...text].every((digit) => "0123456789".includes(digit)) && (text === "0" || text[0] !== "0");
  if (![journal, chain].every(isHash) || ![epoch, frames, end].every(isNumber)) return null;
  const found = { journal, epoch: BigInt(epoch), frames: BigInt(frames), end: BigInt(end), chain };
  return found.epoch < found.end && found.end < 2n ** 53n && found.frames <= 2n ** 32n ? found : null;
}
