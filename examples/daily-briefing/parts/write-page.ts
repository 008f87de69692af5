import type { Mail } from './mailbox.ts'
import type { ChatAnswer } from './stand-in-model.ts'

/** How many requests each service got. The result of a recorded step is not requested again, even after a crash. */
export interface RequestCounts {
  readonly metrics: number
  readonly model: Readonly<Record<ChatAnswer['question'], number>>
  readonly mails: number
}

/** The mailbox as an HTML page, newest mail first. */
export function writePage(mails: readonly Mail[], counts: RequestCounts): string {
  const { metrics, model } = counts
  const times = Object.entries(model).map(([question, count]) => `${question} ${count}`)
  return `<!doctype html>
<meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Mailbox</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;background:#f4f4f4;padding:1rem}</style>
<h1>Mailbox</h1>
<p>Mails: ${mails.length} · requests for metrics: ${metrics} · requests to the model: ${times.join(', ')}</p>
${mails.toReversed().map(writeMail).join('\n')}`
}

function writeMail({ receivedAt, from, to, subject, text }: Mail): string {
  return `<h2>${escapeText(subject)}</h2><p>${escapeText(from)} to ${escapeText(to.join(', '))}, ${receivedAt}</p><pre>${escapeText(text)}</pre>`
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
