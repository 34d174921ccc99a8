// "Did you mean": the closest of the known names, if any is close enough.

const NAME_CHARS_MAX = 64;

/** Case and separators are ignored; up to a third of the letters may differ. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > NAME_CHARS_MAX) return undefined;
  const plain = bare(written);
  let best: string | undefined;
  let bestSteps = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const name of known) {
    const steps = editSteps(plain, bare(name));
    if (steps < bestSteps) {
      best = name;
      bestSteps = steps;
    }
  }
  return best;
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Letters added, left out, replaced, or two neighbours swapped. */
function editSteps(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? Infinity) + 1 : Infinity;
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
