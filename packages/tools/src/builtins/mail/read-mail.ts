import type { Address, Email } from 'postal-mime'
import { htmlToText } from './html-to-text.ts'
import type { FetchedMail } from './imap/fetch-mail.ts'

const TEXT_LETTERS_MAX = 20_000
const LINE_LETTERS_MAX = 998
const ENTRIES_MAX = 100

/** Converts a mail to JSON and limits every part of it, because the mail is untrusted. */
export async function readMail({ uid, source, bytes, isSeen, received }: FetchedMail) {
  const { mail, isWhole } = await parse(source)
  const text = (mail.text ?? '').trim() || htmlToText(mail.html ?? '')
  return {
    uid,
    message_id: clip(mail.messageId ?? '', LINE_LETTERS_MAX),
    from: addresses(mail.from === undefined ? [] : [mail.from]).join(', '),
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    reply_to: addresses(mail.replyTo),
    subject: clip(mail.subject ?? '', LINE_LETTERS_MAX),
    date: toIso(mail.date),
    received: received.toISOString(),
    seen: isSeen,
    text: clip(text, TEXT_LETTERS_MAX),
    attachments: mail.attachments.slice(0, ENTRIES_MAX).map(({ filename, mimeType }) => ({
      filename: clip(filename ?? '', 255),
      content_type: clip(mimeType, 255),
    })),
    bytes,
    is_cut: !isWhole || source.length < bytes || text.length > TEXT_LETTERS_MAX,
  }
}

/** If a mail exceeds the limits of the parser, reads only its header, so that the other mails can still be returned. */
async function parse(source: Uint8Array): Promise<{ readonly mail: Email; readonly isWhole: boolean }> {
  const { default: PostalMime } = await import('postal-mime')
  const limits = { maxNestingDepth: 50, maxHeadersSize: 200_000 }
  try {
    return { mail: await PostalMime.parse(source, limits), isWhole: true }
  } catch {
    // The error says that a limit was exceeded; `is_cut` reports that.
    const end = Buffer.from(source).indexOf('\r\n\r\n')
    return { mail: await PostalMime.parse(source.subarray(0, Math.min(end < 0 ? source.length : end, 100_000)), limits), isWhole: false }
  }
}

function addresses(some: readonly Address[] = []): string[] {
  return some
    .flatMap((one) => one.group ?? [one])
    .slice(0, ENTRIES_MAX)
    .map(({ name, address = '' }) => clip(name === '' ? address : `${name} <${address}>`, LINE_LETTERS_MAX))
}

/** Cuts the text and removes what PostgreSQL cannot store: NUL, and the half of a surrogate pair that the cut may leave. */
function clip(text: string, lettersMax: number): string {
  return text.slice(0, lettersMax).replaceAll('\u0000', '').toWellFormed()
}

function toIso(date: string | undefined): string | null {
  const at = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(at) ? null : new Date(at).toISOString()
}
