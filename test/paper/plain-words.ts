// How plain a page is: its sentences as a reader meets them, and the words that
// no page for a person uses.

const BLOCKED =
  /\b(victims?|traffick\w*|fail(ed|s|ure)?|must|warnings?|invalid|refus\w*|withdraw\w*|consent\w*)\b/i;

/** Sentences of the body, without markup. */
export function sentencesOf(page: string): string[] {
  const body = page
    .slice(page.indexOf('<body>'))
    .replace(/<svg[\s\S]*?<\/svg>/g, '')
    .replace(/<\/(p|h[1-6]|li|dt|dd|td|th|tr|caption|summary)>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&#39;/g, "'")
    .replace(/&(quot|amp|lt|gt);/g, ' ');
  return body
    .split(/\n|(?<=[.?!:])\s/)
    .map((one) => one.trim())
    .filter((one) => /\p{L}/u.test(one));
}

/** What is wrong with these sentences; empty for plain ones. */
export function faultsOfWords(sentences: readonly string[]): string[] {
  return sentences.flatMap((sentence) => [
    ...(sentence.split(/\s+/).length > 15 ? [`long: ${sentence}`] : []),
    ...(BLOCKED.test(sentence) ? [`word: ${sentence}`] : []),
    ...(sentence.includes('!') ? [`loud: ${sentence}`] : []),
  ]);
}
