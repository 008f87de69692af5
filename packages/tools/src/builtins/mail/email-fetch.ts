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
    'Reads the newest mails of a mailbox by IMAP, newest first. Of each mail it reads the first 256 KB and gives at most 20,000 characters of text.',
  args: z.strictObject({
    connection: z.string().meta({ description: 'Id or name of one of type imap.' }),
    mailbox: letters(255, 1)
      .regex(/^\P{Cc}*$/u)
      .default('INBOX'),
    unseen: z.boolean().default(false).meta({ description: 'Only those that nobody has read.' }),
    since: formatted('date').optional().meta({ description: 'Only those that came on this day, by the clock of the server, or later.' }),
    limit: z.int().min(1).max(MESSAGES_MAX).default(20),
    mark_seen: z.boolean().default(false).meta({
      description: 'Marks what is given as read. If the answer is then lost, another attempt with `unseen` does not find it again.',
    }),
  }),
  output: z.strictObject({
    messages: z.array(
      z.strictObject({
        uid: z.int().meta({ description: 'Names the mail in its mailbox.' }),
        message_id: z.string(),
        from: z.string(),
        to: people,
        cc: people,
        reply_to: people,
        subject: z.string(),
        date: formatted('date-time').nullable().meta({ description: 'As the mail says; null if it says none.' }),
        received: formatted('date-time'),
        seen: z.boolean().meta({ description: 'Before this call.' }),
        text: z.string().meta({ description: 'Of a mail that has only HTML, its words.' }),
        attachments: z.array(z.strictObject({ filename: z.string(), content_type: z.string() })),
        bytes: z.int().meta({ description: 'Of the whole mail.' }),
        is_cut: z.boolean().meta({ description: 'There is more in the mail than is given here.' }),
      }),
    ),
    found: z.int().meta({ description: 'How many there are, given here or not.' }),
  }),
  scopes: ['mail:read'],
  costTier: 'low',
  timeoutMs: 60_000,
  examples: [{ with: { connection: 'inbox', unseen: true, limit: 5 } }],

  async call({ connection, mailbox, unseen, since, limit, mark_seen: markSeen }, context) {
    const day = since === undefined ? null : new Date(`${since}T00:00:00Z`)
    if (day !== null && Number.isNaN(day.getTime())) {
      throw new ToolError('InvalidDate', `${JSON.stringify(since)} is no day`, { isRetryable: false })
    }
    const server = await requireConnection(context, connection, ['imap'])
    const { found, mails } = await fetchMail(server, { mailbox, unseen, since: day, limit, markSeen }, context)
    return { output: { messages: await Promise.all(mails.map(readMail)), found } }
  },
})
