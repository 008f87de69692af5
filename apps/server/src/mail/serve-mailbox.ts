import { deriveSecret, type Kernel, listWaitingMails, type WaitingMail } from '@orrery/kernel'
import { Hono } from 'hono'
import { escapeHtml, file, ICON_PATH, page } from '../docs/html.ts'
import { isLoopback } from '../http/check-host.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'

export interface MailboxOptions {
  readonly kernel: Kernel
  /** What the server listens on. */
  readonly host: string
}

const MAILS_SHOWN_MAX = 100

/**
 * The path of the local mailbox, or null: there is no mailbox, because a mail server is configured or other machines can reach the server. Its last part is
 * secret, because other accounts on this machine reach the port as well, and the links in the mails log in. It follows from the secret keys.
 */
export function mailboxPath({ kernel, host }: MailboxOptions): string | null {
  if (kernel.outbox.transport !== null || !isLoopback(host)) return null
  return `/mailbox/${deriveSecret(kernel.secretKeys, 'orrery mailbox v1').slice(0, 22)}`
}

/**
 * The local mailbox, as a page and as JSON: the mails of a server that sends none, for development. It answers requests that come from this machine
 * and through no proxy. To all others it is not there: 404.
 */
export function serveMailbox(options: MailboxOptions): Hono<ServerEnv> {
  const { kernel } = options
  const app = new Hono<ServerEnv>()
  const path = mailboxPath(options)
  if (path === null) return app
  app.use(path, only)
  app.use(`${path}.json`, only)
  app.get(path, async () =>
    page({ title: 'Mailbox', body: describe(await list(kernel), kernel), scripts: [], styles: ['/home.css', '/mailbox.css'] }),
  )
  app.get('/mailbox.css', () => file(STYLE, 'text/css; charset=utf-8'))
  app.get(`${path}.json`, async (context) => {
    context.header('Cache-Control', 'no-store')
    return context.json({ items: await list(kernel) })
  })
  return app
}

async function only(context: ServerContext, next: () => Promise<void>): Promise<Response | undefined> {
  const address = context.env?.incoming?.socket?.remoteAddress
  const isForwarded = ['x-forwarded-for', 'forwarded', 'x-real-ip'].some((name) => context.req.raw.headers.has(name))
  if (address === undefined || !isLoopback(address) || isForwarded) return context.notFound()
  await next()
  return undefined
}

const list = (kernel: Kernel): Promise<WaitingMail[]> => listWaitingMails(kernel, MAILS_SHOWN_MAX)

const STYLE = `header p { font-family: inherit }
article { margin-top: 1rem; padding: 1rem 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: 8px }
article h2 { color: var(--text); font-size: 14px }
article dl { display: block; color: var(--text-3); font-size: 12px }
article dl div { display: flex; gap: .5rem }
article dd { font-weight: 400; color: var(--text-2); overflow-wrap: anywhere }
article dd::before { content: none }
article pre { white-space: pre-wrap; overflow-wrap: anywhere }
`

function describe(mails: readonly WaitingMail[], kernel: Kernel): string {
  const empty = '<section><p>No mail waits here. Mails stay until their links are no longer good.</p></section>'
  return `<main>
<header><img src="${ICON_PATH}" alt=""><h1>Mailbox</h1><p>This server sends no mail: <code>ORRERY_SMTP_URL</code> is not set</p></header>
${mails.map((mail) => describeMail(mail, kernel.publicUrl())).join('\n') || empty}
</main>`
}

function describeMail({ recipient, subject, text, queuedAt, expiresAt }: WaitingMail, publicUrl: string): string {
  const facts = [
    ['to', recipient],
    ['at', queuedAt.toISOString()],
    ['good until', expiresAt.toISOString()],
  ] as const
  const rows = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`)
  return `<article><h2>${escapeHtml(subject)}</h2><dl>${rows.join('')}</dl><pre>${linkify(text, publicUrl)}</pre></article>`
}

/** Makes links of addresses of this server. Text of others in a mail gets none. */
function linkify(text: string, publicUrl: string): string {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/)
  return parts
    .map((part, at) =>
      at % 2 === 1 && part.startsWith(`${publicUrl}/`) ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapeHtml(part),
    )
    .join('')
}
