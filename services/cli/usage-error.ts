// The command was not written as it must be; the message says how it is.

export class UsageError extends Error {}
