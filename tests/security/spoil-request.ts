/** Ways in which a good request is spoiled below its input: its body, headers, address, method. Each says what it is to be answered. */
import { listOperations, type Operation, type ProblemCode } from '@orrery/contract'
import { pathParameters } from '../../apps/server/src/rest/read-input.ts'
import type { Encoded, FaceName } from './faces.ts'

export interface Spoiler {
  readonly name: string
  readonly faces: readonly FaceName[]
  /** Null: it cannot be done to this operation. */
  spoil(request: Encoded, operation: Operation): Encoded | null
  /** Codes of problems of which the answer has one; `same`: answered as if it were unspoiled; `any`: anything but a failure of ours. */
  readonly expected: readonly ProblemCode[] | 'same' | 'any'
}

const hasBody = ({ http }: Operation) => http.method !== 'GET' && http.method !== 'DELETE'
const isServed = (method: string, path: string) => listOperations().some(({ http }) => http.method === method && http.path === path)
const utf8 = (text: string) => new TextEncoder().encode(text)

/** What an operation takes if it says nothing else, in bytes. */
export const BODY_MAX = 1024 * 1024
const TOO_LARGE = JSON.stringify({ word: 'x'.repeat(BODY_MAX) })

function body(
  name: string,
  make: (text: string) => Encoded['body'] | null,
  expected: Spoiler['expected'],
  faces: readonly FaceName[],
): Spoiler {
  const spoil = (request: Encoded, operation: Operation): Encoded | null => {
    if (typeof request.body !== 'string' || (faces.includes('rest') && !hasBody(operation))) return null
    const made = make(request.body)
    return made === null ? null : { ...request, body: made }
  }
  return { name, faces, spoil, expected }
}

function headers(
  name: string,
  more: Readonly<Record<string, string>>,
  expected: Spoiler['expected'],
  faces: readonly FaceName[] = ALL,
): Spoiler {
  return { name, faces, spoil: (request) => ({ ...request, headers: { ...request.headers, ...more } }), expected }
}

const ALL: readonly FaceName[] = ['rest', 'trpc', 'mcp']

/** With `{` and without its end, with a comma too many, with words of other languages. */
const BROKEN_JSON = ['{', '{"a":1,}', "{'a':1}", '{"a":NaN}', '{"a":01}', '{"a":"\u0001"}', 'undefined', '{"a":1}{"b":2}', '[1', '"']

const REST_BODIES: readonly Spoiler[] = [
  ...BROKEN_JSON.map((text) => body(`broken JSON ${text}`, () => text, ['invalid_input'], ['rest'])),
  ...['null', '1', 'true', '"text"', '[]', '[{}]'].map((text) => body(`a body that is ${text}`, () => text, ['invalid_input'], ['rest'])),
  body('a body cut off', (text) => text.slice(0, -1), ['invalid_input'], ['rest']),
  body('a body that is no UTF-8', (text) => Uint8Array.of(...utf8(text.slice(0, 1000)), 0xff, 0xfe), ['invalid_input'], ['rest']),
  body('a body of UTF-16', (text) => new Uint8Array(Buffer.from(text.slice(0, 1000), 'utf16le')), ['invalid_input'], ['rest']),
  body('a mark of byte order', (text) => `\ufeff${text}`, 'same', ['rest']),
  body('space around', (text) => ` \n\t${text}\r\n `, 'same', ['rest']),
  body('a number that is infinite', (text) => (text === '{}' ? null : text.replace(/}$/, ',"limit":1e999}')), 'any', ['rest']),
  body('a field twice', (text) => text.replace('{', '{"runId":1,"runId":2,'), 'any', ['rest']),
  body('__proto__ in the text', (text) => text.replace('{', '{"__proto__":{"isAdmin":true},').replace(',}', '}'), 'any', ['rest']),
  body(
    'nested 100,000 deep',
    () => `{"input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ['payload_too_large', 'invalid_input'],
    ['rest'],
  ),
  {
    name: 'in chunks',
    faces: ['rest', 'trpc'],
    spoil: (request) => (request.body === undefined ? null : { ...request, isChunked: true }),
    expected: 'same',
  },
  ...[false, true].map(
    (isChunked): Spoiler => ({
      name: `larger than is taken${isChunked ? ', in chunks' : ''}`,
      faces: ['rest'],
      // Those that take more are tried with more in a test of their own.
      spoil: (request, operation) =>
        hasBody(operation) && operation.http.maxBodyBytes === undefined ? { ...request, body: TOO_LARGE, isChunked } : null,
      expected: ['payload_too_large'],
    }),
  ),
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'json',
    '*/*',
  ].map(
    (type): Spoiler => ({
      name: `a body of type ${type}`,
      faces: ['rest'],
      spoil: (request, operation) => (hasBody(operation) ? { ...request, headers: { ...request.headers, 'content-type': type } } : null),
      expected: ['unsupported_media_type'],
    }),
  ),
  {
    name: 'a body of no type',
    faces: ['rest'],
    spoil: (request, operation) => (hasBody(operation) ? { ...request, body: utf8(String(request.body)), headers: {} } : null),
    expected: ['unsupported_media_type'],
  },
  {
    name: 'a body with DELETE',
    faces: ['rest'],
    spoil: (request, { http }) =>
      http.method === 'DELETE' ? { ...request, body: '{"a":1}', headers: { 'content-type': 'application/json' } } : null,
    expected: ['invalid_input'],
  },
]

const REST_ADDRESSES: readonly Spoiler[] = [
  {
    name: 'a field in the query that belongs into the body',
    faces: ['rest'],
    spoil: (request, operation) => (hasBody(operation) ? { ...request, path: `${request.path}?a=1` } : null),
    expected: ['invalid_input'],
  },
  {
    name: 'a field that is in the path already',
    faces: ['rest'],
    spoil: (request, { http }) => {
      const [name] = pathParameters(http.path)
      if (name === undefined || http.method !== 'GET') return null
      return { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}${name}=x` }
    },
    expected: ['invalid_input'],
  },
  {
    name: 'a query of nonsense',
    faces: ['rest'],
    spoil: (request, operation) =>
      hasBody(operation)
        ? null
        : { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}&&=&%&%zz=%ff&__proto__=1&a[]=1` },
    expected: ['invalid_input'],
  },
  ...['PATCH', 'OPTIONS', 'PROPFIND', 'QUERY'].map(
    (method): Spoiler => ({
      name: `the method ${method}`,
      faces: ['rest'],
      spoil: (request, { http }) =>
        isServed(method, http.path) ? null : { method, path: request.path.replace(/\?.*/, ''), headers: request.headers },
      expected: ['method_not_allowed'],
    }),
  ),
  {
    name: 'the method HEAD',
    faces: ['rest'],
    spoil: (request) => ({ ...request, method: 'HEAD', body: undefined }),
    expected: 'any',
  },
  ...['/', '//', '/%2e%2e/%2e%2e/', '%00', ';a=b', '%', '%zz', '%c0%af', '#x', '\u00e9'].map(
    (more): Spoiler => ({
      name: `an address with ${more} behind it`,
      faces: ALL,
      // The query stays: it may be what keeps the operation from waiting.
      spoil: (request) => {
        const [path = '', query] = more.startsWith('#') ? [request.path] : request.path.split('?')
        return { ...request, path: `${path}${more}${query === undefined ? '' : `?${query}`}` }
      },
      expected: 'any',
    }),
  ),
]

const NO_KEYS = ['', 'Bearer', 'Basic b3JyZXJ5Og==', 'Bearer a b', 'Bearer \u00e9', `Bearer ${'x'.repeat(8000)}`, 'orr_abcdefgh_x']

const HEADERS: readonly Spoiler[] = [
  ...NO_KEYS.flatMap((authorization) => {
    const name = `the authorization ${authorization.slice(0, 20)}`
    return [
      headers(name, { authorization }, ['unauthenticated'], ['rest', 'mcp']),
      // Its calls are known only once it has been read, as far as that is done for everybody.
      headers(name, { authorization }, ['unauthenticated', 'payload_too_large'], ['trpc']),
    ]
  }),
  headers('another origin', { origin: 'https://evil.example' }, ['host_not_allowed']),
  headers('the origin null', { origin: 'null' }, ['host_not_allowed']),
  headers(
    'ids of a request that are none',
    { 'x-request-id': '"><script>\u00e9', traceparent: '00-zz-zz-zz', tracestate: '=,=,=' },
    'same',
  ),
  headers('a very long id of a request', { 'x-request-id': 'a'.repeat(5000), traceparent: `00-${'f'.repeat(5000)}` }, 'same'),
  headers(
    'types that nobody makes',
    { accept: 'image/png;q=2, ;;', 'accept-encoding': 'zstd, *;q=9', 'accept-language': '\u00ff' },
    'same',
    ['rest', 'trpc'],
  ),
  headers(
    'headers of proxies',
    { 'x-forwarded-for': '::1, evil', forwarded: 'for=;;', 'x-forwarded-host': 'evil', 'x-http-method-override': 'DELETE' },
    'same',
  ),
  headers('a range and conditions', { range: 'bytes=9-1', 'if-none-match': '*', 'if-modified-since': 'never' }, 'same'),
  headers('a key that is no idempotency key', { 'idempotency-key': 'a b' }, 'any'),
  headers('an idempotency key of 256 letters', { 'idempotency-key': 'a'.repeat(256) }, 'any'),
  headers('an idempotency key that others share', { 'idempotency-key': 'shared' }, 'any'),
  headers('a body said to be compressed', { 'content-encoding': 'gzip' }, 'any'),
  headers('an unknown version of MCP', { 'mcp-protocol-version': '1999-01-01', 'mcp-session-id': '../../etc' }, 'any', ['mcp']),
  headers('a type that MCP does not send', { accept: 'text/html' }, 'any', ['mcp']),
]

const TRPC: readonly Spoiler[] = [
  ...[...BROKEN_JSON, 'null', '[]', '[[[[', '{"json":1}'].map((text) => body(`broken JSON ${text} for tRPC`, () => text, 'any', ['trpc'])),
  ...['?batch=1', '?batch=1&input=%7B', '?input=%7B%7D', '?batch=0&batch=1', `,${'system.info,'.repeat(150)}system.info?batch=1`].map(
    (more): Spoiler => ({
      name: `tRPC with ${more.slice(0, 40)}`,
      faces: ['trpc'],
      spoil: (request) => ({ ...request, path: `${request.path}${more}` }),
      expected: 'any',
    }),
  ),
  ...['GET', 'PUT', 'DELETE', 'OPTIONS'].map(
    (method): Spoiler => ({
      name: `tRPC by ${method}`,
      faces: ['trpc'],
      spoil: ({ path, headers: own, body: input }) => ({
        method,
        path: `${path}?input=${encodeURIComponent(String(input).slice(0, 2000).toWellFormed())}`,
        headers: own,
      }),
      expected: 'any',
    }),
  ),
  headers('a body of text for tRPC', { 'content-type': 'text/plain' }, 'any', ['trpc']),
  headers('a form for tRPC', { 'content-type': 'multipart/form-data' }, 'any', ['trpc']),
]

const MCP_MESSAGES: readonly unknown[] = [
  null,
  [],
  {},
  [{}, {}],
  { jsonrpc: '1.0', id: 1, method: 'tools/call' },
  { jsonrpc: '2.0', id: {}, method: 'tools/call', params: {} },
  { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: '__proto__', arguments: {} } },
  { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'run_get', arguments: [] } },
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'run_get', _meta: { 'orrery/idempotencyKey': 'a b\u0000', progressToken: {} } },
  },
  { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'orrery://runs/%ff/history' } },
  { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'file:///etc/passwd' } },
  { jsonrpc: '2.0', id: 1, method: 'constructor' },
  { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: 7 } },
  { jsonrpc: '2.0', id: 1, method: 'completion/complete', params: { ref: null } },
  { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'x' } },
  { jsonrpc: '2.0', id: 1, result: {} },
]

const MCP: readonly Spoiler[] = [
  ...MCP_MESSAGES.map((message) => body(`the MCP message ${JSON.stringify(message)}`, () => JSON.stringify(message), 'any', ['mcp'])),
  ...BROKEN_JSON.map((text) => body(`broken JSON ${text} for MCP`, () => text, 'any', ['mcp'])),
  body('an MCP message larger than is taken', () => TOO_LARGE, 'any', ['mcp']),
  body(
    'an MCP message nested deep',
    (text) => text.replace('"arguments":', `"deep":${'['.repeat(50_000)}${']'.repeat(50_000)},"arguments":`),
    'any',
    ['mcp'],
  ),
  ...['GET', 'DELETE', 'PUT', 'OPTIONS'].map(
    (method): Spoiler => ({
      name: `MCP by ${method}`,
      faces: ['mcp'],
      spoil: ({ path, headers: own }) => ({ method, path, headers: own }),
      expected: 'any',
    }),
  ),
]

export const SPOILERS: readonly Spoiler[] = [...REST_BODIES, ...REST_ADDRESSES, ...HEADERS, ...TRPC, ...MCP]
