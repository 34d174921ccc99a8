// How a command answers: for people on lines of 80 columns, as one JSON
// document, or plain: one record a line, its fields parted by tabs.
import { styleText } from 'node:util';

import type { Io } from './io.ts';
import { wrap } from './text.ts';

/** Fields of one line of a plain answer. */
export type PlainRecord = readonly (string | number)[];

export type Output = {
  readonly isJson: boolean;
  /** The whole answer, once: the document, the records, or the lines. */
  answer(document: unknown, lines: readonly string[], records?: readonly PlainRecord[]): void;
  /** One of a stream: a line of NDJSON, or of text. */
  item(document: unknown, line: string, record?: PlainRecord): void;
  /** Beside the answer, for a person. */
  note(text: string): void;
  /** On a terminal only. */
  progress(text: string): void;
  strong(text: string): string;
  bad(text: string): string;
};

export function createOutput(
  io: Io,
  flags: { json: boolean; plain: boolean; noColor: boolean },
): Output {
  const { json: isJson, plain: isPlain } = flags;
  const isColoured =
    io.isTty.stdout && !flags.noColor && !io.env['NO_COLOR'] && !isJson && !isPlain;
  const paint = (format: 'bold' | 'red') => (text: string) =>
    isColoured ? styleText(format, text, { validateStream: false }) : text;
  const print = (lines: readonly string[]) => io.stdout(lines.map((line) => `${line}\n`).join(''));
  return {
    isJson,
    answer(document, lines, records) {
      if (isJson) print([JSON.stringify(document, null, 2)]);
      else print(isPlain && records ? records.map(plainLine) : lines);
    },
    item(document, line, record) {
      const shown = isPlain && record ? plainLine(record) : line;
      print([isJson ? JSON.stringify(document) : shown]);
    },
    note: (text) =>
      io.stderr(
        `${text
          .split('\n')
          .flatMap((line) => wrap(line))
          .join('\n')}\n`,
      ),
    progress: (text) => {
      if (io.isTty.stderr) io.stderr(`${text}\n`);
    },
    strong: paint('bold'),
    bad: paint('red'),
  };
}

/** A tab or a line end inside a field would make two of one. */
function plainLine(record: PlainRecord): string {
  return record.map((field) => String(field).replace(/[\t\r\n]+/g, ' ')).join('\t');
}
