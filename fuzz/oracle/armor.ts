// docs/FORMAT.md, "Text form", once more and in another way: all of the text is at hand.

const [BEGIN, END] = ["-----BEGIN SEALED FILE-----", "-----END SEALED FILE-----"];
const MOST_BLANK = 1024;

/** What an input stands for: what is no text is what it is; null for a text that is none of a sealed file. */
export function judgeArmor(input: Uint8Array): Uint8Array | null {
  const text = Buffer.from(input).toString("latin1");
  if (!"\t\n\r -".includes(text.charAt(0)) || text === "") return input;
  const parts = text.split("\n");
  const last = parts.pop()!;
  const lines = parts.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (last !== "") lines.push(last);
  const [begin, end] = [lines.indexOf(BEGIN), lines.indexOf(END)];
  const body = lines.slice(begin + 1, end);
  if (begin < 0 || end < begin || body.length === 0) return null;
  const around = [lines.slice(0, begin), lines.slice(end + 1)];
  if (!around.every((some) => some.length <= MOST_BLANK && some.every(isBlank))) return null;
  const [ending, ...whole] = body.toReversed();
  if (ending === "" || ending!.length > 64 || whole.some(({ length }) => length !== 64)) return null;
  // Whatever is not canonical is another text when it is encoded again.
  const bytes = Buffer.from(body.join(""), "base64");
  return bytes.toString("base64") === body.join("") ? bytes : null;
}

const isBlank = (line: string) => line.length <= 80 && [...line].every((letter) => letter === " " || letter === "\t");
