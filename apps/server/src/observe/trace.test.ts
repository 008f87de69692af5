import { expect, test } from 'vitest'
import { continueTrace } from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

test('continues a trace with a new span', () => {
  const trace = continueTrace(`00-${TRACE}-${SPAN}-01`)
  expect(trace).toMatchObject({ traceId: TRACE, parentId: SPAN, sampled: true })
  expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/)
  expect(trace.spanId).not.toBe(SPAN)
})

test('reads the known fields of a header with a later version', () => {
  expect(continueTrace(`cc-${TRACE}-${SPAN}-01-more`).traceId).toBe(TRACE)
})

test.each([
  undefined,
  '',
  'x',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
])('begins a new trace for the malformed header %s', (header) => {
  const trace = continueTrace(header)
  expect(trace.parentId).toBeNull()
  expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(trace.traceId).not.toBe(TRACE)
})
