// The terminal: asking without echo, and keeping binary data off it.

import { openSync } from "node:fs";
import type { ReadStream } from "node:tty";
import { SealError } from "../errors.js";
import { tty } from "../io/lazy.js";
import type { Sink } from "../ops/io.js";
import { abortable } from "../ops/order.js";
import { Interrupted } from "./exit.js";
import { printErr } from "./print.js";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACES = ["\u0008", "\u007f"];

/**
 * Asks for a line on the controlling terminal, without echo, whatever stdin and stdout are connected to. null where there is no terminal, or
 * where the answer is ended by Ctrl-D. Throws `Interrupted` on Ctrl-C, and the signal's reason.
 */
export async function askHidden(prompt: string, signal: AbortSignal): Promise<string | null> {
  const input = openTerminal();
  if (!input) return null;
  try {
    input.setRawMode(true);
    printErr(prompt);
    return await abortable(readLine(input), signal);
  } finally {
    input.setRawMode(false);
    printErr("\n");
    input.destroy();
  }
}

function openTerminal(): ReadStream | null {
  try {
    return new (tty().ReadStream)(openSync(process.platform === "win32" ? "\\\\.\\CON" : "/dev/tty", "r+"));
  } catch {
    return null; // there is none
  }
}

function readLine(input: ReadStream): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let line = "";
    input.setEncoding("utf8");
    input.on("error", reject);
    input.on("end", () => resolve(null));
    input.on("data", (text: string) => {
      for (const character of text) {
        if (character === "\r" || character === "\n") return resolve(line);
        if (character === CTRL_D) return resolve(line === "" ? null : line);
        if (character === CTRL_C) return reject(new Interrupted("SIGINT", 130));
        if (character === CTRL_U) line = "";
        else if (BACKSPACES.includes(character)) line = Array.from(line).slice(0, -1).join("");
        else line += character;
      }
    });
  });
}

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
