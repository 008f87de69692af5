import { listOperations, type Operation } from '@orrery/contract'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { describeApi } from './describe-api.ts'

interface Described {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly example?: unknown }[]
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly properties: object }; readonly example: object } }
  }
}

const document = describeApi(listOperations(), { version: '0', url: 'http://localhost' }) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

function fieldsOf({ input }: Operation): string[] {
  return Object.keys((z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as { properties?: object }).properties ?? {})
}

describe('the OpenAPI document', () => {
  test.for(listOperations().map((operation) => [operation.name, operation] as const))('has every field of %s', ([, operation]) => {
    const described = document.paths[operation.http.path]?.[operation.http.method.toLowerCase()]
    const inParameters = (described?.parameters ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]))
    const inBody = Object.keys(described?.requestBody?.content['application/json'].schema.properties ?? {})
    expect([...inParameters, ...inBody].sort()).toEqual(fieldsOf(operation).sort())
  })

  const withBody = listOperations().filter(({ http }) => http.method !== 'GET' && http.method !== 'DELETE')
  test.for(withBody.map((operation) => [operation.name, operation] as const))('shows a valid example body for %s', ([, operation]) => {
    const described = document.paths[operation.http.path]?.[operation.http.method.toLowerCase()]
    const body = described?.requestBody?.content['application/json'].example ?? {}
    const inPath = (described?.parameters ?? []).flatMap((one) => (one.in === 'path' ? [[one.name, one.example]] : []))
    expect(operation.input.safeParse({ ...body, ...Object.fromEntries(inPath) }).error).toBeUndefined()
  })

  test('says of which fields a call has exactly one, at most one, or at least one', () => {
    const bodyOf = (path: string, method: string) => document.paths[path]?.[method]?.requestBody?.content['application/json'].schema
    expect(bodyOf('/tools/import', 'post')).toMatchObject({ allOf: [{ oneOf: [{ required: ['document'] }, { required: ['url'] }] }] })
    expect(bodyOf('/runs', 'post')).toMatchObject({ allOf: [{ not: { required: ['at', 'delay'] } }] })
    const rules = bodyOf('/automations', 'post') as never as { allOf: readonly unknown[] }
    expect(rules.allOf).toContainEqual({ anyOf: [{ required: ['name'] }, { required: ['title'] }] })
    const chosen = listOperations().flatMap(({ name, choices = [], input }) =>
      choices.flatMap(({ of }) => of.map((field) => [name, field, input] as const)),
    )
    for (const [name, field, input] of chosen) expect(Object.keys(input.shape), name).toContain(field)
  })

  test('says which settings a provider needs, and that the arguments of a tool are an object', () => {
    expect(JSON.stringify(document)).toContain('{"enum":["azure","compatible"]}},"required":["provider"]}},{"required":["baseUrl"]}]')
    expect(JSON.stringify(document)).toContain('"oneOf":[{"required":["uses"]},{"required":["pipeline"]}')
    const { schemas } = (document as never as { components: { schemas: Record<string, { properties: Record<string, unknown> }> } })
      .components
    expect(schemas.ToolDefinition?.properties.inputSchema).toMatchObject({
      type: 'object',
      required: ['type'],
      properties: { type: { const: 'object' } },
    })
  })

  test('has the pattern of the idempotency key and of the cursors of events', () => {
    const { components, paths } = document as never as {
      components: { parameters: { IdempotencyKey: { schema: { pattern: string } } } }
      paths: Described
    }
    const { pattern } = components.parameters.IdempotencyKey.schema
    expect(['a-b', 'a b', 'é'].map((key) => new RegExp(pattern, 'u').test(key))).toEqual([true, false, false])
    const stream = (paths as never as Record<string, { get: { parameters: { name: string; schema: { pattern: string } }[] } }>)[
      '/events/stream'
    ]
    const cursor = new RegExp(stream?.get.parameters.find(({ name }) => name === 'cursor')?.schema.pattern ?? '$^')
    expect(['start', '7412-90', 'end', '7412'].map((text) => cursor.test(text))).toEqual([true, true, false, false])
  })

  test('contains no bounds that are only the safe integer range of JavaScript', () => {
    expect(JSON.stringify(document).includes(String(Number.MAX_SAFE_INTEGER))).toBe(false)
  })

  test('uses the default schema dialect, the only one that tools support', () => {
    expect(document).not.toHaveProperty('jsonSchemaDialect')
  })
})
