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

  test('contains no bounds that are only the safe integer range of JavaScript', () => {
    expect(JSON.stringify(document).includes(String(Number.MAX_SAFE_INTEGER))).toBe(false)
  })

  test('uses the default schema dialect, the only one that tools support', () => {
    expect(document).not.toHaveProperty('jsonSchemaDialect')
  })
})
