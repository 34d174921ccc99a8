// How a command answers: for people on lines of 80 columns, or one JSON document.
import { styleText } from 'node:util';

import type { Io } from './io.ts';
import { wrap } from './text.ts';

export type Output = {
  readonly isJson: boolean;
  /** The whole answer, once: the document, or the lines. */
  answer(document: unknown, lines: readonly string[]): void;
  /** One of a stream: a line of NDJSON, or of text. */
  item(document: unknown, line: string): void;
  /** Beside the answer, for a person. */
  note(text: string): void;
  /** On a terminal only. */
  progress(text: string): void;
  strong(text: string): string;
  bad(text: string): string;
};

export function createOutput(io: Io, flags: { json: boolean; noColor: boolean }): Output {
  const isJson = flags.json;
  const isColoured = io.isTty.stdout && !flags.noColor && !io.env['NO_COLOR'] && !isJson;
  const paint = (format: 'bold' | 'red') => (text: string) =>
    isColoured ? styleText(format, text, { validateStream: false }) : text;
  const print = (lines: readonly string[]) => io.stdout(lines.map((line) => `${line}\n`).join(''));
  return {
    isJson,
    answer: (document, lines) => print(isJson ? [JSON.stringify(document, null, 2)] : lines),
    item: (document, line) => print([isJson ? JSON.stringify(document) : line]),
    note: (text) => io.stderr(`${wrap(text).join('\n')}\n`),
    progress: (text) => {
      if (io.isTty.stderr) io.stderr(`${text}\n`);
    },
    strong: paint('bold'),
    bad: paint('red'),
  };
}
