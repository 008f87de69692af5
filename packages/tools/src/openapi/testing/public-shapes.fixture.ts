/**
 * Shapes of large public OpenAPI documents that an importer must cope with, reduced to the members that matter. Each is after the named
 * document of 2026-11 and is not a copy of it.
 */
import type { JsonObject } from '@orrery/contract'

export interface PublicShape {
  /** The repository and the file. */
  readonly source: string
  readonly what: string
  readonly document: JsonObject
  /** Arguments of its first operation that must be accepted, and those that must not. */
  readonly accepted: readonly JsonObject[]
  readonly refused?: readonly JsonObject[]
  /** Answers of its first operation that must be accepted, and those that must not. */
  readonly answers?: readonly unknown[]
  readonly wrongAnswers?: readonly unknown[]
}

const schemas = (more: JsonObject): JsonObject => ({ components: { schemas: more } })
const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: JsonObject): JsonObject => ({ content: { 'application/json': { schema } } })

function document(openapi: string, method: string, path: string, operation: JsonObject, more: JsonObject = {}): JsonObject {
  const paths = { [path]: { [method]: { operationId: 'one', responses: { 200: json({}) }, ...operation } } }
  return { openapi, info: { title: 'Reduced', version: '1' }, servers: [{ url: 'https://api.example.com' }], paths, ...more }
}

export const publicShapes: readonly PublicShape[] = [
  {
    source: 'PagerDuty/api-schema reference/REST/openapiv3.json',
    what: 'requires in one part of allOf what another part marks as readOnly, by a pointer into a third schema',
    document: document(
      '3.0.2',
      'post',
      '/teams',
      { requestBody: { required: true, ...json(ref('Team')) }, responses: { 201: json(ref('Team')) } },
      schemas({
        Tag: {
          allOf: [
            { type: 'object', properties: { id: { type: 'string', readOnly: true }, type: { type: 'string', readOnly: true } } },
            { type: 'object' },
          ],
        },
        Team: { allOf: [ref('Reference'), { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }] },
        Reference: { allOf: [{ $ref: '#/components/schemas/Tag/allOf/0' }, { type: 'object', required: ['type', 'id'] }] },
      }),
    ),
    accepted: [{ body: { name: 'a' } }, { body: { name: 'a', id: 'T1' } }],
    refused: [{ body: { id: 'T1' } }, {}],
    answers: [{ id: 'T1', type: 'team', name: 'a' }],
    wrongAnswers: [{ name: 'a' }],
  },
  {
    source: 'okta/okta-management-openapi-spec dist/2024.06.1/management-oneOfInheritance.yaml',
    what: 'marks schemas as readOnly that properties only refer to, and has patterns of another language',
    document: document(
      '3.0.3',
      'post',
      '/logStreams',
      { requestBody: { required: true, ...json(ref('LogStreamAws')) } },
      schemas({
        Links: { type: 'object', readOnly: true, properties: { self: ref('Link') }, required: ['self'] },
        Link: { type: 'object', readOnly: true, allOf: [{ type: 'object', properties: { href: { type: 'string' } } }] },
        LogStream: {
          type: 'object',
          properties: {
            id: { type: 'string', readOnly: true, pattern: '(?i)^[0-9a-f]{8}$' },
            name: { type: 'string' },
            _links: ref('Links'),
          },
          required: ['id', 'name', '_links'],
        },
        LogStreamAws: {
          allOf: [ref('LogStream'), { type: 'object', properties: { settings: { type: 'object' } }, required: ['settings', '_links'] }],
        },
      }),
    ),
    accepted: [{ body: { name: 'a', settings: {} } }],
    refused: [{ body: { name: 'a' } }, { body: { settings: {} } }],
  },
  {
    source: 'openai/openai-openapi openapi.yaml',
    what: 'has keywords of draft 2019-09, boolean bounds in 3.1 and a name twice among the required ones',
    document: document(
      '3.1.0',
      'post',
      '/search',
      { requestBody: { required: true, ...json(ref('Search')) } },
      schemas({
        Compound: {
          $recursiveAnchor: true,
          type: 'object',
          properties: {
            type: { enum: ['and', 'or'] },
            filters: { type: 'array', items: { oneOf: [ref('Comparison'), { $recursiveRef: '#' }] } },
          },
          required: ['type', 'filters', 'type'],
        },
        Comparison: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'], additionalProperties: false },
        Search: {
          type: 'object',
          properties: {
            filter: ref('Compound'),
            rate: { oneOf: [{ const: 'auto' }, { type: 'number', minimum: 0, exclusiveMinimum: true }] },
          },
        },
      }),
    ),
    accepted: [{ body: { filter: { type: 'and', filters: [{ type: 'or', filters: [] }] }, rate: 0.5 } }, { body: { rate: 'auto' } }],
    refused: [{ body: { rate: 0 } }, { body: { filter: { type: 'not', filters: [] } } }],
  },
  {
    source: 'discord/discord-api-spec specs/openapi.json',
    what: 'has a choice of nothing, types with null, and answers without a body',
    document: document(
      '3.1.0',
      'get',
      '/guilds/{guild_id}/requests',
      {
        parameters: [
          { name: 'guild_id', in: 'path', required: true, schema: ref('Snowflake') },
          { name: 'status', in: 'query', schema: { type: ['string', 'null'], enum: [] } },
        ],
        responses: { 200: json({ type: 'object', properties: { total: { type: ['integer', 'null'] } } }), 204: { description: 'None' } },
      },
      schemas({ Snowflake: { type: 'string', pattern: '^(0|[1-9][0-9]*)$', format: 'snowflake' } }),
    ),
    accepted: [{ guild_id: '80351110224678912', status: 'open' }],
    refused: [{ guild_id: 'x' }],
    answers: [{ total: null }, null],
    wrongAnswers: [{ total: 'many' }],
  },
  {
    source: 'sonallux/spotify-web-api fixed-spotify-open-api.yml',
    what: 'describes an answer of status 200 without content',
    document: document('3.0.3', 'put', '/me/albums', {
      parameters: [{ name: 'ids', in: 'query', required: true, schema: { type: 'string' } }],
      requestBody: json({ type: 'object', additionalProperties: true, properties: { ids: { type: 'array', items: { type: 'string' } } } }),
      responses: { 200: { description: 'The album is saved' }, 401: json({ type: 'object' }) },
    }),
    accepted: [{ ids: 'a', body: { ids: ['a'] } }],
    answers: [null, '', 'saved', { snapshot_id: 'x' }],
  },
  {
    source: 'plaid/plaid-openapi 2020-09-14.yml',
    what: 'describes an answer without content beside a default one that is an error',
    document: document('3.0.0', 'post', '/fdx/notifications', {
      requestBody: { required: true, ...json({ type: 'object', properties: { category: { type: 'string', nullable: true } } }) },
      responses: { 200: { description: 'OK' }, default: json({ type: 'object', required: ['error_code'] }) },
    }),
    accepted: [{ body: { category: null } }],
    answers: [null, { request_id: 'x' }],
  },
  {
    source: 'getsentry/sentry-api-schema openapi-derefed.json',
    what: 'has one status with a body and one without content, which may have one',
    document: document('3.0.3', 'post', '/members/{member_id}/teams/{team}/', {
      parameters: ['member_id', 'team'].map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      responses: {
        201: json({ type: 'object', required: ['id'], properties: { id: { type: 'string' } } }),
        202: { description: 'Requested' },
        204: { description: 'There already' },
      },
    }),
    accepted: [{ member_id: '1', team: 'a' }],
    refused: [{ member_id: '1' }],
    answers: [{ id: '1' }, { detail: 'requested' }, null],
  },
  {
    source: 'Asana/openapi defs/asana_oas.yaml',
    what: 'wraps each body in data, composed of a base that is marked as readOnly in places, with a list as a query parameter',
    document: document(
      '3.0.0',
      'post',
      '/tasks',
      {
        parameters: [
          {
            name: 'opt_fields',
            in: 'query',
            style: 'form',
            explode: false,
            schema: { type: 'array', items: { type: 'string', enum: ['name', 'gid'] } },
          },
        ],
        requestBody: { required: true, ...json({ type: 'object', properties: { data: ref('TaskRequest') } }) },
        responses: { 201: json({ type: 'object', properties: { data: ref('TaskBase') } }) },
      },
      schemas({
        AsanaResource: {
          type: 'object',
          properties: { gid: { type: 'string', readOnly: true }, resource_type: { type: 'string', readOnly: true } },
        },
        TaskBase: {
          allOf: [
            ref('AsanaResource'),
            { type: 'object', required: ['gid'], properties: { due_on: { type: 'string', format: 'date', nullable: true } } },
          ],
        },
        TaskRequest: { allOf: [ref('TaskBase'), { type: 'object', properties: { name: { type: 'string' } } }] },
      }),
    ),
    accepted: [{ opt_fields: ['name'], body: { data: { name: 'a', due_on: null } } }],
    refused: [{ opt_fields: ['nothing'], body: {} }, { body: { data: { due_on: 'soon' } } }],
    answers: [{ data: { gid: '1', due_on: '2026-11-30' } }],
    wrongAnswers: [{ data: { due_on: null } }],
  },
  {
    source: 'twilio/twilio-oai spec/json/twilio_api_v2010.json',
    what: 'takes forms, with names of schemas that have dots, and numbers as text',
    document: document(
      '3.0.1',
      'post',
      '/2010-04-01/Accounts/{AccountSid}/Messages.json',
      {
        parameters: [{ name: 'AccountSid', in: 'path', required: true, schema: { type: 'string', minLength: 3, pattern: '^AC' } }],
        requestBody: {
          content: {
            'application/x-www-form-urlencoded': {
              schema: {
                type: 'object',
                title: 'CreateMessageRequest',
                required: ['To'],
                properties: {
                  To: { type: 'string', format: 'phone-number' },
                  MediaUrl: { type: 'array', items: { type: 'string', format: 'uri' } },
                },
              },
            },
          },
        },
        responses: { 201: json(ref('api.v2010.account.message')) },
      },
      schemas({
        'api.v2010.account.message': {
          type: 'object',
          properties: { sid: { type: 'string', nullable: true }, status: { ...ref('message_enum_status') } },
        },
        message_enum_status: { type: 'string', enum: ['queued', 'sent'] },
      }),
    ),
    accepted: [{ AccountSid: 'AC1', body: { To: '+14155552345' } }],
    refused: [
      { AccountSid: 'XX1', body: { To: '+1' } },
      { AccountSid: 'AC1', body: {} },
    ],
    answers: [{ sid: null, status: 'sent' }],
    wrongAnswers: [{ status: 'lost' }],
  },
  {
    source: 'Adyen/adyen-openapi json/AccountService-v6.json',
    what: 'is 3.1, with a body for each of two statuses and properties that are writeOnly',
    document: document(
      '3.1.0',
      'post',
      '/checkAccountHolder',
      {
        requestBody: json(ref('Request')),
        responses: { 200: json(ref('Answer')), 202: json(ref('Answer')), 400: json({ type: 'object' }) },
      },
      schemas({
        Request: { type: 'object', additionalProperties: false, properties: { code: { type: 'string' } }, required: ['code'] },
        Answer: { anyOf: [ref('Shown'), { type: 'object', required: ['secret', 'code'], properties: { code: { type: 'string' } } }] },
        Shown: {
          type: 'object',
          required: ['secret', 'shown'],
          properties: { secret: { type: 'string', writeOnly: true }, shown: { type: 'boolean' } },
        },
      }),
    ),
    accepted: [{ body: { code: '1' } }, {}],
    refused: [{ body: { code: '1', more: 1 } }],
    answers: [{ code: '1' }, { shown: true }],
    wrongAnswers: [{}],
  },
]
