import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from '../../../../../kernel/src/outside/testing/listen.fixture.ts'
import type { ToolError } from '../../../port/tool-port.ts'
import { openImapSession } from './imap-session.ts'

/** Opens a session with a server that answers each line by calling `answer`. */
async function talkTo(answer: (tag: string, words: string, socket: Socket) => string | Buffer, greeting = '* OK hello\r\n') {
  const port = await listen(
    createServer((socket) => {
      socket.write(greeting)
      socket.on('data', (data) => {
        const [tag = '', words = ''] = data.toString().trim().split(/ (.*)/s)
        socket.write(answer(tag, words, socket))
      })
    }),
  )
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  return openImapSession(socket, 'mail.test', 1_000)
}

async function failureOf(act: Promise<unknown>): Promise<ToolError> {
  return act.then(
    () => {
      throw new Error('It did not fail')
    },
    (error: unknown) => error as ToolError,
  )
}

test('returns the data of a command, including literals and quoted strings', async () => {
  const session = await talkTo((tag) => `* 1 FETCH (X {3}\r\na)"`.concat(` Y "\\\\")\r\n* OK [ALERT] mind\r\n${tag} OK done\r\n`))
  await session.greet()
  const [values] = await session.command('FETCH 1 X')
  expect(values).toMatchObject(['1', 'FETCH', ['X', Buffer.from('a)"'), 'Y', '\\']])
})

test('sends the rest of a command once, when the server asks for it', async () => {
  const heard: string[] = []
  const session = await talkTo((tag, words) => {
    heard.push(`${tag} ${words}`.trim())
    return words.startsWith('AUTHENTICATE') ? '+ \r\n' : tag === 'c2VjcmV0' ? '+ more\r\n' : 'A1 NO [AUTHENTICATIONFAILED] c2VjcmV0\r\n'
  })
  await session.greet()
  const error = await failureOf(session.command('AUTHENTICATE PLAIN', 'c2VjcmV0'))
  expect(heard).toEqual(['A1 AUTHENTICATE PLAIN', 'c2VjcmV0', ''])
  expect([error.message, error.isRetryable]).toEqual(['mail.test rejected the command (AUTHENTICATIONFAILED)', false])
})

test.each([
  ['* 1 FETCH (X {1001}\r\n', 'A literal is too large'],
  ['* 1 FETCH (X {1}\r\na'.repeat(30), 'A literal is too large'],
  ['* (((\r\n', 'A response does not close what it opened'],
  ['HTTP/1.1 400 Bad Request\r\n', 'A response has an unknown tag'],
])('rejects a response that is not IMAP: %j', async (said, why) => {
  const session = await talkTo(() => said)
  await session.greet()
  const error = await failureOf(session.command('NOOP'))
  expect([error.name, error.isRetryable, error.message]).toEqual(['ImapError', true, `mail.test does not follow IMAP: ${why}`])
})

test('fails on an endless line, an endless answer, and a server that disconnects', async () => {
  const flooding = await talkTo((_tag, _words, socket) => {
    const flood = () => {
      if (!socket.destroyed) socket.write(Buffer.alloc(1_000_000, 'x'), flood)
    }
    flood()
    return ''
  })
  await flooding.greet()
  expect((await failureOf(flooding.command('NOOP'))).message).toContain('A line is too long')
  const chatting = await talkTo(() => `* ${'x'.repeat(10_000)}\r\n`.repeat(1_700))
  await chatting.greet()
  expect((await failureOf(chatting.command('NOOP'))).message).toContain('An answer is too long')
  const leaving = await talkTo((_tag, _words, socket) => {
    socket.destroy()
    return ''
  })
  await leaving.greet()
  expect(await failureOf(leaving.command('NOOP'))).toMatchObject({ name: 'ImapError', isRetryable: true })
  const busy = await talkTo(() => '', '* BYE Too many\r\n')
  expect(await failureOf(busy.greet())).toMatchObject({ name: 'ImapError', isRetryable: true })
})

test('rejects data that was sent before TLS began', async () => {
  const session = await talkTo((tag) => `${tag} OK begin\r\n* CAPABILITY AUTH=PLAIN\r\n`)
  await session.greet()
  await session.command('STARTTLS')
  expect(await failureOf(session.encrypt({ servername: 'mail.test' }))).toMatchObject({ name: 'ImapError', isRetryable: true })
})
