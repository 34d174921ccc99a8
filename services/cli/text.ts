// Text for a terminal of 80 columns.

export const WIDTH = 80;

/** Lines of at most `width`; a word that is longer is cut. */
export function wrap(text: string, width: number = WIDTH): string[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const lines: string[] = [];
  let line = '';
  for (const word of words.flatMap((one) => pieces(one, width))) {
    const next = line === '' ? word : `${line} ${word}`;
    if (next.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = next;
    }
  }
  return [...lines, line];
}

/** Wrapped, the first line after one margin and the others after another. */
export function block(text: string, first = '', later = first): string[] {
  const room = WIDTH - Math.max(first.length, later.length);
  return wrap(text, room).map((line, index) => (index === 0 ? first : later) + line);
}

/** A command line as a shell takes it; broken after a word, its flags with their values. */
export function commandLines(line: string, margin = ''): string[] {
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const units = words.reduce<string[]>((made, word) => {
    const before = made.at(-1) ?? '';
    const isValue = /^--[a-z-]+$/.test(before) && !word.startsWith('--');
    return isValue ? [...made.slice(0, -1), `${before} ${word}`] : [...made, word];
  }, []);
  const [first = '', ...rest] = units;
  const lines: string[] = [];
  let open = margin + first;
  for (const unit of rest) {
    if (open.length + unit.length + 1 <= WIDTH - 2) {
      open += ` ${unit}`;
      continue;
    }
    lines.push(`${open} \\`);
    open = `${margin}  ${unit}`;
  }
  return [...lines, open];
}

function pieces(word: string, width: number): string[] {
  const cut: string[] = [];
  for (let rest = word; rest !== ''; rest = rest.slice(width)) cut.push(rest.slice(0, width));
  return cut;
}

/** Two columns; the right one wraps beside the left. */
export function columns(rows: readonly (readonly [string, string])[], leftMax = 30): string[] {
  const left = Math.min(leftMax, Math.max(0, ...rows.map(([name]) => name.length)));
  return rows.flatMap(([name, text]) => {
    const gap = ' '.repeat(left + 4);
    const wrapped = wrap(text, WIDTH - gap.length);
    const isLong = name.length > left;
    const first = isLong ? [`  ${name}`] : [];
    const begin = isLong ? gap : `  ${name.padEnd(left)}  `;
    return [
      ...first,
      ...wrapped.map((line, index) => (index === 0 ? begin : gap) + line).map((l) => l.trimEnd()),
    ];
  });
}

/** `2027-03-01 09:05` in UTC; `-` for 0. */
export function when(seconds: number): string {
  if (seconds === 0) return '-';
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

/** As RFC 3339 in UTC, for a program; '' for 0. */
export function isoTime(seconds: number): string {
  return seconds === 0 ? '' : new Date(seconds * 1000).toISOString().replace('.000', '');
}
