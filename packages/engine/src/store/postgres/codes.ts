import type { Priority } from '../../workflow/protocol.ts'
import type { FinalStatus, JournalKind, Message, ParentClose, RunState } from '../store.ts'

/** The port's words and the small integers that store them (listed at the top of migrations/0001-tables.sql). */
interface Codec<Word extends string> {
  readonly code: (word: Word) => number
  readonly word: (code: number) => Word
}

function codec<Word extends string>(words: readonly Word[], first: number): Codec<Word> {
  const codes = new Map(words.map((word, index) => [word, index + first]))
  return {
    code(word) {
      const code = codes.get(word)
      if (code === undefined) throw new RangeError(`no code for ${word}`)
      return code
    },
    word(code) {
      const word = words[code - first]
      if (word === undefined) throw new RangeError(`no word for code ${code}`)
      return word
    },
  }
}

export const priorityCode = codec<Priority>(['low', 'normal', 'high', 'urgent'], 0)
export const stateCode = codec<RunState>(['ready', 'running', 'waiting', 'gated', 'paused', 'blocked'], 1)
export const statusCode = codec<FinalStatus>(['succeeded', 'failed', 'cancelled', 'timed_out'], 1)
export const journalCode = codec<JournalKind>(
  ['step', 'sleep', 'signal', 'child', 'cancel', 'attempt', 'patch', 'version', 'generation'],
  1,
)
export const messageCode = codec<Message['kind']>(['signal', 'child', 'cancel', 'terminate'], 1)
export const closeCode = codec<ParentClose>(['abandon', 'cancel', 'terminate'], 0)
export const onFullCode = codec<'queue' | 'cancel_in_progress' | 'cancel_newest'>(['queue', 'cancel_in_progress', 'cancel_newest'], 0)
