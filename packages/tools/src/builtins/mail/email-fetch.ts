import { requireConnection } from '../../port/require-connection.ts'
import { type BuiltIn, ToolError } from '../../port/tool-port.ts'
import { fetchMail } from './imap/fetch-mail.ts'
import { readMail } from './read-mail.ts'

const MESSAGES_MAX = 100

interface Args {
  readonly connection: string
  readonly mailbox?: string
  readonly unseen?: boolean
  readonly since?: string
  readonly limit?: number
  readonly mark_seen?: boolean
}

const people = { type: 'array', items: { type: 'string' }, description: 'ada@example.com, or Ada <ada@example.com>.' }

export const emailFetch: BuiltIn = {
  name: 'email.fetch',
  description:
    'Reads the newest mails of a mailbox by IMAP, newest first. Of each mail it reads the first 256 KB and gives at most 20,000 characters of text.',
  inputSchema: {
    type: 'object',
    properties: {
      connection: { type: 'string', description: 'Id or name of one of type imap.' },
      mailbox: { type: 'string', minLength: 1, maxLength: 255, pattern: '^\\P{Cc}*$', default: 'INBOX' },
      unseen: { type: 'boolean', default: false, description: 'Only those that nobody has read.' },
      since: { type: 'string', format: 'date', description: 'Only those that came on this day, by the clock of the server, or later.' },
      limit: { type: 'integer', minimum: 1, maximum: MESSAGES_MAX, default: 20 },
      mark_seen: {
        type: 'boolean',
        default: false,
        description: 'Marks what is given as read. If the answer is then lost, another attempt with `unseen` does not find it again.',
      },
    },
    required: ['connection'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      messages: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            uid: { type: 'integer', description: 'Names the mail in its mailbox.' },
            message_id: { type: 'string' },
            from: { type: 'string' },
            to: people,
            cc: people,
            reply_to: people,
            subject: { type: 'string' },
            date: { type: ['string', 'null'], format: 'date-time', description: 'As the mail says; null if it says none.' },
            received: { type: 'string', format: 'date-time' },
            seen: { type: 'boolean', description: 'Before this call.' },
            text: { type: 'string', description: 'Of a mail that has only HTML, its words.' },
            attachments: {
              type: 'array',
              items: {
                type: 'object',
                properties: { filename: { type: 'string' }, content_type: { type: 'string' } },
                required: ['filename', 'content_type'],
                additionalProperties: false,
              },
            },
            bytes: { type: 'integer', description: 'Of the whole mail.' },
            is_cut: { type: 'boolean', description: 'There is more in the mail than is given here.' },
          },
          required: [
            ...['uid', 'message_id', 'from', 'to', 'cc', 'reply_to', 'subject', 'date', 'received', 'seen', 'text', 'attachments'],
            ...['bytes', 'is_cut'],
          ],
          additionalProperties: false,
        },
      },
      found: { type: 'integer', description: 'How many there are, given here or not.' },
    },
    required: ['messages', 'found'],
    additionalProperties: false,
  },
  scopes: ['mail:read'],
  costTier: 'low',
  timeoutMs: 60_000,
  examples: [{ with: { connection: 'inbox', unseen: true, limit: 5 } }],

  async call(given, context) {
    const { connection, mailbox = 'INBOX', unseen = false, since, limit = 20, mark_seen: markSeen = false } = given as unknown as Args
    const day = since === undefined ? null : new Date(`${since}T00:00:00Z`)
    if (day !== null && Number.isNaN(day.getTime())) {
      throw new ToolError('InvalidDate', `${JSON.stringify(since)} is no day`, { isRetryable: false })
    }
    const server = await requireConnection(context, connection, ['imap'])
    const { found, mails } = await fetchMail(server, { mailbox, unseen, since: day, limit, markSeen }, context)
    return { output: { messages: await Promise.all(mails.map(readMail)), found } }
  },
}
