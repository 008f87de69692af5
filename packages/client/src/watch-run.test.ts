import { expect, test } from 'vitest'
import { createClient } from './create-client.ts'
import { edgeServer, sendJson } from './edge-server.fixture.ts'
import type { RunProgress } from './watch-run.ts'

const runId = 'run_01h455vb4pex5vsknk084sn02q'
const entry = (seq: number) => ({ seq, kind: 'step', cmd: seq, name: `step-${seq}`, attempt: 1 })

/** A run with `rows` recorded rows, in pages of 200, as the server returns them. */
function historyPage(url: string, rows: number) {
  const query = new URL(url, 'http://x').searchParams
  const from = Number(query.get('cursor') ?? 0)
  const items = Array.from({ length: Math.min(200, rows - from) }, (_, at) => entry(from + at + 1))
  return { items, nextCursor: from + items.length < rows ? String(from + items.length) : null }
}

test('counts each step once across pages, and ends with the result', async () => {
  let rows = 150
  await using server = await edgeServer((request, response) => {
    if (request.url.includes('/events/stream'))
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n') as never
    if (request.url.includes('/queries')) return sendJson(response, 422, { code: 'run.query_failed', detail: 'no such query' })
    if (request.url.includes('/history')) return sendJson(response, 200, historyPage(request.url, rows))
    if (request.url.includes('/result')) {
      const done = rows >= 450
      rows = Math.min(450, rows + 150)
      const status = done ? 'succeeded' : 'running'
      return sendJson(response, 200, {
        runId,
        done,
        status,
        output: done ? 7 : null,
        error: null,
        finishedAt: done ? new Date().toISOString() : null,
      })
    }
    sendJson(response, 200, { id: runId, workflow: 'triage', status: 'running', createdAt: new Date().toISOString() })
  })
  const seen: RunProgress[] = []
  for await (const progress of createClient({ url: server.url }).runs.watch(runId, { intervalMs: 5 })) seen.push(progress)
  expect(seen.map(({ steps }) => steps)).toEqual([300, 450, 450])
  expect(seen.at(-1)).toMatchObject({ status: 'succeeded', done: true, last: 'step-450', result: { output: 7 } })
  // The first page was full, so the cursor moved past it and it was never read again.
  expect(server.requests.filter(({ url }) => url.endsWith('/history?limit=200'))).toHaveLength(1)
})

test('the event stream resumes after the last event seen when the connection breaks', async () => {
  const text = (at: number) =>
    JSON.stringify({ id: `1-${at}`, type: 'run.started', subject: runId, at: '2026-01-01T00:00:00.000Z', data: {} })
  const event = (at: number) => `id: 1-${at}\nevent: run.started\ndata: ${text(at)}\n\n`
  await using server = await edgeServer((_, response, count) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    // The second connection breaks before any event, but has already sent the id from which to resume.
    response.write(count === 2 ? 'retry: 1000\nid: 1-2\n\n' : event(count))
    response.end()
  })
  const ids: string[] = []
  for await (const { id } of createClient({ url: server.url }).events.stream({ subject: runId })) {
    ids.push(id)
    if (ids.length === 3) break
  }
  expect(ids).toEqual(['1-1', '1-3', '1-4'])
  expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1-1', '1-2', '1-3'])
})
