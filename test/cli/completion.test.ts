// seal completion: each script in its shell, on a terminal, with keys typed. What was completed is seen by running it:
// a function takes the place of the program and notes the words that it is called with.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { allCommands, inSandbox, type Sandbox, sh, start } from "./sandbox.js";

oneIn(4);

interface Shell {
  readonly command: string;
  /** The script, a prompt that counts, and functions in the place of the programs. */
  readonly setup: string;
}

const NOTE = `for name in seal open; do eval "$name() { printf '[%s]' $name \\"\\$@\\" >> noted; echo >> noted; n=\\$((n + 1)); }"; done`;

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: {
    command: "bash --norc --noprofile -i",
    setup: `n=0 PS1='ready-$n:'; source <(seal completion bash); ${NOTE}`,
  },
  zsh: {
    command: "zsh -f -i",
    setup: `n=0 PS1='ready-$n:'; setopt prompt_subst; autoload -Uz compinit; compinit -u -D; source <(seal completion zsh); ${NOTE}`,
  },
  fish: {
    command: "fish --no-config -i",
    setup: `seal completion fish | source
      set -g n 0
      function fish_prompt; printf 'ready-%s:' $n; end
      for name in seal open
        function $name --inherit-variable name; printf '[%s]' $name $argv >> noted; echo >> noted; set -g n (math $n + 1); end
      end`,
  },
};

/** What is typed before the tabulator, and the words that come of it. */
const TYPED: readonly (readonly [string, string])[] = [
  ["seal op", "[seal][open]"],
  ["seal --json ver", "[seal][--json][verify]"],
  ["seal plan.txt --lab", "[seal][plan.txt][--label]"],
  ["seal plan.txt --to gra", "[seal][plan.txt][--to][grace]"],
  ["seal plan.txt --to @e", "[seal][plan.txt][--to][@eu-servers]"],
  ["seal plan.txt --to=gra", "[seal][plan.txt][--to=grace]"],
  ["seal plan.txt --to host:ser", "[seal][plan.txt][--to][host:server1.example.com]"],
  ["seal plan.txt --sign idp", "[seal][plan.txt][--sign][idp.pub]"],
  ["seal contacts rev", "[seal][contacts][revoke]"],
  ["seal completion z", "[seal][completion][zsh]"],
  ["seal jou", "[seal][journal]"],
  ["seal journal ver", "[seal][journal][verify]"],
  ["seal --json journal -q read j --foll", "[seal][--json][journal][-q][read][j][--follow]"],
  ["seal journal append j --to gra", "[seal][journal][append][j][--to][grace]"],
  ["seal acc", "[seal][accept]"],
  ["seal accept rem", "[seal][accept][remove]"],
  ["seal accept add far", "[seal][accept][add][far.key]"],
  ["seal accept add far.key gra", "[seal][accept][add][far.key][grace]"],
  ["open inj", "[open][inj $(touch owned) `touch owned` 'x'.sealed]"],
  ["open secret.sealed --key far", "[open][secret.sealed][--key][far.key]"],
  ["open secret.sealed --from gra", "[open][secret.sealed][--from][grace]"],
];

/** A program whose contacts have names that none can have. */
const HOSTILE = `#!/bin/sh
if [ "$2" = --hosts ]; then printf '%s\\n' 'host:ser$(touch owned)' 'host:ser\`touch owned\`'; fi
if [ "$2" = --names ]; then printf '%s\\n' 'gra$(touch owned)' 'grau;touch owned' 'gra\`touch owned\`' '@e;touch owned'; fi
exec "$NODE" "$TREE/bin/seal.js" "$@"
`;

function isThere(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

async function prepare(box: Sandbox): Promise<void> {
  await sh(box, "seal contacts add grace alice.pub && seal contacts add @eu-servers grace && cp alice.key far.key");
  mkdirSync(join(box.dir, ".ssh"));
  writeFileSync(join(box.dir, ".ssh/known_hosts"), "server1.example.com,192.0.2.1 ssh-ed25519 AAAA\n");
  writeFileSync(join(box.dir, "idp.pub"), "");
  writeFileSync(join(box.dir, ".bin/seal"), HOSTILE);
  writeFileSync(join(box.dir, "inj $(touch owned) `touch owned` 'x'.sealed"), "");
}

/** Types the lines, a tabulator after each, in a shell; the lines that were noted. */
async function type(box: Sandbox, { command, setup }: Shell, lines: readonly string[]): Promise<string[]> {
  writeFileSync(join(box.dir, "setup"), `${setup}\n`);
  const steps = [...lines.map((line) => `${line}\\t\\r`), "exit\\r"].flatMap((keys, i) => [`ready-${i}:`, keys]);
  // The first prompt is the shell's own.
  const args = [box.env.PTY!, command, "[$%#>]", "source ./setup\\r", ...steps];
  const { stdout } = await start(box, "python3", args).ended;
  const noted = join(box.dir, "noted");
  return existsSync(noted) ? readFileSync(noted, "utf8").split("\n").slice(0, -1) : [stdout];
}

test(
  "the script for each shell has the options that --help shows",
  inSandbox(async (box) => {
    const scripts = new Map<string, string>();
    for (const shell of Object.keys(SHELLS)) scripts.set(shell, (await sh(box, `seal completion ${shell}`)).stdout);
    const commands = await allCommands(box);
    expect(commands.length).toBeGreaterThan(12);
    for (const command of ["", ...commands]) {
      const { stdout: help } = await sh(box, `seal ${command} --help`);
      const options = [...help.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name!);
      expect(options.length, command).toBeGreaterThan(3);
      for (const [shell, script] of scripts) {
        const part = partOf(script, shell, command || "seal");
        expect(
          options.filter((option) => !part.includes(option)),
          `${shell}: ${command}`,
        ).toEqual([]);
      }
    }
  }),
);

/** The lines of the script that are about the options of a command. */
function partOf(script: string, shell: string, command: string): string {
  if (shell === "bash") return new RegExp(`^ +'${command}'\\) flags=.*$`, "m").exec(script)![0];
  if (shell === "zsh") return new RegExp(`^ +'${command}'\\)\\n +_arguments[^]*?;;$`, "m").exec(script)![0];
  const lines = script.split("\n").filter((line) => line.includes(`'__seal_command_is ${command}'`));
  return lines.map((line) => / -l ([a-z-]+)/.exec(line)?.[1]).join("\n");
}

describe.each(Object.entries(SHELLS))("%s", (name, shell) => {
  test.skipIf(!isThere(name))(
    "completes commands, options, names and files, and runs nothing of them",
    inSandbox(async (box) => {
      await prepare(box);
      const noted = await type(
        box,
        shell,
        TYPED.map(([line]) => line),
      );
      expect(noted).toEqual(TYPED.map(([, words]) => words));
      expect(existsSync(join(box.dir, "owned"))).toBe(false);
    }),
  );
});
