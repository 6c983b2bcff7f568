// seal completion bash|zsh|fish

import { Option } from "commander";
import { SealError } from "../../errors.js";
import { type CommandDefinition, type Common, type Context, wordArgument } from "../command.js";
import { type Definitions, syntaxesOf, syntaxOf } from "../definitions.js";
import { loadContacts } from "../options/contacts.js";
import { knownHosts } from "../options/hosts.js";

interface Options extends Common {
  readonly names?: true;
  readonly hosts?: true;
}

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** The command; what it completes is asked for when it runs, for it is one of the commands itself. */
export function completionCommand(definitions: () => Definitions): CommandDefinition<Options> {
  return {
    name: "completion",
    summary: "print a shell completion script for seal and open",
    details: [
      "The script completes commands, options, contacts, groups and files. It completes open only where that is the one beside seal.",
    ],
    examples: [
      ["source <(seal completion bash)", "for bash, in ~/.bashrc"],
      ["source <(seal completion zsh)", "for zsh, in ~/.zshrc, after compinit"],
      ["seal completion fish | source", "for fish, in ~/.config/fish/config.fish"],
    ],

    define: (command) => {
      command
        .addArgument(wordArgument("[SHELL]", "the shell", SHELLS))
        .addOption(new Option("--names", "print what --to takes by name, for the scripts").hideHelp())
        .addOption(new Option("--hosts", "print the hosts that ssh knows, as --to takes them").hideHelp());
    },

    dataOnStdout: () => false,

    run: async ([shell], options, context) => {
      if (options.names) return tellNames(context);
      if (options.hosts) return tellHosts(context);
      if (!isShell(shell)) throw unknownShell(shell);
      const { scriptFor } = await import("../completion/script.js");
      const known = definitions();
      const syntaxes = { seal: await syntaxesOf(known), open: syntaxOf(known.open, "open"), groups: known.groups };
      const script = scriptFor(shell, syntaxes);
      context.report.result({ shell, script }, script.trimEnd(), "stdout");
    },
  };
}

function isShell(word: string | undefined): word is Shell {
  return SHELLS.some((shell) => shell === word);
}

function unknownShell(word: string | undefined): SealError {
  const message = word === undefined ? "no shell is named" : `completion ${word}: no such shell`;
  return new SealError("usage", message, { hint: "It is bash, zsh or fish: seal completion bash" });
}

/** Hosts whose names are in no hash. */
async function tellHosts({ report, signal }: Context): Promise<void> {
  const hosts = (await knownHosts(signal)).map((host) => `host:${host}`);
  report.result({ hosts }, hosts.join("\n"), "stdout");
}

/** Contacts that have a key in use, and groups. */
async function tellNames({ report, signal }: Context): Promise<void> {
  const contacts = await loadContacts(undefined, signal);
  const isUsed = (name: string) =>
    contacts.keysOf(name).some(({ key, state }) => state.is === "current" && !contacts.revocation(key));
  const names = [...contacts.names().filter(isUsed), ...contacts.groups.keys()];
  report.result({ names }, names.join("\n"), "stdout");
}
