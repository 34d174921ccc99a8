// What is on a receipt, out of what somebody has: the text of its QR code, typed
// or in a file, or the page itself, which bears the code too.

export type FoundReceipt = { text: string; code?: string };

/** Undefined for what holds no receipt; nothing is opened or verified. */
export function findReceipt(content: string): FoundReceipt | undefined {
  const text = /\bdata-text="([0-9A-Z]+)"/.exec(content)?.[1];
  const code = /\bdata-code="([0-9A-Z-]+)"/.exec(content)?.[1];
  if (text !== undefined) return { text, ...(code !== undefined && { code }) };
  return looksLikeReceiptText(content) ? { text: content.trim() } : undefined;
}

/** Long, and nothing but letters, digits and the breaks that a copy brings. */
export function looksLikeReceiptText(word: string): boolean {
  return /^[0-9A-Za-z\s-]{300,}$/.test(word) && !/[uU]/.test(word);
}
