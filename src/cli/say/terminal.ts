// The terminal: keeping binary data off it.

import { SealError } from "../../errors.js";
import type { Sink } from "../../flow/io.js";

/** Throws `usage`: a sealed file is not for a terminal. */
export async function refuseTerminal(sink: Sink): Promise<never> {
  await sink.abort();
  throw new SealError("usage", `a sealed file is binary, and ${sink.name} is a terminal`, {
    hint: "Use -o FILE, or redirect it.",
  });
}

/** A sink that lets text through to a terminal and refuses binary data before any of a chunk is shown. */
export function textOnly(sink: Sink): Sink {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return {
    ...sink,
    write: async (bytes, position) => {
      if (!isText(decoder, bytes)) {
        throw new SealError("usage", "the plaintext is binary, and standard output is a terminal", {
          hint: "Use -o FILE, or pipe it to another program.",
        });
      }
      await sink.write(bytes, position);
    },
  };
}

/** Whether the bytes go on with UTF-8 text, without control characters but tab and line ends. */
function isText(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): boolean {
  try {
    return !/[^\P{Cc}\t\r\n]/u.test(decoder.decode(bytes, { stream: true }));
  } catch {
    return false;
  }
}
