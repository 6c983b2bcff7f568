// seal-inbox completion bash|zsh|fish

import { SealError } from "@sealed-files/seal";
import type { Command } from "../arguments.js";

/** The command; the others are asked for when it runs, for it is one of them. */
export function completion(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    words: ["SHELL"],
    summary: "Print a script that completes commands, options and files: bash, zsh or fish.",
    flags: {},
    notes: `  source <(seal-inbox completion bash)   in ~/.bashrc
  source <(seal-inbox completion zsh)    in ~/.zshrc, after compinit
  seal-inbox completion fish | source    in ~/.config/fish/config.fish`,
    run: async ({ words: [shell] }, report) => {
      const { scriptFor } = await import("./completion-scripts.js");
      const script = scriptFor(shell!, commands());
      if (script === null)
        throw new SealError("usage", `${shell}: no such shell`, { hint: "It is bash, zsh or fish." });
      report.script({ shell, script }, script);
    },
  };
}
