import { expect, test } from 'vitest'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'
import { findOperations } from './find-operations.ts'
import { publicShapes } from './testing/public-shapes.fixture.ts'

const unusable = { inputSchema: false, outputSchema: false }

test.each(publicShapes)(
  'imports a document that $what ($source)',
  ({ document, accepted, refused = [], answers = [], wrongAnswers = [] }) => {
    const [found] = findOperations(document, { documentUrl: undefined, baseUrl: undefined }).operations
    const { inputSchema, outputSchema = {} } = found?.read() ?? (unusable as never)
    for (const args of accepted) expect(findMismatch(inputSchema, args as never), JSON.stringify(args)).toBeNull()
    for (const args of refused) expect(findMismatch(inputSchema, args as never), JSON.stringify(args)).not.toBeNull()
    for (const answer of answers) expect(findMismatch(outputSchema, answer as never), JSON.stringify(answer)).toBeNull()
    for (const answer of wrongAnswers) expect(findMismatch(outputSchema, answer as never), JSON.stringify(answer)).not.toBeNull()
  },
)

test('gives every parameter and the body an argument of its own, whatever names the document uses', () => {
  const parameter = (name: string, place: string) => ({ name, in: place, required: true, schema: { type: 'string' } })
  const parameters = [
    ...[parameter('query_id', 'header'), parameter('id', 'path'), parameter('id', 'query'), parameter('query_id', 'query')],
    ...[parameter('body', 'query'), parameter('request_body', 'query'), parameter('query_query_id', 'header')],
  ]
  const requestBody = { required: true, content: { 'application/json': { schema: { type: 'object' } } } }
  const document = { openapi: '3.1.0', paths: { '/x/{id}': { post: { operationId: 'one', parameters, requestBody } } } }
  const [found] = findOperations(document, { documentUrl: undefined, baseUrl: 'https://a.example' }).operations
  const { inputSchema, implementation } = found?.read() ?? (unusable as never)
  const names = [...implementation.parameters.map(({ argument }) => argument), implementation.body?.argument]
  expect(names).toEqual(['query_id', 'id', 'query_id_2', 'query_query_id_2', 'body', 'request_body', 'query_query_id', 'request_body_2'])
  expect(inputSchema.required).toEqual(names)
})

test('there are shapes of at least ten documents', () => {
  expect(new Set(publicShapes.map(({ source }) => source)).size).toBeGreaterThanOrEqual(10)
})
