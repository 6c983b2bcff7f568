// Runs groups: what they need is made, every command once to warm up and be checked, then round after round in turn.

import { closeSync, mkdirSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { OUT, parseFileName, toCase, wordsFor } from "./cases/case.js";
import { makerOf } from "./cases/works.js";
import { measure } from "./measure.js";
import { MIB } from "./options.js";
import { writeRandom } from "./workspace.js";

/** @typedef {import("./cases/case.js").Case} Case @typedef {import("./cases/case.js").Group} Group */

/**
 * A case's facts and what was measured, a number a round.
 * @typedef {import("./cases/case.js").Facts & { id: string, seconds: number[], processor: (number | null)[],
 * bytes: (number | null)[] }} Result
 */

/**
 * @param {Group[]} groups
 * @param {import("./workspace.js").Workspace} workspace
 * @param {import("./cases/groups.js").Plan} plan
 * @param {(text: string) => void} say
 * @returns {Promise<Result[]>}
 */
export async function runGroups(groups, workspace, plan, say) {
  const results = [];
  const stage = new Stage(workspace, plan);
  for (const { name, rounds, cases } of groups) {
    if (cases.length === 0) continue;
    say(`${name}: ${cases.length} cases, ${rounds} rounds`);
    const started = performance.now();
    await stage.prepare(cases);
    results.push(...(await interleaved(stage, cases, rounds)));
    say(`  took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return results;
}

/** Every other round runs backwards, so that nobody always follows the same neighbour. */
async function interleaved(stage, cases, rounds) {
  const measured = new Map(cases.map((each) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? cases : cases.toReversed()) measured.get(each).push(await stage.run(each));
  }
  stage.clear();
  return cases.map((each) => toResult(each, measured.get(each)));
}

/** @param {Case} each @param {import("./measure.js").Run[]} runs @returns {Result} */
function toResult({ id, group, tool, work, via, size, threads, recipients }, runs) {
  const facts = { id, group, tool, work, via, size, threads, recipients };
  const each = (name) => runs.map((run) => run[name]);
  return { ...facts, seconds: each("seconds"), processor: each("processor"), bytes: each("bytes") };
}

class Stage {
  #workspace;
  #plan;
  /** Names of the data files that are there. */
  #files = new Set();
  /** What has been warmed up. */
  #warm = new Set();

  constructor(workspace, plan) {
    this.#workspace = workspace;
    this.#plan = plan;
  }

  /** Makes the files that the cases need, removes those that they do not, and runs what is new once. */
  async prepare(cases) {
    const needed = new Set(cases.flatMap(({ needs }) => needs));
    for (const name of [...this.#files].filter((file) => !needed.has(file))) this.#drop(name);
    for (const name of needed) await this.#make(name);
    for (const each of cases) {
      const { tool, work, via } = each;
      const what = [tool, work, via].join();
      if (this.#warm.has(what)) continue;
      this.#warm.add(what);
      await this.run(each);
      if (each.restores) assertEqual(this.#at(each.outputs[0]), this.#at(each.restores), each.id);
    }
  }

  /** @param {Case} each */
  async run({ argv, feed, outputs, restores, status, memory, id }) {
    this.#clear(outputs);
    const { path, env } = this.#workspace;
    const result = await measure(argv, { cwd: path, env, feed, status, memory });
    if (restores && statSync(this.#at(outputs[0])).size !== statSync(this.#at(restores)).size) {
      throw new Error(`${id}: the output has another size than the original`);
    }
    return result;
  }

  clear() {
    this.#clear([OUT]);
  }

  async #make(name) {
    if (this.#files.has(name)) return;
    const { kind, size } = parseFileName(name);
    if (kind === "plain") writeRandom(this.#at(name), size);
    else await this.#makeBy(makerOf(kind), name, size);
    this.#files.add(name);
  }

  /** @param {import("./cases/works.js").Work} maker */
  async #makeBy(maker, name, size) {
    const words = wordsFor(this.#plan, size);
    for (const kind of maker.needs) await this.#make(words.the(kind));
    const argv = maker.file({ ...words, out: name });
    await this.run(
      toCase({ group: "", tool: maker.tool, work: maker.work, via: "file", size, argv, needs: [], outputs: [] }),
    );
  }

  #drop(name) {
    this.#files.delete(name);
    this.#clear([name]);
  }

  #clear(names) {
    for (const name of names) {
      rmSync(this.#at(name), { recursive: true, force: true });
      if (name.endsWith("/")) mkdirSync(this.#at(name));
    }
  }

  #at(name) {
    return `${this.#workspace.path}/${name}`;
  }
}

function assertEqual(left, right, what) {
  const files = [left, right].map((path) => openSync(path, "r"));
  const [a, b] = [Buffer.alloc(MIB), Buffer.alloc(MIB)];
  try {
    for (let count = -1; count !== 0; ) {
      count = readSync(files[0], a);
      if (readSync(files[1], b) !== count || !a.subarray(0, count).equals(b.subarray(0, count))) {
        throw new Error(`${what}: the output is not the original`);
      }
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
