// What a record is, for showing it: nothing of it is ever run, or parsed as anything but text, JSON or an image.

export type Content =
  | { readonly is: "empty" }
  | { readonly is: "text"; readonly text: string; readonly shown: number; readonly whole: boolean }
  | { readonly is: "image"; readonly type: string }
  | { readonly is: "binary" };

/** Bytes of a record that are shown as text. */
const SHOWN = 16 * 1024;
/** A larger image is only saved. */
const LARGEST_IMAGE = 16 * 1024 * 1024;

/** Types that hold pixels and nothing that runs, by the hex of how their files begin. */
const IMAGES: readonly (readonly [type: string, begins: RegExp])[] = [
  ["image/png", /^89504e470d0a1a0a/],
  ["image/jpeg", /^ffd8ff/],
  ["image/gif", /^47494638(?:37|39)61/],
  ["image/webp", /^52494646.{8}57454250/],
  ["image/avif", /^.{8}66747970617669(?:66|73)/],
];

/** By its bytes: what its writer calls it does not count. */
export function contentOf(record: Uint8Array): Content {
  const content = plainContentOf(record);
  if (content.is !== "text" || !content.whole) return content;
  return { ...content, text: indented(content.text) ?? content.text };
}

/** The same, with JSON as it stands. */
export function plainContentOf(record: Uint8Array): Content {
  if (record.length === 0) return { is: "empty" };
  const beginning = Array.from(record.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const [type] = IMAGES.find(([, begins]) => begins.test(beginning)) ?? [];
  if (type !== undefined && record.length <= LARGEST_IMAGE) return { is: "image", type };
  const text = textOf(record);
  if (text === null) return { is: "binary" };
  return { is: "text", text, shown: Math.min(record.length, SHOWN), whole: record.length <= SHOWN };
}

/** The beginning as text, less a character that is cut; null where it is not UTF-8. */
function textOf(record: Uint8Array): string | null {
  const stream = record.length > SHOWN;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(record.subarray(0, SHOWN), { stream });
  } catch {
    return null;
  }
}

/** What is nested deeper, or becomes longer by its lines, is shown as it stands. */
const [DEEPEST, LONGEST] = [64, 8 * SHOWN];

/**
 * JSON on several lines, its words as they stand: numbers and repeated names stay what they are. null for no JSON, and
 * for what is nested too deep.
 */
export function indented(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
  } catch {
    return null;
  }
  let [out, depth, last] = ["", 0, ""];
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    const isFirst = last === "{" || last === "[";
    if (token === "}" || token === "]") {
      depth -= 1;
      out += isFirst ? token : line() + token;
    } else out += isFirst ? line() + token : token;
    if (token === "{" || token === "[") depth += 1;
    if (token === ",") out += line();
    if (token === ":") out += " ";
    if (depth > DEEPEST || out.length > LONGEST) return null;
    last = token;
  }
  return out;
}
