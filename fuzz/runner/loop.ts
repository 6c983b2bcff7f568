// The loop: pick an input, vary it, run it, keep what reaches something new, report what breaks a rule.

import { createHash } from "node:crypto";
import type { Bytes } from "../../src/bytes.js";
import { type Random, randomOf } from "../random.js";
import { kindOfMessage, type Target } from "../target.js";
import { bounded } from "./bounds.js";
import type { Coverage } from "./coverage.js";
import { shrunk } from "./shrink.js";
import type { Watchdog } from "./watchdog.js";

/** Executions for which coverage is asked for together. */
const BATCH = 256;

export interface Finding {
  readonly name: string;
  readonly input: Bytes;
  readonly message: string;
  /** Seconds of processor time since the loop began. */
  readonly after: number;
}

export interface Outcome {
  readonly executions: number;
  readonly seconds: number;
  /** Of processor time: other programs have it, too. */
  readonly processorSeconds: number;
  readonly corpus: readonly Bytes[];
  readonly outcomes: number;
  readonly findings: readonly Finding[];
}

export interface LoopOptions {
  readonly target: Target;
  readonly seconds: number;
  readonly seed: number;
  /** Inputs that earlier runs kept. */
  readonly kept: readonly Bytes[];
  readonly coverage: Coverage;
  readonly watchdog: Watchdog;
  /** Where findings are to be. */
  readonly path: (name: string) => string;
  readonly found: (finding: Finding) => void;
  readonly withVectors: boolean;
  /** Stop at the first finding. */
  readonly first: boolean;
}

export async function loop(options: LoopOptions): Promise<Outcome> {
  const run = new Run(options);
  await run.start();
  // What is looked for is found by work: how long another program has had the processor says nothing.
  const processor = () => Object.values(process.cpuUsage()).reduce((sum, time) => sum + time / 1000, 0);
  const clock = options.first ? processor : () => performance.now();
  const until = clock() + options.seconds * 1000;
  const isOver = () => clock() >= until;
  while (!isOver() && !(options.first && run.findings.length > 0)) await run.batch(isOver);
  return run.outcome();
}

/** `TARGET-HASH`: the name under which an input is kept. */
export function nameOf(target: Target, input: Uint8Array): string {
  return `${target.name}-${createHash("sha256").update(input).digest("hex").slice(0, 16)}`;
}

class Run {
  readonly findings: Finding[] = [];
  readonly #options: LoopOptions;
  readonly #random: Random;
  readonly #corpus: Bytes[] = [];
  readonly #outcomes = new Set<string>();
  readonly #known = new Set<string>();
  readonly #began = performance.now();
  readonly #processor = process.cpuUsage();
  #executions = 0;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
  }

  /**
   * Runs the seeds and what was kept, shortest first; those that reach nothing that a shorter one has not reached are
   * dropped.
   */
  async start(): Promise<void> {
    const { target, kept, coverage, withVectors } = this.#options;
    coverage.reset();
    const inputs = [...(await target.seeds(withVectors)), ...kept].toSorted((a, b) => a.length - b.length);
    for (const input of inputs) await this.#sift([input]);
    if (this.#corpus.length === 0) this.#corpus.push(...inputs.slice(0, 1));
  }

  async batch(isOver: () => boolean): Promise<void> {
    const { coverage } = this.#options;
    const tried: Bytes[] = [];
    for (let i = 0; i < BATCH && !isOver(); i++) {
      const input = this.#vary();
      tried.push(input);
      if (await this.#isNewOutcome(input)) this.#keep(input);
    }
    if (coverage.fresh() > 0) await this.#sift(tried);
    coverage.skip();
  }

  outcome(): Outcome {
    const seconds = (performance.now() - this.#began) / 1000;
    return {
      executions: this.#executions,
      seconds,
      processorSeconds: this.#processorSeconds(),
      corpus: this.#corpus,
      outcomes: this.#outcomes.size,
      findings: this.findings,
    };
  }

  /**
   * Keeps those of `inputs` that reach something new, found by halving: it is few of them, and asking for coverage is
   * slow.
   */
  async #sift(inputs: readonly Bytes[]): Promise<void> {
    const { coverage } = this.#options;
    for (const input of inputs) if (await this.#isNewOutcome(input)) this.#keep(input);
    if (coverage.fresh() === 0) return;
    if (inputs.length === 1) {
      coverage.keep();
      this.#keep(inputs[0]!);
      return;
    }
    const half = Math.ceil(inputs.length / 2);
    await this.#sift(inputs.slice(0, half));
    await this.#sift(inputs.slice(half));
  }

  #keep(input: Bytes): void {
    if (!this.#corpus.includes(input)) this.#corpus.push(input);
  }

  /** What was kept last is varied most. */
  #vary(): Bytes {
    const { target } = this.#options;
    const random = this.#random;
    const pick = () => {
      const recent = random.oneIn(3) ? Math.max(0, this.#corpus.length - 1 - random.below(16)) : null;
      return this.#corpus[recent ?? random.below(this.#corpus.length)]!;
    };
    let input = pick();
    for (let times = random.oneIn(2) ? 1 : 2 + random.below(5); times > 0; times--) {
      input = target.mutate(input, pick(), random);
    }
    return input.subarray(0, target.maxBytes);
  }

  async #isNewOutcome(input: Bytes): Promise<boolean> {
    const { target, watchdog, path } = this.#options;
    this.#executions++;
    watchdog.begin(input, path(`${target.name}-hangs-${this.#executions}`));
    try {
      const outcome = await bounded(() => target.run(input, false));
      if (this.#outcomes.has(outcome)) return false;
      this.#outcomes.add(outcome);
      return true;
    } catch (error) {
      watchdog.end();
      await this.#report(input, error as Error);
      watchdog.begin(input, "");
      return false;
    } finally {
      watchdog.end();
    }
  }

  #processorSeconds(): number {
    const { user, system } = process.cpuUsage(this.#processor);
    return (user + system) / 1e6;
  }

  async #report(input: Bytes, error: Error): Promise<void> {
    const kind = kindOfMessage(error.message).split("\n").slice(0, 2).join(" ");
    if (this.#known.has(kind)) return;
    this.#known.add(kind);
    const { target, found } = this.#options;
    const after = this.#processorSeconds();
    const small = await shrunk(input, async (candidate) => {
      const message = await bounded(() => target.run(candidate, false)).then(
        () => null,
        (other: Error) => other.message,
      );
      return message !== null && kindOfMessage(message).split("\n").slice(0, 2).join(" ") === kind;
    });
    const finding = { name: nameOf(target, small), input: small, message: error.message, after };
    this.findings.push(finding);
    found(finding);
  }
}
