import { z } from 'zod'
import { defineBuiltIn, formatted, letters } from '../../port/define-built-in.ts'
import { requireConnection } from '../../port/require-connection.ts'
import { ToolError } from '../../port/tool-port.ts'
import { fetchMail } from './imap/fetch-mail.ts'
import { readMail } from './read-mail.ts'

const MESSAGES_MAX = 100

const people = z.array(z.string()).meta({ description: 'ada@example.com, or Ada <ada@example.com>.' })

export const emailFetch = defineBuiltIn({
  name: 'email.fetch',
  description:
    'Reads the newest mails of a mailbox by IMAP, newest first. Reads the first 256 KB of each mail and returns at most 20,000 characters of text.',
  args: z.strictObject({
    connection: z.string().meta({ description: 'Id or name of a connection of type imap.' }),
    mailbox: letters(255, 1)
      .regex(/^\P{Cc}*$/u)
      .default('INBOX'),
    unseen: z.boolean().default(false).meta({ description: 'Only unread mails.' }),
    since: formatted('date').optional().meta({ description: 'Only mails received on this day or later, by the clock of the server.' }),
    limit: z.int().min(1).max(MESSAGES_MAX).default(20),
    mark_seen: z.boolean().default(false).meta({
      description: 'Marks the returned mails as read. If the answer is then lost, another attempt with `unseen` does not find them again.',
    }),
  }),
  output: z.strictObject({
    messages: z.array(
      z.strictObject({
        uid: z.int().meta({ description: 'Identifies the mail in its mailbox.' }),
        message_id: z.string(),
        from: z.string(),
        to: people,
        cc: people,
        reply_to: people,
        subject: z.string(),
        date: formatted('date-time').nullable().meta({ description: 'The date in the mail; null if it has no valid date.' }),
        received: formatted('date-time'),
        seen: z.boolean().meta({ description: 'Whether the mail was read before this call.' }),
        text: z.string().meta({ description: 'For a mail with only HTML, the text of the HTML.' }),
        attachments: z.array(z.strictObject({ filename: z.string(), content_type: z.string() })),
        bytes: z.int().meta({ description: 'Size of the whole mail.' }),
        is_cut: z.boolean().meta({ description: 'Whether the mail has more content than is returned here.' }),
      }),
    ),
    found: z.int().meta({ description: 'How many mails match, including those that are not returned.' }),
  }),
  scopes: ['mail:read'],
  costTier: 'low',
  timeoutMs: 60_000,
  examples: [{ with: { connection: 'inbox', unseen: true, limit: 5 } }],

  async call({ connection, mailbox, unseen, since, limit, mark_seen: markSeen }, context) {
    const day = since === undefined ? null : new Date(`${since}T00:00:00Z`)
    if (day !== null && Number.isNaN(day.getTime())) {
      throw new ToolError('InvalidDate', `${JSON.stringify(since)} is not a valid date`, { isRetryable: false })
    }
    const server = await requireConnection(context, connection, ['imap'])
    const { found, mails } = await fetchMail(server, { mailbox, unseen, since: day, limit, markSeen }, context)
    return { output: { messages: await Promise.all(mails.map(readMail)), found } }
  },
})
