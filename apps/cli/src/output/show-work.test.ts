import { expect, test } from 'vitest'
import type { Io } from '../io.ts'
import { shown } from '../shown.ts'
import { showWork } from './show-work.ts'

function createIo(isTerminal: boolean) {
  const said: string[] = []
  const io = { isTerminal, err: ({ text }: { text: string }) => void said.push(text), style: (_: unknown, text: string) => shown`${text}` }
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
  expect(said()).toMatch(/failed in \d+ms\n$/)
})

test('elsewhere, prints a line at the beginning, and none at the end of short work', async () => {
  const { io, said } = createIo(false)
  await showWork(io, 'building', async () => {})
  expect(said()).toBe('building …\n')
})
