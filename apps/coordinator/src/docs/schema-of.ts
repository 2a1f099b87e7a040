// From a schema of the wire to how the OpenAPI document shows it: what has a name is a component.
import { z } from 'zod';

export const COMPONENTS = '#/components/schemas/';

/** @param io `output` of what is told or stands in a query, `input` of what is sent as a body */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const id = z.globalRegistry.get(schema)?.['id'];
  if (id !== undefined) return { $ref: `${COMPONENTS}${String(id)}` };
  const { $schema: _dialect, $defs: _named, ...rest } = z.toJSONSchema(schema, { io });
  return withComponents(rest);
}

/** Each field of a query is a parameter. */
export function parametersOf(query: z.ZodType): readonly object[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'output' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: withComponents(schema),
  }));
}

/** zod puts named schemas beside each other under `$defs`. */
function withComponents(schema: z.core.JSONSchema._JSONSchema): object {
  const text = JSON.stringify(schema).replaceAll('#/$defs/', COMPONENTS);
  return JSON.parse(text) as object;
}
