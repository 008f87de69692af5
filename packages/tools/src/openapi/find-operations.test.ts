/**
 * Reads OpenAPI documents without a network: which operations become tools, how their schemas are converted, and how their requests are
 * built.
 */
import { type JsonObject, ProblemError } from '@orrery/contract'
import { expect, test } from 'vitest'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'
import { findDefinitionFaults } from '../catalogue/find-definition-faults.ts'
import { checksHere } from '../port/checks-here.fixture.ts'
import { buildOpenApiCall } from './build-open-api-call.ts'
import { UnreadableOperation } from './document.ts'
import { findOperations, type OpenApiOperation } from './find-operations.ts'
import type { OpenApiOptions } from './operation-context.ts'

const here = { documentUrl: undefined, baseUrl: undefined }
const ok = { 200: { description: 'ok', content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } } }

function readOperations(document: JsonObject, options: OpenApiOptions) {
  const { title, operations: found } = findOperations(document, options)
  const operations: OpenApiOperation[] = []
  const leftOut: { operation: string; reason: string }[] = []
  for (const { id, read } of found) {
    try {
      operations.push(read())
    } catch (error) {
      if (!(error instanceof UnreadableOperation)) throw error
      leftOut.push({ operation: id, reason: error.message })
    }
  }
  return { title, operations, leftOut }
}

/** A document in OpenAPI 3.0 with features that real documents use. */
const shop: JsonObject = {
  openapi: '3.0.3',
  info: { title: 'Shop', version: '1' },
  servers: [{ url: 'https://{region}.shop.example/v1/', variables: { region: { default: 'eu' } } }],
  paths: {
    '/pets/{petId}': {
      parameters: [{ name: 'petId', in: 'path', required: true, schema: { type: 'integer', format: 'int64' } }],
      get: {
        operationId: 'getPet',
        summary: 'One pet',
        parameters: [
          { name: 'fields', in: 'query', style: 'form', explode: false, schema: { type: 'array', items: { type: 'string' } } },
          { name: 'filter', in: 'query', style: 'deepObject', schema: { type: 'object' } },
          { $ref: '#/components/parameters/Trace' },
          { name: 'Accept', in: 'header', required: true, schema: { type: 'string' } },
        ],
        responses: ok,
      },
      put: {
        operationId: 'putPet',
        requestBody: { required: true, content: { 'application/json; charset=utf-8': { schema: { $ref: '#/components/schemas/Pet' } } } },
        responses: { 200: ok[200], 204: { description: 'nothing' } },
      },
      delete: { responses: { default: { description: 'whatever' } } },
    },
    '/pets': {
      post: {
        operationId: 'upload',
        requestBody: { required: true, content: { 'multipart/form-data': { schema: {} } } },
        responses: {},
      },
      get: { operationId: 'session', parameters: [{ name: 'sid', in: 'cookie', required: true, schema: {} }], responses: {} },
      patch: { operationId: 'elsewhere', requestBody: { $ref: 'other.json#/body' }, responses: {} },
      options: { operationId: 'getPet', responses: {} },
    },
    '/lost/{id}': { get: { operationId: 'lost', responses: {} } },
  },
  components: {
    parameters: { Trace: { name: 'X-Trace', in: 'header', schema: { type: 'string' } } },
    schemas: {
      Pet: {
        type: 'object',
        required: ['id', 'name'],
        properties: {
          id: { type: 'integer', readOnly: true },
          name: { type: 'string', example: 'Rex' },
          owner: { type: 'string', nullable: true },
          size: { type: 'string', enum: ['s', 'l'], nullable: true },
          weight: { type: 'number', minimum: 0, exclusiveMinimum: true },
          parent: { $ref: '#/components/schemas/Pet' },
          'x-note': { type: 'string' },
        },
      },
    },
  },
}

const read = readOperations(shop, here)
const find = (id: string) => {
  const found = read.operations.find((operation) => operation.id === id)
  if (found === undefined) throw new Error(`There is no ${id}`)
  return found
}

test('turns each operation into a definition that can be stored, or reports why it was left out', async () => {
  expect(read.title).toBe('Shop')
  expect(read.operations.map(({ id }) => id)).toEqual(['getPet', 'putPet', 'delete_pets_petId'])
  expect(read.leftOut).toEqual([
    { operation: 'session', reason: 'It requires the parameter sid: cookies are not supported' },
    { operation: 'upload', reason: 'The media type of its body is not supported (multipart/form-data)' },
    { operation: 'getPet', reason: 'Another operation has the same id' },
    { operation: 'elsewhere', reason: 'It refers to another document (other.json#/body)' },
    { operation: 'lost', reason: 'Its path has {id}, but there is no such path parameter' },
  ])
  for (const { id, ...operation } of read.operations) {
    const definition = { ...operation, scopes: [], costTier: 'low', timeout: '30s', examples: [] } as never
    expect(await findDefinitionFaults(checksHere, id, definition), id).toEqual([])
  }
})

test('converts schemas of OpenAPI 3.0 to JSON Schema 2020-12', () => {
  const { outputSchema = {} } = find('getPet')
  const pet = { id: 1, name: 'Rex', owner: null, size: null, weight: 1, parent: { id: 2, name: 'Max' } }
  expect(findMismatch(outputSchema, pet)).toBeNull()
  expect(findMismatch(outputSchema, { ...pet, weight: 0 })?.path).toBe('.weight')
  expect(findMismatch(outputSchema, { ...pet, size: 'm' })?.path).toBe('.size')
  expect(findMismatch(outputSchema, { ...pet, parent: { id: 2 } })?.path).toBe('.parent.name')
  expect(findMismatch(outputSchema, { name: 'Rex' })?.path).toBe('.id')
  // A readOnly property is not required in a request.
  const { inputSchema, outputSchema: answer = {} } = find('putPet')
  expect(findMismatch(inputSchema, { petId: 1, body: { name: 'Rex', 'x-note': 'kept' } })).toBeNull()
  expect(findMismatch(inputSchema, { petId: 1 })?.path).toBe('.body')
  expect([findMismatch(answer, null), findMismatch(answer, pet)]).toEqual([null, null])
})

test('serializes parameters by their style', () => {
  const call = buildOpenApiCall(find('getPet').implementation, {
    petId: 7,
    fields: ['id', 'na me'],
    filter: { color: 'red', size: ['s', 'l'] },
    'X-Trace': 'abc',
  })
  expect(call.url.href).toBe(
    'https://eu.shop.example/v1/pets/7?fields=id,na%20me&filter%5Bcolor%5D=red&filter%5Bsize%5D=s&filter%5Bsize%5D=l',
  )
  expect(call.headers).toEqual({ 'x-trace': 'abc' })
  const put = buildOpenApiCall(find('putPet').implementation, { petId: '../x', body: { name: 'Rex' } })
  expect([put.url.pathname, put.body, put.headers]).toEqual(['/v1/pets/..%2Fx', '{"name":"Rex"}', { 'content-type': 'application/json' }])
  expect(() => buildOpenApiCall(find('getPet').implementation, {})).toThrow(/is missing/)
  expect(() => buildOpenApiCall(find('getPet').implementation, { petId: '..' })).toThrow(/may not be/)
})

test('serializes lists and objects by their style, and rejects empty ones in a path', () => {
  const url = (path: string, parameter: object, value: unknown) => {
    const parameters = [{ name: 'p', argument: 'p', ...parameter }]
    return buildOpenApiCall(
      { kind: 'openapi', baseUrl: 'https://a.example', method: 'GET', path, parameters } as never,
      { p: value } as never,
    ).url.href
  }
  const inPath = (more: object, value: unknown) => url('/x/{p}', { in: 'path', ...more }, value)
  const inQuery = (more: object, value: unknown) => url('/x', { in: 'query', ...more }, value)
  expect(inPath({}, ['a', 'b,c'])).toBe('https://a.example/x/a,b%2Cc')
  expect(inPath({}, { a: 1, b: 2 })).toBe('https://a.example/x/a,1,b,2')
  expect(inPath({ style: 'simple', explode: true }, { a: 1, b: 2 })).toBe('https://a.example/x/a=1,b=2')
  // An empty segment would request the whole collection.
  for (const empty of [[], {}]) expect(() => inPath({}, empty)).toThrow(/may not be empty/)
  expect(inQuery({ explode: false }, ['a', 'b,c'])).toBe('https://a.example/x?p=a,b%2Cc')
  expect(inQuery({ style: 'spaceDelimited' }, ['a', 'b'])).toBe('https://a.example/x?p=a%20b')
  expect(inQuery({ style: 'pipeDelimited' }, ['a', 'b'])).toBe('https://a.example/x?p=a%7Cb')
  expect(inQuery({}, ['a', 'b'])).toBe('https://a.example/x?p=a&p=b')
  expect(inQuery({}, '\ud800 &')).toBe('https://a.example/x?p=%EF%BF%BD%20%26')
})

test('resolves the URL of a server against the URL of the document', () => {
  const document = { openapi: '3.1.0', info: {}, servers: [{ url: '/api' }], paths: { '/a': { get: { operationId: 'a', responses: {} } } } }
  const base = (options: OpenApiOptions) => readOperations(document, options).operations[0]?.implementation.baseUrl
  expect(base({ documentUrl: 'http://shop.example:8080/docs/openapi.json', baseUrl: undefined })).toBe('http://shop.example:8080/api')
  expect(base({ documentUrl: undefined, baseUrl: 'https://other.example/v2/' })).toBe('https://other.example/v2')
  expect(readOperations(document, here).leftOut[0]?.reason).toMatch(/pass baseUrl/)
})

test('rejects documents other than OpenAPI 3, and terminates on hostile documents', () => {
  for (const document of [{}, { swagger: '2.0' }, { openapi: 3 }])
    expect(() => readOperations(document as never, here)).toThrow(ProblemError)
  const circle = {
    openapi: '3.1.0',
    servers: [{ url: 'https://a.example' }],
    paths: {
      '/a': { get: { operationId: 'a', requestBody: { $ref: '#/x' }, parameters: [{ $ref: '#/x' }] } },
      '/b': { $ref: '#/paths/~1b' },
      '/c': {
        get: { operationId: 'c', parameters: 'none', responses: { 200: { content: { 'application/json': { schema: { $ref: '#/s' } } } } } },
      },
      '/d': null,
    },
    x: { $ref: '#/x' },
    s: { $ref: '#/s' },
  }
  const { leftOut } = readOperations(circle as never, here)
  expect(leftOut.map(({ operation }) => operation)).toContain('a')
  const wide = { type: 'object', properties: Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`p${n}`, {}])) }
  const large = {
    openapi: '3.1.0',
    servers: [{ url: 'https://a.example' }],
    paths: { '/a': { post: { requestBody: { content: { 'application/json': { schema: wide } } } } } },
  }
  expect(readOperations(large as never, here).leftOut[0]?.reason).toMatch(/more than 5000 parts/)
  const long = { ...large, servers: [{ url: `https://a.example${'/'.repeat(500_000)}x` }] }
  expect(readOperations(long as never, here).leftOut[0]?.reason).toMatch(/more than 2048 characters/)
})
