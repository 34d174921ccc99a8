// What can be wrong with the writing itself, by the parser's codes, in own
// words: the parser's messages quote the file.

import type { ErrorCode } from 'yaml';

export type SyntaxFault = {
  what: string;
  remedy: string;
  /** The rest still says what it says, so its faults can be told too. */
  leavesTextReadable: boolean;
};

const broken = (what: string, remedy: string): SyntaxFault => ({
  what,
  remedy,
  leavesTextReadable: false,
});

const readable = (what: string, remedy: string): SyntaxFault => ({
  what,
  remedy,
  leavesTextReadable: true,
});

const INDENT = 'Indent the fields of one group by the same number of blanks, no tabs.';
const QUOTE = 'Close every quote and bracket, and put text with : # [ or { in it into quotes.';

export const UNKNOWN_SYNTAX_FAULT = broken('cannot be read here', QUOTE);

export const ALIAS_FAULT = broken(
  'repeats another place of the file by & or *',
  'Write the value out; put text that begins with & or * into quotes.',
);

export const SYNTAX_FAULTS: Readonly<Partial<Record<ErrorCode, SyntaxFault>>> = {
  DUPLICATE_KEY: readable('has this field twice', 'Keep one of them.'),
  MULTIPLE_DOCS: readable('holds more than one document', 'Write one case per file, without ---.'),
  BAD_ALIAS: ALIAS_FAULT,
  TAG_RESOLVE_FAILED: broken(
    'has a tag (!) or, in JSON, text without quotes',
    'Put the text into double quotes.',
  ),
  NON_STRING_KEY: broken(
    'has a field name that is not text',
    'Put the name of the field into quotes.',
  ),
  BAD_INDENT: broken('is indented wrongly', INDENT),
  TAB_AS_INDENT: broken('is indented by a tab', INDENT),
  BLOCK_AS_IMPLICIT_KEY: broken('has two colons in one line', QUOTE),
  MULTILINE_IMPLICIT_KEY: broken('has a field name over two lines, or a colon is missing', QUOTE),
  MISSING_CHAR: broken('lacks a closing quote, bracket, comma or colon', QUOTE),
  UNEXPECTED_TOKEN: broken('has something that does not belong here', QUOTE),
  BAD_SCALAR_START: broken('begins with a sign that needs quotes', 'Put the text into quotes.'),
  BAD_DQ_ESCAPE: broken('has a \\ that does not fit', 'Write \\\\ for one, or use single quotes.'),
};
