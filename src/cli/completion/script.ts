// The completion script of a shell. What it offers by name comes from the contacts, at the time.

import { bashScript } from "./bash.js";
import { fishScript } from "./fish.js";
import type { Syntaxes } from "./values.js";
import { zshScript } from "./zsh.js";

export function scriptFor(shell: "bash" | "zsh" | "fish", syntaxes: Syntaxes): string {
  switch (shell) {
    case "bash":
      return bashScript(syntaxes);
    case "zsh":
      return zshScript(syntaxes);
    case "fish":
      return fishScript(syntaxes);
  }
}
