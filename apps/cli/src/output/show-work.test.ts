import { expect, test } from 'vitest'
import type { Io } from '../io.ts'
import { shown } from '../shown.ts'
import { showWork } from './show-work.ts'

function createIo(isTerminal: boolean, signal = new AbortController().signal) {
  const said: string[] = []
  const io = {
    isTerminal,
    signal,
    err: ({ text }: { text: string }) => void said.push(text),
    style: (_: unknown, text: string) => shown`${text}`,
  }
  return { io: io as unknown as Io, said: () => said.join('') }
}

test('on a terminal, keeps one line, which ends with the outcome', async () => {
  const { io, said } = createIo(true)
  expect(await showWork(io, 'building', async () => 7)).toBe(7)
  expect(said().split('\r\u001b[K')).toEqual(['', 'building … ', expect.stringMatching(/^building … done in \d+ms\n$/)])
})

test('says that the work failed, and passes its error on', async () => {
  const { io, said } = createIo(true)
  await expect(showWork(io, 'building', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(said()).toMatch(/failed after \d+ms\n$/)
})

test('says that it was interrupted', async () => {
  const interrupt = new AbortController()
  const { io, said } = createIo(true, interrupt.signal)
  const work = async () => {
    interrupt.abort()
    interrupt.signal.throwIfAborted()
  }
  await expect(showWork(io, 'building', work)).rejects.toThrow()
  expect(said()).toMatch(/interrupted after \d+ms\n$/)
})

test('elsewhere, prints a line at the beginning, and none at the end of short work', async () => {
  const { io, said } = createIo(false)
  await showWork(io, 'building', async () => {})
  expect(said()).toBe('building …\n')
})
