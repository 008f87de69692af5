import type { Client } from '@orrery/client'
import type { Io } from '../io.ts'
import { type AnswerFlags, printAnswer } from '../output/print-answer.ts'
import type { Verb } from '../registry/verb.ts'
import { shown } from '../shown.ts'
import type { Document } from './read-documents.ts'

/** Calls the operation once for each document, in order, and stops at the first failure. Answers up to then are printed. */
export async function callEach(
  io: Io,
  client: Client,
  verb: Verb,
  documents: readonly Document[],
  flags: AnswerFlags,
): Promise<readonly unknown[]> {
  const answers: unknown[] = []
  try {
    for (const { label, fields } of documents) {
      try {
        answers.push(await client.call(verb, fields, { signal: io.signal }))
      } catch (error) {
        if (documents.length > 1) io.err(shown`${label}:\n`)
        throw error
      }
    }
  } finally {
    if (answers.length > 0) printAnswers(io, verb, answers, flags)
  }
  return answers
}

/**
 * Prints complete JSON, or a table with a row for each answer. The table omits nested values, which are in the user's file, and
 * times, which are now.
 */
function printAnswers(io: Io, verb: Verb, answers: readonly unknown[], flags: AnswerFlags): void {
  if (flags.json === true) printAnswer(io, verb, answers.length === 1 ? answers[0] : answers, flags)
  else printAnswer(io, { ...verb, rows: 'answers' }, { answers: answers.map(withoutNested) }, flags)
}

function withoutNested(answer: unknown): Record<string, unknown> {
  const isPlain = (value: unknown) =>
    typeof value !== 'object' || (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'))
  return Object.fromEntries(
    Object.entries(answer as object).filter(([name, value]) => isPlain(value) && !['createdAt', 'updatedAt'].includes(name)),
  )
}
