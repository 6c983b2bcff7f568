// Filling what was generated into a script that is written by hand.

/** Puts lines, indented as it is, in the place of each `#{name}`. Throws where a place has no lines. */
export function fill(script: string, lines: Readonly<Record<string, readonly string[]>>): string {
  return script.replace(/^( *)(.*)#\{([a-z ]+)\}/gm, (_, indent: string, before: string, name: string) => {
    const given = lines[name];
    if (!given) throw new Error(`nothing is given for ${name}`);
    return indent + before + given.join(`\n${indent}`);
  });
}
