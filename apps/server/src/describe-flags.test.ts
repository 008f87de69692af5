import { expect, test } from 'vitest'
import { describeFlags } from './describe-flags.ts'
import { SETTINGS, type Setting } from './settings.ts'

test('lists every setting with its flag', () => {
  const help = describeFlags()
  for (const { env, flag } of Object.values<Setting>(SETTINGS))
    expect(help).toContain(flag === undefined ? `\n${env}\n` : `\n--${flag}, ${env}\n`)
})

test.for([40, 80, 200])('wraps the help text at %i columns', (columns) => {
  const tooLong = describeFlags(columns)
    .split('\n')
    .filter((line) => line.length > columns && line.trim().includes(' '))
  expect(tooLong).toEqual([])
})
