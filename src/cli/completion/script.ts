// The completion script of a shell. What it offers by name comes from the contacts, at the time.

import type { Definitions } from "../definitions.js";
import { bashScript } from "./bash.js";
import { fishScript } from "./fish.js";
import { zshScript } from "./zsh.js";

export function scriptFor(shell: "bash" | "zsh" | "fish", definitions: Definitions): string {
  switch (shell) {
    case "bash":
      return bashScript(definitions);
    case "zsh":
      return zshScript(definitions);
    case "fish":
      return fishScript(definitions);
  }
}
