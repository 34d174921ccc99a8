// srx verify: an exported referral as evidence, offline.

import { type EvidenceReport, verifyEvidence } from '#exchange/verify-evidence.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import { codec } from '#wire/codec.ts';

import { Ended, EXIT } from '../exit-codes.ts';
import { readText } from '../files.ts';
import { block, columns, when } from '../text.ts';
import type { Call, Verb } from '../verb.ts';

export const verify: Verb = {
  noun: '',
  name: 'verify',
  summary: 'checks an exported referral offline: signatures, chains, receipts, state',
  examples: [
    'srx verify referral.json',
    'srx verify referral.json --anchor anchor.jwk.json --registry-id https://registry.example',
    'srx verify - --json < referral.json',
  ],
  operands: [{ name: 'FILE', help: 'made by srx referral export; - for standard input' }],
  options: {
    anchor: { value: 'FILE', help: "the registry's key as a JWK: keys are checked by it too" },
    'registry-id': { value: 'URL', help: 'entity id of that registry' },
  },
  async run(call) {
    const text = await readText(call.io, call.operands[0] ?? '', limits.evidenceBytesMax);
    const anchorFile = call.flags.text('anchor');
    const anchor =
      anchorFile === undefined
        ? undefined
        : await loadAnchor(call.flags.required('registry-id'), anchorFile);
    const report = await verifyEvidence(codec, parse(text), anchor);
    call.out.answer(report, lines(call, report));
    if (!report.ok) throw new Ended(EXIT.notTrusted);
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the file.
    throw new Refusal('MALFORMED', 'The file is not JSON: export the referral again.');
  }
}

function lines({ out }: Call, report: EvidenceReport): string[] {
  const { checks, ok, messages, keys, notVerifiable } = report;
  const failed = checks.find((check) => !check.ok);
  const verdict = ok
    ? `Verified. The referral is ${report.status}.`
    : out.bad(`Not verified: ${failed?.check}.`);
  return [
    verdict,
    ...columns([
      ['Referral', report.referralId],
      ['Referring', report.organisations.referring],
      ['Receiving', report.organisations.receiving],
      ...(report.stateDigest === null ? [] : [['State', report.stateDigest] as const]),
    ]),
    ...section(
      'Checks',
      columns(checks.map((one) => [`${one.ok ? 'ok    ' : 'NOT OK'}  ${one.check}`, one.detail])),
    ),
    ...section(
      'Messages (sent, UTC; receipt)',
      messages.map(({ side, seq, step, sentAt, verdict: word, receivedAt }) => {
        const receipt = receivedAt === null ? 'none' : when(receivedAt);
        const said = word === 'counts' ? '' : ` [${word}]`;
        return `  ${when(sentAt)}  ${side.slice(0, 3)} ${String(seq).padStart(3)}  ${`${step}${said}`.padEnd(30)}  ${receipt}`;
      }),
    ),
    ...section(
      'Keys: compare each fingerprint with what the organisation says of it',
      keys.flatMap(({ organisation, kid, use }) => [
        `  ${kid}${use === 'used' ? '' : ' (unused)'}`,
        ...block(organisation, '    '),
      ]),
    ),
    ...section(
      'Not verifiable from this file',
      notVerifiable.flatMap((one) => block(one, '  ')),
    ),
  ];
}

function section(title: string, body: readonly string[]): string[] {
  return body.length === 0 ? [] : ['', title, ...body];
}
