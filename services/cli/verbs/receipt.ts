// srx receipt: what the person keeps on paper, printed by the node and verified
// anywhere.
import { access } from 'node:fs/promises';

import { sha256 } from '#crypto/digest.ts';
import type { PaperReceipt } from '#exchange/paper-receipt.ts';
import { type VerifiedReceipt, verifyPaperReceipt } from '#exchange/verify-paper-receipt.ts';
import { nowSeconds } from '#model/clock.ts';
import { isPersonal } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import { loadConfig } from '#services/node/config.ts';
import { dayInWords } from '#services/paper/dates.ts';
import { PAPER_SIZES, receiptPage } from '#services/paper/receipt-page.ts';
import { findReceipt, looksLikeReceiptText } from '#services/paper/receipt-text.ts';
import type { Anchor } from '#trust/verify-chain.ts';
import type { CaseworkResponse } from '#wire/contracts/casework.ts';

import { folderOf, withNode } from '../connection.ts';
import { readText, writeOutput } from '../files.ts';
import { CODE_FILE_OPTION, readReceiptCode } from '../receipt-code.ts';
import { block, columns } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, CONNECTION_OPTIONS, type Verb } from '../verb.ts';

const PAGE_BYTES_MAX = 256 * 1024;

export const receiptVerbs: readonly Verb[] = [
  {
    noun: 'receipt',
    name: 'print',
    summary: 'makes the paper of what is agreed: neutral, with a QR code; recorded as an opening',
    examples: [
      'srx receipt print HH-2026-0001 --out note.html',
      'srx receipt print HH-2026-0001 --to https://home.example --size A4 --out note.html',
      'srx receipt print HH-2026-0001 --name-organisations --name-sections --out note.html',
    ],
    operands: [{ name: 'CODE', help: 'local code of the case' }],
    options: {
      ...CONNECTION_OPTIONS,
      out: { value: 'FILE', help: 'where the page is written; - for standard output' },
      to: { value: 'ID', help: 'only what is agreed with this partner', many: true },
      size: { value: 'SIZE', help: 'of the paper (A5)', choices: PAPER_SIZES },
      'name-organisations': { help: 'only if the person wants them on the paper' },
      'name-sections': { help: 'only if the person wants them on the paper' },
    },
    async run(call) {
      const out = call.flags.required('out');
      const localCode = call.operands[0] ?? '';
      const printed = await withNode(call, (client) =>
        client.printReceipt({
          localCode,
          recipients: [...call.flags.texts('to')],
          nameOrganisations: call.flags.isSet('name-organisations'),
          nameSections: call.flags.isSet('name-sections'),
        }),
      );
      const size = PAPER_SIZES.find((one) => one === call.flags.text('size')) ?? 'A5';
      await writeOutput(call.io, out, receiptPage({ ...sheetOf(printed), size }), 0o600);
      const { issuedAt, agreements } = printed;
      if (out !== '-') {
        const document = { file: out, localCode, issuedAt, agreements: agreements.length };
        call.out.answer(document, [`The paper for case ${localCode} is in ${out}.`]);
      }
      call.out.note(
        'Print it once, then delete the file. Keep the paper here unless it is wanted.',
      );
    },
  },
  {
    noun: 'receipt',
    name: 'verify',
    summary: "checks a paper receipt offline, from its page or its QR code's text",
    examples: [
      'srx receipt verify note.html --anchor anchor.jwk.json --registry-id https://registry.example',
      'srx receipt verify scanned.txt --code-file code.txt --json',
      'srx receipt verify note.html --record record.jws',
      'srx receipt verify - < scanned.txt',
    ],
    operands: [
      { name: 'FILE', help: "the page, a file with the QR code's text, or that text; - for input" },
    ],
    options: {
      ...CODE_FILE_OPTION,
      anchor: { value: 'FILE', help: "the registry's key as a JWK (else that of the folder)" },
      'registry-id': { value: 'URL', help: 'entity id of that registry' },
      record: { value: 'FILE', help: 'a signed consent record: is it one of those meant?' },
    },
    async run(call) {
      const anchor = await anchorOf(call);
      const found = await findIn(call);
      const code = await readReceiptCode(call, found.code);
      const now = nowSeconds(call.io.clock);
      const verified = await verifyPaperReceipt({ text: found.text, code }, anchor, now);
      const record = await recordOf(call);
      if (record !== undefined && !bears(verified, record)) {
        throw new Refusal('TRUST_FAILED', 'The receipt holds, but it is not for this record.');
      }
      call.out.answer(documentOf(verified, now), linesOf(verified, now));
      if (record !== undefined) call.out.note(`The record ${record} is one of them.`);
      call.out.note('A no that came later is not on the paper: ask the organisation.');
    },
  },
];

function sheetOf({ text, code, issuedAt, name, agreements }: CaseworkResponse<'printReceipt'>) {
  return {
    text,
    code,
    receipt: {
      iat: issuedAt,
      ...(name !== '' && { name }),
      agreements: agreements.map(({ record, given, recipient, recipientName, ends }) => ({
        record,
        given,
        ...(recipient !== '' && { recipient: { organisation: recipient, name: recipientName } }),
        ends: ends.map(({ until, sections }) => {
          const named = sections.filter((section) => isPersonal(section));
          return { until, ...(named.length > 0 && { sections: named }) };
        }),
      })),
    },
  };
}

async function anchorOf(call: Call): Promise<Anchor> {
  const file = call.flags.text('anchor');
  if (file !== undefined) return loadAnchor(call.flags.required('registry-id'), file);
  const { registry } = await loadConfig(folderOf(call), call.env).catch((cause: unknown) => {
    if (!(cause instanceof Refusal)) throw cause;
    throw new UsageError("Whose word counts? Name the registry's key: --anchor and --registry-id.");
  });
  if (registry) return loadAnchor(registry.entityId, registry.anchorFile);
  throw new UsageError('This node has no registry: name its key by --anchor and --registry-id.');
}

async function findIn(call: Call) {
  const operand = call.operands[0] ?? '';
  const isText = looksLikeReceiptText(operand) && !(await isFile(operand));
  const content = isText ? operand : await readText(call.io, operand, PAGE_BYTES_MAX);
  const found = findReceipt(content);
  if (found && found.text.length <= 2 * limits.receiptTextCharsMax) return found;
  throw new Refusal('MALFORMED', 'No receipt is in it: give the page, or the text of its QR code.');
}

async function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The digest of the record that was given. */
async function recordOf({ flags, io }: Call): Promise<string | undefined> {
  const file = flags.text('record');
  if (file === undefined) return undefined;
  return sha256((await readText(io, file, PAGE_BYTES_MAX)).trim());
}

function bears({ receipt }: VerifiedReceipt, record: string): boolean {
  return receipt.agreements.some((one) => one.record === record);
}

function documentOf({ receipt, attestedBy, kid }: VerifiedReceipt, now: number) {
  const { iss, iat, name, agreements } = receipt;
  return {
    ok: true,
    issuer: iss,
    ...(name !== undefined && { name }),
    issuedAt: iat,
    attestedBy,
    kid,
    agreements: agreements.map((one) => ({ ...one, ended: hasEnded(one, now) })),
  };
}

function linesOf({ receipt, attestedBy, kid }: VerifiedReceipt, now: number): string[] {
  const { iss, iat, agreements } = receipt;
  return [
    `Verified. It was written on ${dayInWords(iat)}.`,
    ...columns([
      ['By', receipt.name === undefined ? iss : `${receipt.name}, ${iss}`],
      ['Key', kid],
      ['Vouched for by', attestedBy],
    ]),
    ...agreements.flatMap((one, index) => [
      '',
      `Agreement ${index + 1}, given on ${dayInWords(one.given)}${hasEnded(one, now) ? ': it has ended' : ''}`,
      ...(one.recipient ? block(`${one.recipient.name}, ${one.recipient.organisation}`, '  ') : []),
      ...one.ends.flatMap(({ until, sections }) =>
        block(`until ${dayInWords(until)}${sections ? `: ${sections.join(', ')}` : ''}`, '  '),
      ),
      `  record ${one.record}`,
    ]),
  ];
}

/** The last day belongs to it. */
function hasEnded({ ends }: PaperReceipt['agreements'][number], now: number): boolean {
  const today = new Date(now * 1000).toISOString().slice(0, 10);
  return ends.every(({ until }) => until < today);
}
