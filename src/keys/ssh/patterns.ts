// Lists of patterns, as ssh has them for names of hosts and of people: "*.example.com,!old.example.com".

/** Whether a name is matched by a pattern of the list, and by none of those that begin with "!". */
export function matchesPatterns(name: string, list: string): boolean {
  let matches = false;
  for (const pattern of list.split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matchesPattern(name, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false;
    matches = true;
  }
  return matches;
}

/** `*` stands for any characters, `?` for one. In time of name times pattern: only the last `*` is gone back to. */
function matchesPattern(name: string, pattern: string): boolean {
  let [at, place, star, from] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[place] === "*") {
      star = place++;
      from = at;
    } else if (pattern[place] === "?" || pattern[place] === name[at]) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++from;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}
