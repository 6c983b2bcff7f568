// What the program says. Text and JSON are two printers behind one interface: a command hands over facts, and does not
// know which of the two is listening.

import type { SealError } from "../../errors.js";
import { isTerminal } from "../../io/descriptor.js";
import { exitStatus, isClosedPipe } from "../exit.js";
import { hintOf } from "./advice.js";
import { escaped, redacted, UNSAFE } from "./escape.js";
import { printErr, printOut } from "./print.js";

export type Facts = Readonly<Record<string, unknown>>;

export interface Report {
  /** The result of one input: the facts for JSON, the lines for people (stdout, or stderr for what a command did). */
  result(facts: Facts, text: string, stream: "stdout" | "stderr"): void;
  /** Something to know or to be warned of; not with --quiet, nor with --json. */
  note(text: string): void;
  failure(error: SealError): void;
  /** How progress is shown, unless somebody asks: by a bar, by a line now and then, not at all. */
  readonly progress: "bar" | "lines" | null;
  /** Whether results are printed as JSON. */
  readonly json: boolean;
}

export interface ReportOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether stdout carries file data, so that nothing else may be printed there. */
  readonly dataOnStdout: boolean;
}

export function makeReport(options: ReportOptions): Report {
  return options.json ? jsonReport(options) : textReport(options);
}

function textReport({ quiet }: ReportOptions): Report {
  const say = (text: string) => printErr(`seal: ${escaped(text)}\n`);
  return {
    result: (_facts, text, stream) => {
      if (stream === "stdout") printOut(`${text}\n`);
      else if (!quiet) printErr(`${text}\n`);
    },
    note: (text) => {
      if (!quiet) say(text);
    },
    failure: (error) => {
      if (isClosedPipe(error)) return;
      const { input, message } = error;
      const hint = hintOf(error);
      say(`error: ${input === undefined || names(message, input) ? "" : `${input}: `}${message}`);
      if (hint) say(`hint: ${hint}`);
      debug(error);
    },
    progress: quiet ? null : isTerminal(2) && process.env.TERM !== "dumb" ? "bar" : "lines",
    json: false,
  };
}

/** Whether the message names the input already: at its beginning, at its end, or before a colon. */
function names(message: string, input: string): boolean {
  const inside = message.includes(` ${input}:`) || message.includes(` of ${input} `) || message.endsWith(` ${input}`);
  return inside || message.startsWith(`${input} `) || message.startsWith(`${input}:`);
}

function jsonReport({ dataOnStdout }: ReportOptions): Report {
  const print = (facts: Facts) => (dataOnStdout ? printErr : printOut)(`${escapedJson(facts)}\n`);
  return {
    result: (facts) => print({ ok: true, ...facts }),
    note: () => {},
    failure: (error) => {
      const { code, message, input, chunk, frame, offset, signer } = error;
      const where = { input, chunk, frame, offset, signer };
      print({ ok: false, code, exit: exitStatus(error), message, hint: hintOf(error) ?? null, ...where });
      debug(error);
    },
    progress: null,
    json: true,
  };
}

/** JSON in which nothing that a terminal would act on stands raw; its value is the same. */
function escapedJson(facts: Facts): string {
  const unit = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const text = JSON.stringify(facts, (_, value) => (typeof value === "string" ? redacted(value) : value));
  return text.replace(UNSAFE, (character) => character.split("").map(unit).join(""));
}

function debug(error: SealError): void {
  if (process.env.SEAL_DEBUG !== "1") return;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    printErr(
      `${redacted(cause.stack ?? cause.message)
        .split("\n")
        .map(escaped)
        .join("\n")}\n`,
    );
}
