import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logged(fields: object): Record<string, unknown> {
  let line = ''
  createLogger({ level: 'info', format: 'json', destination: { write: (text) => void (line += text) } }).info(fields, 'said')
  return JSON.parse(line)
}

test('an error is told with its stack, its code and its cause, and without the connection that hangs on it', () => {
  const error = Object.assign(new Error('broke', { cause: new Error('below') }), { code: '57P01', client: { processID: 7 } })
  const said = logged({ error }).error as Record<string, unknown>
  expect(said).toMatchObject({
    message: 'broke',
    code: '57P01',
    stack: expect.stringContaining('logger.test'),
    cause: { message: 'below' },
  })
  expect(said).not.toHaveProperty('client')
})

test('what is thrown and is no error is told as it is', () => {
  expect(logged({ error: 'a text' }).error).toBe('a text')
})
