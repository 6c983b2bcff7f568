// Text for man(7): only what both groff and mandoc understand, in ASCII.

/** Text in which nothing is taken as a request or an escape. */
export function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(
      /[^\0-\x7f]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replace(/^[.']/gm, "\\&$&");
}

/** A paragraph, in lines as they are wanted in source. */
export function paragraph(text: string): string {
  return roff(text.replace(/(.{1,65})(?: |$)/g, "$1\n").trimEnd());
}

/** Text to be typed as it stands. */
export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

/** A placeholder. */
export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

/** A line of usage or an option: placeholders, in capitals or in brackets, are italic, the rest is bold. */
export function flags(text: string): string {
  return text
    .split(/(<[^>]+>|\[[^\]]+\])/)
    .map((part) => {
      if (part.startsWith("<")) return italic(part.slice(1, -1));
      if (part.startsWith("[")) return `[${italic(part.slice(1, -1))}]`;
      return part.trim() === "" ? part : bold(part);
    })
    .join("");
}

/** A macro with an argument. */
export function macro(name: string, ...args: readonly string[]): string {
  return [`.${name}`, ...args.map((text) => `"${roff(text).replaceAll('"', "\\(dq")}"`)].join(" ");
}

/** A list of terms, which are roff already, each with its text. */
export function terms(entries: readonly (readonly [term: string, text: string])[]): string[] {
  return entries.flatMap(([term, text]) => [".TP", term, paragraph(text)]);
}

/** Command lines as they are typed, each with what it does. */
export function examples(entries: readonly (readonly [line: string, does: string])[]): string[] {
  return entries.flatMap(([line, does], i) => [
    ...(i === 0 ? [] : [".PP"]),
    paragraph(`${does}:`),
    ".PP",
    ".RS 4",
    ".nf",
    bold(line),
    ".fi",
    ".RE",
  ]);
}
