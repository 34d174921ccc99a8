import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import * as codes from '#model/codes.ts';
import { Content, Envelope, Receipt, STEP_SCHEMAS } from '#model/message.ts';
import { READY_STATES, READY_STEPS } from '#model/ready/ready-codes.ts';
import { CASEWORK } from '#wire/casework-address.ts';
import { EXCHANGE } from '#wire/exchange-messages.ts';
import { schema } from '#wire/schema.ts';

import { differences, enumOf } from './contract-shape.ts';

const type = (name: string) => schema.lookupType(name);
const steps = type('srx.exchange.v1.Body').oneofs['step']?.oneof ?? [];

describe('the schemas of the model', () => {
  it('have the fields of Message, in Envelope and Content together', () => {
    const whole = z.strictObject({ ...Envelope.shape, ...Content.shape });
    expect(differences(whole, type('srx.exchange.v1.Message'))).toEqual([]);
    expect(Object.keys(Envelope.shape).filter((key) => key in Content.shape)).toEqual([]);
  });

  it('have the fields of Receipt', () => {
    expect(differences(Receipt, type('srx.exchange.v1.Receipt'))).toEqual([]);
  });

  it('have one step for each of Body.step, in its order, with its fields', () => {
    expect(Object.keys(STEP_SCHEMAS)).toEqual(steps);
    for (const [name, step] of Object.entries(STEP_SCHEMAS)) {
      const body = type('srx.exchange.v1.Body').fields[name]?.resolve().resolvedType;
      if (!(body instanceof protobuf.Type)) throw new Error(`${name} is no message`);
      expect(differences(step, body)).toEqual([]);
    }
  });

  it('have the codes of every enum, no more and no fewer', () => {
    const lists: Record<string, readonly string[]> = {
      'srx.exchange.v1.Section': codes.SECTIONS,
      'srx.exchange.v1.Stage': codes.STAGES,
      'srx.exchange.v1.Purpose': codes.PURPOSES,
      'srx.exchange.v1.PackageFault': codes.PACKAGE_FAULTS,
      'srx.exchange.v1.Milestone': codes.MILESTONES,
      'srx.exchange.v1.MeetingWish': codes.MEETING_WISHES,
      'srx.exchange.v1.PersonView': codes.PERSON_VIEWS,
      'srx.exchange.v1.RefusalReason': codes.REFUSAL_REASONS,
      'srx.exchange.v1.Verdict': codes.VERDICTS,
      'srx.casework.v1.Role': codes.ROLES,
      'srx.casework.v1.ReadyState': READY_STATES,
      'srx.casework.v1.ReadyStep': READY_STEPS,
      'srx.casework.v1.AccessReason': codes.ACCESS_REASONS,
    };
    for (const [name, list] of Object.entries(lists)) {
      expect(enumOf(z.enum(list), schema.lookupEnum(name), name)).toEqual([]);
    }
    const enums = all(schema).filter((object) => object instanceof protobuf.Enum);
    expect(enums.map(({ fullName }) => fullName.slice(1)).toSorted()).toEqual(
      Object.keys(lists).toSorted(),
    );
  });
});

for (const { service, methods } of [EXCHANGE, CASEWORK]) {
  describe(service, () => {
    const { methods: declared } = schema.lookupService(service);
    const contracts = Object.entries<{ request: z.ZodType; response: z.ZodType }>(methods);

    it('has one contract for each method and one method for each contract', () => {
      const names = Object.keys(declared).map((name) => name[0]?.toLowerCase() + name.slice(1));
      expect(contracts.map(([name]) => name).toSorted()).toEqual(names.toSorted());
    });

    for (const [name, contract] of contracts) {
      it(`asks and answers ${name} with the fields of its proto`, () => {
        const method = declared[`${name[0]?.toUpperCase()}${name.slice(1)}`]?.resolve();
        if (!(method instanceof protobuf.Method)) throw new Error('no such method');
        const { resolvedRequestType: request, resolvedResponseType: response } = method;
        if (request === null || response === null) throw new Error('no types');
        expect(differences(contract.request, request)).toEqual([]);
        expect(differences(contract.response, response)).toEqual([]);
        expect(method.requestStream ?? false).toBe(false);
        expect(method.responseStream ?? false).toBe(name === 'watch');
      });
    }
  });
}

describe('the comparison itself', () => {
  const ask = type('srx.exchange.v1.ChainPosition');
  it('sees a field too many, too few, of another kind, unset, and an open object', () => {
    const digest = z.string();
    const seq = z.int();
    expect(differences(z.strictObject({ seq, digest }), ask)).toEqual([]);
    expect(differences(z.strictObject({ seq }), ask)).toHaveLength(1);
    expect(differences(z.strictObject({ seq, digest, more: seq }), ask)).toHaveLength(1);
    expect(differences(z.strictObject({ seq: digest, digest }), ask)).toHaveLength(1);
    expect(differences(z.strictObject({ seq: seq.optional(), digest }), ask)).toHaveLength(1);
    expect(differences(z.object({ seq, digest }), ask)).toHaveLength(1);
    const section = schema.lookupEnum('srx.exchange.v1.Section');
    expect(enumOf(z.enum(codes.PERSONAL_SECTIONS), section, 'x')).toHaveLength(1);
  });
});

function all(namespace: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((object) =>
    object instanceof protobuf.Namespace ? [object, ...all(object)] : [object],
  );
}
