// Scripts that complete the command line, made of the definitions of the commands. They run nothing of the program.

import { COMMON, type Command, type Flag, SHORT } from "../arguments.js";

/** Values that are files or directories. */
const FILES = new Set(["DIR", "FILE", "KEY", "R"]);
const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash, zsh, fish };

/** null where the shell is none of them. */
export function scriptFor(shell: string, commands: readonly Command[]): string | null {
  return Object.hasOwn(SHELLS, shell) ? SHELLS[shell]!(commands) : null;
}

const flagsOf = ({ flags }: Command): [name: string, flag: Flag][] => Object.entries({ ...flags, ...COMMON });
const takesFile = ({ value }: Flag) => value !== undefined && FILES.has(value);
const isOfTwoWords = ({ name }: Command) => name.includes(" ");

/** The first words, and what may follow each of those that have a second one. */
function wordsOf(commands: readonly Command[]): Map<string, string[]> {
  const words = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first, second] = name.split(" ") as [string, string?];
    words.set(first, [...(words.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return words;
}

/** The choices of an argument, such as `list|add|remove`. */
const choicesOf = ({ words }: Command) => words.flatMap((word) => (word.includes("|") ? word.split("|") : []));

const shortOf = (name: string) => (SHORT[name] === undefined ? [] : [`-${SHORT[name]}`]);

function bash(commands: readonly Command[]): string {
  const words = wordsOf(commands);
  const seconds = [...words].filter(([, all]) => all.length > 0);
  const flags = new Map(commands.flatMap(flagsOf));
  const named = (fits: (flag: Flag) => boolean) =>
    [...flags].filter(([, flag]) => fits(flag)).flatMap(([name]) => [`--${name}`, ...shortOf(name)]);
  const own = commands.map((command) => {
    const names = flagsOf(command).flatMap(([name]) => [`--${name}`, ...shortOf(name)]);
    const pattern = isOfTwoWords(command) ? `"${command.name}"` : `"${command.name}"*`;
    return `    ${pattern}) flags='${names.join(" ")}' choices='${choicesOf(command).join(" ")}' ;;`;
  });
  return `# Completion of seal-inbox for bash, as "seal-inbox completion bash" prints it.
_seal_inbox() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} flags= choices= words=
  COMPREPLY=()
  case $prev in
    ${named(takesFile).join("|")}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${named((flag) => flag.value !== undefined && !takesFile(flag)).join("|")}) return ;;
  esac
  case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${own.join("\n")}
  esac
  if [ "$COMP_CWORD" = 1 ]; then words='${[...words.keys()].join(" ")} --help --version'
  elif [[ $cur = -* ]]; then words=$flags
  else
    words=$choices
    [ "$COMP_CWORD" != 2 ] || case \${COMP_WORDS[1]} in
${seconds.map(([first, all]) => `      ${first}) words='${all.join(" ")}' ;;`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _seal_inbox seal-inbox
`;
}

/** zsh runs what is for bash. */
function zsh(commands: readonly Command[]): string {
  return `autoload -Uz bashcompinit && bashcompinit\n${bash(commands)}`.replace("for bash, as", "for zsh, as");
}

function fish(commands: readonly Command[]): string {
  const words = wordsOf(commands);
  const groups = [...words].filter(([, all]) => all.length > 0).map(([first]) => first);
  const seen = (...names: string[]) => `__fish_seen_subcommand_from ${names.join(" ")}`;
  const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const line = (...parts: string[]) => ["complete -c seal-inbox", ...parts].join(" ");
  const isChosen = (command: Command) => {
    const [first, second] = command.name.split(" ") as [string, string?];
    return second === undefined ? `${seen(first)}; and not ${seen(...groups)}` : `${seen(first)}; and ${seen(second)}`;
  };
  const starts = commands.map((command) => {
    const [first, second] = command.name.split(" ") as [string, string?];
    const when =
      second === undefined ? "__fish_use_subcommand" : `${seen(first)}; and not ${seen(...words.get(first)!)}`;
    return line("-n", quoted(when), "-a", second ?? first, "-d", quoted(command.summary));
  });
  const options = commands.flatMap((command) => [
    ...choicesOf(command).map((word) => line("-n", quoted(isChosen(command)), "-a", word)),
    ...flagsOf(command).map(([name, flag]) => {
      const takes = takesFile(flag) ? ["-r", "-F"] : flag.value === undefined ? [] : ["-x"];
      const short = SHORT[name] === undefined ? [] : ["-s", SHORT[name]];
      return line("-n", quoted(isChosen(command)), "-l", name, ...short, ...takes, "-d", quoted(flag.help));
    }),
  ]);
  return `# Completion of seal-inbox for fish, as "seal-inbox completion fish" prints it.
${line("-f")}
${groups.map((group) => line("-n", "__fish_use_subcommand", "-a", group)).join("\n")}
${[...starts, ...options].join("\n")}
`;
}
