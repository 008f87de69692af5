import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logged(fields: object): Record<string, unknown> {
  let line = ''
  createLogger({ level: 'info', format: 'json', destination: { write: (text) => void (line += text) } }).info(fields, 'said')
  return JSON.parse(line)
}

test('logs an error with its stack, code and cause, and without the database connection attached to it', () => {
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

test('logs a thrown value that is not an Error as it is', () => {
  expect(logged({ error: 'a text' }).error).toBe('a text')
})
