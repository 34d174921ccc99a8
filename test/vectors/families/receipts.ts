// receipts.json: what comes back for harbour's request, and what harbour believes.
import { sha256 } from '#crypto/digest.ts';
import { signJws } from '#crypto/jws.ts';
import { MESSAGE_TYP, RECEIPT_TYP } from '#exchange/context.ts';
import { limits } from '#model/limits.ts';
import type { Receipt } from '#model/message.ts';
import { START_SECONDS, uuidOf } from '#test/model/story.ts';
import { codec } from '#wire/codec.ts';
import { forge, headerText, partsOf } from '../forge.ts';
import { parties } from '../parties.ts';
import { Scribe } from '../scribe.ts';
import type { Family, Repeated, Vector } from '../vector.ts';

type ReceiptsInput = { message: string; receipt: string | Repeated };
type ReceiptsExpect = { receipt: Receipt } | { error: string };
export type ReceiptsVector = Vector<ReceiptsInput, ReceiptsExpect>;

export async function makeReceipts(): Promise<Family<ReceiptsVector>> {
  const { harbour, homeward, stranger } = await parties();
  const scribe = new Scribe();
  const request = await scribe.say('referring', 'referralRequest');
  const { digest, envelope } = request.entry;
  const right: Receipt = {
    receiver: homeward.organisation,
    sender: harbour.organisation,
    referralId: envelope.referralId,
    messageId: envelope.messageId,
    seq: 1,
    messageDigest: digest,
    verdict: 'taken',
    sectionsTaken: ['minimum'],
    receivedAt: START_SECONDS + 2,
    read: { seq: 1, digest },
  };
  const sign = (receipt: Receipt, key = homeward.message, typ = RECEIPT_TYP) =>
    signJws(key, typ, codec.encodeReceipt(receipt));
  const message = request.jws;
  const good = (name: string, receipt: Receipt, jws: string): ReceiptsVector => {
    return {
      name,
      check: 'V3',
      valid: true,
      input: { message, receipt: jws },
      expect: { receipt },
    };
  };
  const bad = (
    check: string,
    name: string,
    receipt: string | Repeated,
    error: string,
  ): ReceiptsVector => {
    return { name, check, valid: false, input: { message, receipt }, expect: { error } };
  };
  const refused: Receipt = { ...right, verdict: 'refused', reason: 'late', sectionsTaken: [] };
  const signed = await sign(right);
  const [head = '', body = '', mark = ''] = partsOf(signed);
  const { kid } = homeward.jwks.message;
  const header = headerText({ alg: 'Ed25519', kid, typ: RECEIPT_TYP });
  const changed: [string, Partial<Receipt>][] = [
    ['another receiver', { receiver: stranger.organisation }],
    ['another sender', { sender: stranger.organisation }],
    ['another referral', { referralId: uuidOf('another') }],
    ['another message', { messageId: uuidOf('another') }],
    ['another number', { seq: 2 }],
    ['other bytes', { messageDigest: sha256('other') }],
  ];
  return {
    about: 'Receipts for one request of harbour: proto/README.md, "Receipts".',
    vectors: [
      good('a receipt', right, signed),
      good('a receipt of a refusal', refused, await sign(refused)),
      bad(
        'J1',
        'a receipt over 8 KiB',
        { repeat: 'A', times: limits.receiptJwsBytesMax + 1 },
        'TOO_LARGE',
      ),
      bad(
        'J8',
        'a receipt with the typ of a message',
        await sign(right, homeward.message, MESSAGE_TYP),
        'MALFORMED',
      ),
      bad(
        'V1',
        'a receipt that harbour gave itself',
        await sign(right, harbour.message),
        'UNAUTHENTICATED',
      ),
      bad(
        'V1',
        'a stranger’s signature under homeward’s kid',
        forge(header, body, stranger.jwks.message),
        'UNAUTHENTICATED',
      ),
      bad(
        'V1',
        'a receipt changed after it was signed',
        `${head}.${partsOf(await sign(refused))[1]}.${mark}`,
        'UNAUTHENTICATED',
      ),
      bad(
        'V2',
        'a receipt that is not canonical',
        await signJws(
          homeward.message,
          RECEIPT_TYP,
          Buffer.concat([codec.encodeReceipt(right), Buffer.of(0x68, 1)]),
        ),
        'SCHEMA_VIOLATION',
      ),
      bad(
        'V2',
        'a receipt that cannot be decoded',
        await signJws(homeward.message, RECEIPT_TYP, Buffer.of(0xff)),
        'MALFORMED',
      ),
      ...(await Promise.all(
        changed.map(async ([name, fields]) =>
          bad('V3', `a receipt for ${name}`, await sign({ ...right, ...fields }), 'MALFORMED'),
        ),
      )),
    ],
  };
}
