import { z } from 'zod'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { deriveKey } from '../../port/derive-key.ts'
import { requireConnection } from '../../port/require-connection.ts'
import { ToolError } from '../../port/tool-port.ts'
import { readMailAddress } from './mail-address.ts'
import { sendMail } from './smtp/send-mail.ts'

const RECIPIENTS_MAX = 100
const ATTACHMENT_BYTES_MAX = 5_000_000

/** One line of a header, without control characters that could end it. */
const line = (max: number, min = 0) => letters(max, min).regex(/^\P{Cc}*$/u)
const address = line(320, 3)
const addresses = z.union([address, z.array(address).min(1).max(RECIPIENTS_MAX)])

const attachment = z.strictObject({
  filename: line(255, 1),
  content: letters(7_000_000),
  encoding: z.enum(['text', 'base64']).default('text'),
  content_type: z
    .string()
    .regex(/^[A-Za-z0-9.+-]{1,60}\/[A-Za-z0-9.+-]{1,60}$/)
    .optional(),
})

export const emailSend = defineBuiltIn({
  name: 'email.send',
  description:
    'Sends an e-mail by SMTP. All attempts of a call have the same Message-ID, which lets mail clients recognize duplicates. Servers do not remove them.',
  args: z.strictObject({
    connection: z.string().meta({ description: 'Id or name of a connection of type smtp.' }),
    from: address.optional().meta({ description: 'ada@example.com or Ada <ada@example.com>. Default: the sender of the connection.' }),
    to: addresses.meta({ description: 'One address or a list.' }),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    reply_to: address.optional(),
    subject: line(998),
    text: letters(1_000_000)
      .optional()
      .meta({ description: 'Required unless html is set. If both are set, the mail client of the reader chooses.' }),
    html: letters(1_000_000).optional(),
    attachments: z
      .array(attachment)
      .max(20)
      .optional()
      .meta({ description: `At most ${ATTACHMENT_BYTES_MAX} bytes in all.` }),
  }),
  output: z.strictObject({
    message_id: z.string(),
    accepted: z.array(z.string()),
    rejected: z.array(z.string()).meta({ description: 'Recipients that the server rejected; it accepted the mail for the others.' }),
  }),
  scopes: ['mail:send'],
  costTier: 'low',
  timeoutMs: 60_000,
  examples: [
    {
      with: {
        connection: 'mail',
        from: 'Orrery <orrery@example.com>',
        to: ['cto@example.com', 'ceo@example.com'],
        subject: 'Daily Executive Briefing',
        text: 'Revenue rose by 4 %.',
      },
      gives: {
        message_id: '<PmmsPxhhBEyzq0tYTtmbUZ1zkv3zRKXO@example.com>',
        accepted: ['cto@example.com', 'ceo@example.com'],
        rejected: [],
      },
    },
  ],

  async call(args, context) {
    // The schema does not require one of them, because a binding of this tool may preset the other.
    if (args.text === undefined && args.html === undefined)
      throw finalError('InvalidArguments', 'There is nothing to send: pass `text` or `html`')
    const server = await requireConnection(context, args.connection, ['smtp'])
    const sender = args.from ?? server.from ?? server.username
    if (sender === undefined) throw finalError('InvalidAddress', 'There is no sender: pass `from`, or set it in the connection')
    const from = readMailAddress(sender)
    const [to, cc, bcc] = [args.to, args.cc, args.bcc].map((some = []) => [some].flat().map(readMailAddress)) as [
      Addresses,
      Addresses,
      Addresses,
    ]
    if (to.length + cc.length + bcc.length > RECIPIENTS_MAX)
      throw finalError('InvalidAddress', `There are more than ${RECIPIENTS_MAX} recipients`)
    const messageId = `<${deriveKey(context.idempotencyKey, 'email')}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`
    const mail = {
      messageId,
      from,
      to,
      cc,
      bcc,
      subject: args.subject,
      ...(args.reply_to === undefined ? {} : { replyTo: readMailAddress(args.reply_to) }),
      ...(args.text === undefined ? {} : { text: args.text }),
      ...(args.html === undefined ? {} : { html: args.html }),
      attachments: readAttachments(args.attachments ?? []),
    }
    const { accepted, rejected } = await sendMail(server, mail, context)
    return { output: { message_id: messageId, accepted: [...accepted], rejected: [...rejected] } }
  },
})

type Addresses = ReturnType<typeof readMailAddress>[]

function readAttachments(attachments: readonly z.output<typeof attachment>[]) {
  const read = attachments.map(({ filename, content, encoding, content_type }, at) => {
    // Node decodes invalid base64 as far as it can, so a part of the attachment would be missing.
    if (encoding === 'base64' && !isBase64(content)) throw finalError('InvalidArguments', `attachments[${at}].content is not base64`)
    return {
      filename,
      content: Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8'),
      ...(content_type === undefined ? {} : { contentType: content_type }),
    }
  })
  const bytes = read.reduce((sum, { content }) => sum + content.length, 0)
  if (bytes > ATTACHMENT_BYTES_MAX) throw finalError('PayloadTooLarge', `The attachments are larger than ${ATTACHMENT_BYTES_MAX} bytes`)
  return read
}

/** Accepts both alphabets (RFC 4648, sections 4 and 5), with or without padding and line breaks. */
function isBase64(text: string): boolean {
  const digits = text.replaceAll(/\s+/g, '').replace(/={1,2}$/, '')
  return /^[A-Za-z0-9+/_-]*$/.test(digits) && digits.length % 4 !== 1
}

const finalError = (name: string, message: string): ToolError => new ToolError(name, message, { isRetryable: false })
