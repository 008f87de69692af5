import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSse, type ServerMessage } from './parse-sse.ts'

async function parse(text: string, cut: (length: number) => number = (length) => length): Promise<ServerMessage[]> {
  const bytes = new TextEncoder().encode(text)
  async function* chunks() {
    for (let at = 0; at < bytes.length; ) {
      const end = at + Math.max(1, cut(bytes.length - at))
      yield bytes.slice(at, end)
      at = end
    }
  }
  const found: ServerMessage[] = []
  for await (const message of parseSse(chunks())) found.push(message)
  return found
}

test('parses fields, comments and multi-line data according to the standard', async () => {
  expect(await parse(': hello\n\nid: 4\nevent: run.started\ndata: {"a":\ndata: 1}\n\ndata:x\n\nid: 5\n\nid: 6\ndata: unfinished')).toEqual([
    { id: '4', event: 'run.started', data: '{"a":\n1}' },
    { id: '4', event: 'message', data: 'x' },
    { id: '5', event: 'message', data: '' },
  ])
})

test('parses the same messages for any chunk boundaries and line endings', async () => {
  const text = 'id: 1\ndata: ä€😀\n\ndata: b\n\n'
  const whole = await parse(text)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      async (end, sizes) => {
        let turn = 0
        expect(await parse(`${text.replaceAll('\n', end)}:\n`, () => sizes[turn++ % sizes.length] ?? 1)).toEqual(whole)
      },
    ),
  )
})
