import type {
  Decision,
  Operation,
  Outcome,
  ProtocolName,
  ProtocolState,
} from '@concordat/protocols';
import { protocolNames } from '@concordat/protocols';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { beginRequestSchema, enlistRequestSchema, parseBegin } from './begin-request.js';
import { listQuerySchema } from './list-query.js';
import { participantRequestSchema } from './participant-call.js';
import { problemSchema } from './problem.js';
import * as views from './views.js';
import {
  decisionSchema,
  operationSchema,
  operationsOf,
  outcomeSchema,
  phasesOf,
  protocolSchema,
} from './words.js';

const schemas: { readonly [name: string]: z.ZodType } = {
  beginRequestSchema,
  enlistRequestSchema,
  listQuerySchema,
  participantRequestSchema,
  problemSchema,
  ...views,
};

describe('the schemas', () => {
  test.each(Object.keys(schemas))('%s can be shown in an OpenAPI document', (name) => {
    const schema = schemas[name] ?? z.never();
    for (const target of ['draft-2020-12', 'openapi-3.0'] as const) {
      expect(z.toJSONSchema(schema, { target, io: 'input' })).toBeTypeOf('object');
    }
  });

  test('show the defaults, and that an unknown field is an error', () => {
    const json = z.toJSONSchema(beginRequestSchema, { io: 'input' });
    expect(JSON.stringify(json)).toContain('"default":30000');
    expect(JSON.stringify(json)).toContain('"additionalProperties":false');
  });

  test('have examples that they accept', () => {
    const { examples = [] } = beginRequestSchema.meta() ?? {};
    expect(examples).not.toHaveLength(0);
    for (const example of Array.isArray(examples) ? examples : []) {
      expect(parseBegin(example, { branchesMax: 9, payloadBytesMax: 999 })).toHaveProperty(
        'ok',
        true,
      );
    }
    const shown = views.transactionViewSchema.meta()?.examples;
    expect(z.array(views.transactionViewSchema).safeParse(shown)).toHaveProperty('success', true);
  });
});

describe('the words', () => {
  test('are those of the protocols, all of them', () => {
    type Phase<P extends ProtocolName> = Extract<ProtocolState, { protocol: P }>['state']['phase'];
    expectTypeOf<z.infer<typeof protocolSchema>>().toEqualTypeOf<ProtocolName>();
    expectTypeOf<z.infer<typeof decisionSchema>>().toEqualTypeOf<Decision>();
    expectTypeOf<z.infer<typeof outcomeSchema>>().toEqualTypeOf<Outcome>();
    expectTypeOf<z.infer<typeof operationSchema>>().toEqualTypeOf<Operation>();
    expectTypeOf<(typeof phasesOf)['2pc'][number]>().toEqualTypeOf<Phase<'2pc'>>();
    expectTypeOf<(typeof phasesOf)['3pc'][number]>().toEqualTypeOf<Phase<'3pc'>>();
    expectTypeOf<(typeof phasesOf)['tcc'][number]>().toEqualTypeOf<Phase<'tcc'>>();
    expectTypeOf<(typeof phasesOf)['saga'][number]>().toEqualTypeOf<Phase<'saga'>>();
    expect(protocolSchema.options.toSorted()).toEqual([...protocolNames].toSorted());
    const all = Object.values(operationsOf).flat();
    expect(new Set(all).size).toBe(all.length);
  });
});
