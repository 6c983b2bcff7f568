// Asking for a line on the controlling terminal, without echo, whatever the standard streams are connected to.

import { closeSync, openSync, writeSync } from "node:fs";
import type { ReadStream } from "node:tty";
import { erase, type Secret } from "../../crypto/secret.js";
import { ioError } from "../../errors.js";
import { abortable } from "../../flow/order.js";
import { tty } from "../../io/lazy.js";
import { Interrupted } from "../exit.js";
import { Keystrokes, type Stroke } from "./keystrokes.js";
import { type Hold, holdTerminal, stopGroup } from "./stops.js";

/** A line, to be erased; that there is no terminal; or that Ctrl-D was typed instead. */
export type TypedAnswer = { readonly is: "line"; readonly line: Secret } | { readonly is: "no terminal" | "nothing" };

const BELL = "\u0007";
const IGNORED = "\r\nControl keys and arrow keys are ignored here.\r\n";
/** What was typed ahead, as when two lines are pasted at once. */
const strokes = new Keystrokes();

/** Asks for a line. Throws `Interrupted` on Ctrl-C, and the signal's reason. */
export async function askHidden(prompt: string, signal: AbortSignal): Promise<TypedAnswer> {
  signal.throwIfAborted();
  const asking = openPrompt(prompt);
  if (!asking) return { is: "no terminal" };
  const release = holdTerminal(asking);
  try {
    asking.comeBack();
    return await abortable(asking.answer(), signal);
  } finally {
    release();
    asking.close();
  }
}

/** Shows a secret on the controlling terminal, and nowhere else. Throws `io` where that fails. */
export function showOnTerminal(before: string, secret: Secret): void {
  try {
    const terminal = openSync(process.platform === "win32" ? "\\\\.\\CONOUT$" : "/dev/tty", "r+");
    try {
      writeSync(terminal, before);
      writeSync(terminal, secret);
      writeSync(terminal, "\n");
    } finally {
      closeSync(terminal);
    }
  } catch (error) {
    throw ioError("cannot write to the terminal", error);
  }
}

function openPrompt(prompt: string): Prompt | null {
  const isWindows = process.platform === "win32";
  let output: number | undefined;
  try {
    output = openSync(isWindows ? "\\\\.\\CONOUT$" : "/dev/tty", "r+");
    const input = new (tty().ReadStream)(openSync(isWindows ? "\\\\.\\CONIN$" : "/dev/tty", "r+"));
    return new Prompt(prompt, input, output);
  } catch {
    if (output !== undefined) closeSync(output);
    return null; // there is none
  }
}

class Prompt implements Hold {
  readonly #text: string;
  readonly #input: ReadStream;
  readonly #output: number;
  #wasIgnored = false;

  constructor(text: string, input: ReadStream, output: number) {
    this.#text = text;
    this.#input = input;
    this.#output = output;
  }

  answer(): Promise<TypedAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (stroke: Stroke) => {
        if (stroke.is === "line") resolve(stroke);
        else if (stroke.is === "end") resolve({ is: "nothing" });
        else if (stroke.is === "interrupt") reject(new Interrupted("SIGINT", 130));
        else if (stroke.is === "stop") stopGroup();
        else this.#tellIgnored();
        return stroke.is !== "stop" && stroke.is !== "ignored";
      };
      const look = () => {
        for (let stroke = strokes.next(); stroke; stroke = strokes.next()) if (settle(stroke)) return;
      };
      this.#input.on("error", reject).on("end", () => resolve({ is: "nothing" }));
      this.#input.on("data", (typed: Uint8Array) => {
        strokes.push(typed);
        erase(typed);
        look();
      });
      look();
    });
  }

  /** What is typed shows again, for whoever comes next. */
  leave(): void {
    this.#input.setRawMode(false);
    this.#write("\n");
  }

  comeBack(): void {
    // Off first: what somebody else has set meanwhile goes unnoticed otherwise.
    this.#input.setRawMode(false);
    this.#input.setRawMode(true);
    this.#write(`\r${this.#text}`);
  }

  close(): void {
    this.#input.destroy();
    closeSync(this.#output);
  }

  #tellIgnored(): void {
    this.#write(this.#wasIgnored ? BELL : `${IGNORED}${this.#text}`);
    this.#wasIgnored = true;
  }

  #write(text: string): void {
    try {
      writeSync(this.#output, text);
    } catch {
      return; // The terminal has gone, and reading will tell.
    }
  }
}
