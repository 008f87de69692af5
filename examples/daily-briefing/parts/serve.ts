/** The services over HTTP: metrics, the stand-in model, and a view of the mailbox. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { computeMetrics, LOOKBACK_DAYS_MAX, type MetricsRequest } from './business-metrics.ts'
import { findYesterday, readDays } from './days.ts'
import type { Mail } from './mailbox.ts'
import { answerChat, type ChatRequest } from './stand-in-model.ts'
import { type RequestCounts, writePage } from './write-page.ts'

export interface ServeOptions {
  readonly mails: readonly Mail[]
  /** How long the model takes for each answer. */
  readonly paceMs?: number
  readonly now?: () => number
}

export function createParts({ mails, paceMs = 0, now = Date.now }: ServeOptions): Server {
  const days = readDays()
  const counts = { metrics: 0, model: { analysis: 0, summary: 0, email: 0, other: 0 } }
  const report = (): RequestCounts => ({ ...counts, mails: mails.length })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://parts')
    switch (`${request.method} ${pathname}`) {
      case 'GET /metrics': {
        counts.metrics += 1
        const wanted = readMetricsRequest(searchParams)
        if (typeof wanted === 'string') return send(response, 400, { error: wanted })
        return send(response, 200, computeMetrics(days, findYesterday(now()), wanted))
      }
      case 'POST /v1/chat/completions': {
        const { question, status, body } = answerChat(JSON.parse(await readText(request)) as ChatRequest)
        counts.model[question] += 1
        await sleep(paceMs)
        return send(response, status, body)
      }
      case 'GET /mails':
        return send(response, 200, mails)
      case 'GET /asked':
        return send(response, 200, report())
      case 'GET /emails/latest':
        return send(response, 200, toEmail(mails.findLast(({ to }) => to.some((address) => address.startsWith('support@')))))
      case 'GET /': {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(writePage(mails, report()))
        return
      }
      default:
        return send(response, 404, { error: `there is nothing at ${request.method} ${pathname}` })
    }
  }

  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const isInput = error instanceof SyntaxError
      if (!isInput) console.error(error)
      send(response, isInput ? 400 : 500, { error: { message: String(error) } })
    })
  })
}

/** Returns a text with the error if the query is invalid. */
function readMetricsRequest(query: URLSearchParams): MetricsRequest | string {
  const lookbackDays = Number(query.get('lookback_days') ?? 1)
  if (!Number.isInteger(lookbackDays) || lookbackDays < 1 || lookbackDays > LOOKBACK_DAYS_MAX)
    return `lookback_days: expected 1 to ${LOOKBACK_DAYS_MAX}`
  return { lookbackDays, includeForecast: query.get('include_forecast') === 'true' }
}

/** The newest mail to support as the API of an inbox would return it, or a placeholder while there is no mail. */
function toEmail(mail: Mail | undefined) {
  const { from, subject, text } = mail ?? { from: 'ada@client.example', subject: 'No mail yet', text: 'Send one to support@company.com.' }
  return { client_id: from, subject, text }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
