// What the program says of itself: an event name, ids and codes. Never content,
// never the text of an error of a library.
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean>>;

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
