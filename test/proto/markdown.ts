// Reads the protocol in words: its tables, its examples, the numbers of its rules.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const DOCUMENTS = ['README', 'fold', 'trust'] as const;

export function readDocument(name: (typeof DOCUMENTS)[number]): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../proto/${name}.md`, import.meta.url)), 'utf8');
}

/** Cells without their backquotes; the first line holds the names of the columns. */
export type Table = { names: string[]; lines: string[][] };

/** Tables with these column names, all of them in one. @throws if there is none */
export function tableOf(document: string, ...names: string[]): Table {
  const found = tablesOf(document).filter((table) => table.names.join() === names.join());
  if (found.length === 0) throw new Error(`no table has the columns ${names.join(', ')}`);
  return { names, lines: found.flatMap((table) => table.lines) };
}

/** The table behind a comment `<!-- table: name -->`. */
export function markedTable(document: string, name: string): Table {
  const [, after] = document.split(`<!-- table: ${name} -->\n`);
  const [table] = tablesOf(after ?? '');
  if (!table) throw new Error(`no table is marked ${name}`);
  return table;
}

function tablesOf(document: string): Table[] {
  const blocks = document.split('\n').reduce<string[][]>(
    (all, line) => {
      if (line.startsWith('|')) all.at(-1)?.push(line);
      else if (all.at(-1)?.length !== 0) all.push([]);
      return all;
    },
    [[]],
  );
  return blocks.flatMap(([head, , ...lines]) =>
    head === undefined ? [] : [{ names: cellsOf(head), lines: lines.map(cellsOf) }],
  );
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('`', '').trim());
}

/** Items `- \`name\`: text` of the first list behind these words, by name. */
export function itemsAfter(document: string, words: string): Map<string, string> {
  const [, after = ''] = document.split(words);
  const list = /^- `[^]*?(?=\n\n(?!- ))/m.exec(after)?.[0] ?? '';
  const items = list.split(/\n+(?=- )/).flatMap((item) => {
    const [, names = '', text = ''] = /^- ((?:`\w+`(?:, )?)+): ([^]*)$/.exec(item) ?? [];
    return names.split(', ').map((name) => [name.replaceAll('`', ''), text] as const);
  });
  return new Map(items);
}

/** The text of a fenced block ```lang example:name. */
export function exampleOf(document: string, name: string): string {
  const found = new RegExp(`\`\`\`\\w+ example:${name}\\n([^]*?)\`\`\``).exec(document)?.[1];
  if (found === undefined) throw new Error(`no example ${name}`);
  return found;
}

/** Numbers of the rules that a document states, in order. */
export function rulesOf(document: string): string[] {
  return [...document.matchAll(/^\*\*([A-Z]\d+)\*\* /gm)].map((match) => match[1] ?? '');
}
