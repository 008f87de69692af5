import type { Mail } from './mailbox.ts'
import type { ChatAnswer } from './stand-in-model.ts'

/** How often each part was asked: what was recorded is not asked for again, whatever was killed in between. */
export interface Asked {
  readonly metrics: number
  readonly model: Readonly<Record<ChatAnswer['question'], number>>
  readonly mails: number
}

/** The mailbox as a page, newest first. */
export function writePage(mails: readonly Mail[], asked: Asked): string {
  const { metrics, model } = asked
  const times = Object.entries(model).map(([question, count]) => `${question} ${count}`)
  return `<!doctype html>
<meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Mailbox</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;background:#f4f4f4;padding:1rem}</style>
<h1>Mailbox</h1>
<p>Mails: ${mails.length} · questions for metrics: ${metrics} · to the model: ${times.join(', ')}</p>
${mails.toReversed().map(writeMail).join('\n')}`
}

function writeMail({ receivedAt, from, to, subject, text }: Mail): string {
  return `<h2>${escapeText(subject)}</h2><p>${escapeText(from)} to ${escapeText(to.join(', '))}, ${receivedAt}</p><pre>${escapeText(text)}</pre>`
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
