// The events as a document for whoever watches them: AsyncAPI 3.0, made from the
// allow-list by which they are published, so that it can name nothing else.
import { z } from 'zod';

import { TrackingEvent } from '#model/tracking-event.ts';

import { CloudEvent, SUBJECT_PREFIX } from './cloud-event.ts';

const MEANINGS: Readonly<Record<TrackingEvent['what'], string>> = {
  'step-sent': 'This node has stored a step of its own; it is on its way.',
  'step-taken': 'This node has stored a step of the partner.',
  'step-refused': 'This node has refused a message of the partner; it took its number.',
  'receipt-verified': 'The partner has a step of this node: its signed receipt was verified.',
  interrupted: 'Two messages with one number were found; the referral is interrupted.',
  'not-delivered': 'A step of this node expired without a receipt; a person must look at it.',
  alarm: 'A time has passed: a new line stands in the inbox. The message is the newest one here.',
};

export function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Events of an SRX node',
      version: '1.0.0',
      description:
        "What happened to a referral, for boards and watchers of one organisation. Ids and codes only, by an allow-list: nothing in an event describes a person. The node's database is the truth; the stream can be wiped and is then published again, so an event may come twice, with the same id. Silence says nothing. An id that a reader does not know is to be ignored.",
    },
    defaultContentType: 'application/json',
    servers: {
      own: {
        host: '127.0.0.1',
        protocol: 'nats',
        description:
          "The node's own nats-server, on loopback; the stream SRX on JetStream. Who uses the command line asks the node instead: srx watch --json.",
      },
    },
    channels: {
      referral: {
        address: `${SUBJECT_PREFIX}{what}`,
        parameters: {
          what: {
            enum: Object.keys(MEANINGS),
            description: Object.entries(MEANINGS)
              .map(([what, meaning]) => `${what}: ${meaning}`)
              .join(' '),
          },
        },
        messages: { event: { $ref: '#/components/messages/event' } },
      },
    },
    operations: {
      publish: { action: 'send', channel: { $ref: '#/channels/referral' } },
    },
    components: { messages: { event: message() } },
  };
}

function message(): object {
  const { $schema: _, ...payload } = z.toJSONSchema(CloudEvent, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern; // format says it
    },
  });
  return {
    name: 'event',
    title: 'A fact about one referral',
    summary:
      'CloudEvents 1.0, structured JSON. type is the subject, subject the referral, source the organisation whose node says it.',
    headers: {
      type: 'object',
      properties: {
        'Nats-Msg-Id': { type: 'string', description: 'The id of the event.' },
      },
    },
    payload,
  };
}
