// Which known word a mistyped one was meant to be.

/**
 * The word that is at most so many edits away, by default two, or one for short words; null where none is, or where
 * `word` is among them.
 */
export function closest(
  word: string,
  known: readonly string[],
  limit: number = word.length <= 3 ? 1 : 2,
): string | null {
  if (known.includes(word)) return null;
  const near = known.map((name) => ({ name, edits: distance(word, name) })).filter(({ edits }) => edits <= limit);
  return near.sort((a, b) => a.edits - b.edits)[0]?.name ?? null;
}

/** Insertions, deletions, substitutions, and swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
