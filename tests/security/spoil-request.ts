/** Ways to spoil the body, headers, URL or method of a valid request. Each declares the expected answer. */
import { listOperations, type Operation, type ProblemCode } from '@orrery/contract'
import { pathParameters } from '../../apps/server/src/rest/read-input.ts'
import type { Encoded, FaceName } from './faces.ts'

export interface Spoiler {
  readonly name: string
  readonly faces: readonly FaceName[]
  /** Null if this way does not apply to the operation. */
  spoil(request: Encoded, operation: Operation): Encoded | null
  /** Codes of the expected problems. `same`: the answer to the unspoiled request. `any`: anything but a server error. */
  readonly expected: readonly ProblemCode[] | 'same' | 'any'
}

const hasBody = ({ http }: Operation) => http.method !== 'GET' && http.method !== 'DELETE'
const isServed = (method: string, path: string) => listOperations().some(({ http }) => http.method === method && http.path === path)
const utf8 = (text: string) => new TextEncoder().encode(text)

/** Default limit for the body of an operation in bytes. */
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

/** JSON that is incomplete, has an extra comma, or uses syntax of other languages. */
const BROKEN_JSON = ['{', '{"a":1,}', "{'a':1}", '{"a":NaN}', '{"a":01}', '{"a":"\u0001"}', 'undefined', '{"a":1}{"b":2}', '[1', '"']

const REST_BODIES: readonly Spoiler[] = [
  ...BROKEN_JSON.map((text) => body(`broken JSON ${text}`, () => text, ['invalid_input'], ['rest'])),
  ...['null', '1', 'true', '"text"', '[]', '[{}]'].map((text) => body(`a body that is ${text}`, () => text, ['invalid_input'], ['rest'])),
  body('a body cut off', (text) => text.slice(0, -1), ['invalid_input'], ['rest']),
  body('a body that is not UTF-8', (text) => Uint8Array.of(...utf8(text.slice(0, 1000)), 0xff, 0xfe), ['invalid_input'], ['rest']),
  body('a body in UTF-16', (text) => new Uint8Array(Buffer.from(text.slice(0, 1000), 'utf16le')), ['invalid_input'], ['rest']),
  body('a byte order mark', (text) => `\ufeff${text}`, 'same', ['rest']),
  body('a body with spaces around it', (text) => ` \n\t${text}\r\n `, 'same', ['rest']),
  body('a number that is infinite', (text) => (text === '{}' ? null : text.replace(/}$/, ',"limit":1e999}')), 'any', ['rest']),
  body('a field twice', (text) => text.replace('{', '{"runId":1,"runId":2,'), 'any', ['rest']),
  body('__proto__ in the text', (text) => text.replace('{', '{"__proto__":{"isAdmin":true},').replace(',}', '}'), 'any', ['rest']),
  body(
    'a body nested 100,000 deep',
    () => `{"input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ['payload_too_large', 'invalid_input'],
    ['rest'],
  ),
  {
    name: 'a body in chunks',
    faces: ['rest', 'trpc'],
    spoil: (request) => (request.body === undefined ? null : { ...request, isChunked: true }),
    expected: 'same',
  },
  ...[false, true].map(
    (isChunked): Spoiler => ({
      name: `a body above the limit${isChunked ? ', in chunks' : ''}`,
      faces: ['rest'],
      // Operations with their own limit have their own test.
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
    name: 'a body without a type',
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
    name: 'a field in the query that belongs in the body',
    faces: ['rest'],
    spoil: (request, operation) => (hasBody(operation) ? { ...request, path: `${request.path}?a=1` } : null),
    expected: ['invalid_input'],
  },
  {
    name: 'a field in the query that is already in the path',
    faces: ['rest'],
    spoil: (request, { http }) => {
      const [name] = pathParameters(http.path)
      if (name === undefined || http.method !== 'GET') return null
      return { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}${name}=x` }
    },
    expected: ['invalid_input'],
  },
  {
    name: 'a malformed query',
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
      name: `a URL with ${more} appended`,
      faces: ALL,
      // Keep the query: it may contain the short timeout.
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
      // tRPC reads the body first to find the calls, so the body may be too large before the key is checked.
      headers(name, { authorization }, ['unauthenticated', 'payload_too_large'], ['trpc']),
    ]
  }),
  headers('another origin', { origin: 'https://evil.example' }, ['host_not_allowed']),
  headers('the origin null', { origin: 'null' }, ['host_not_allowed']),
  headers('invalid request ids', { 'x-request-id': '"><script>\u00e9', traceparent: '00-zz-zz-zz', tracestate: '=,=,=' }, 'same'),
  headers('a very long request id', { 'x-request-id': 'a'.repeat(5000), traceparent: `00-${'f'.repeat(5000)}` }, 'same'),
  headers(
    'unusual accept headers',
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
  headers('an invalid idempotency key', { 'idempotency-key': 'a b' }, 'any'),
  headers('an idempotency key of 256 letters', { 'idempotency-key': 'a'.repeat(256) }, 'any'),
  headers('a shared idempotency key', { 'idempotency-key': 'shared' }, 'any'),
  headers('a body declared as compressed', { 'content-encoding': 'gzip' }, 'any'),
  headers('an unknown version of MCP', { 'mcp-protocol-version': '1999-01-01', 'mcp-session-id': '../../etc' }, 'any', ['mcp']),
  headers('an accept header that MCP does not support', { accept: 'text/html' }, 'any', ['mcp']),
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
  body('an MCP message above the limit', () => TOO_LARGE, 'any', ['mcp']),
  body(
    'a deeply nested MCP message',
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
