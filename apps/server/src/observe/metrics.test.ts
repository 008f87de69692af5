import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

/** Name, type and help of every family, with all sources connected. */
async function families(): Promise<{ name: string; type: string; help: string }[]> {
  const metrics = createMetrics()
  metrics.connect({
    depths: async () => ({ live: { ready: 0, running: 0, waiting: 0, gated: 0, paused: 0, blocked: 0 }, oldestReadyMs: 0 }),
    violations: async () => [],
    activeRuns: () => 0,
    pools: () => [],
  })
  const { text } = await metrics.render()
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]))
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type, help: helps.get(name) ?? '' }))
}

test('names metrics by the conventions of Prometheus', async () => {
  const found = (await families()).filter(({ name }) => name.startsWith('orrery_'))
  expect(found.length).toBeGreaterThan(20)
  for (const { name, type, help } of found) {
    expect(name).toMatch(/^orrery_[a-z]+(_[a-z]+)*$/)
    expect(help, name).toMatch(/^[A-Z].*\.$/)
    // Only a counter ends in `_total`, a base unit comes last, and no name contains its type.
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|count|sum|bucket|gauge|counter|histogram)$/)
    if (/_(duration|age|lateness)/.test(name)) expect(name).toMatch(/_seconds$/)
  }
})

test('documents every metric in the guide', async () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/operate.md'), 'utf8')
  for (const { name } of await families()) if (name.startsWith('orrery_')) expect(guide).toContain(`| \`${name}\` |`)
})

test('reports connections by pool and state', async () => {
  const metrics = createMetrics()
  metrics.connect({ pools: () => [{ name: 'requests', max: 10, total: 4, idle: 3, waiting: 2 }] })
  const { text } = await metrics.render()
  expect(text).toContain('orrery_pool_connections{pool="requests",state="idle"} 3')
  expect(text).toContain('orrery_pool_connections{pool="requests",state="busy"} 1')
  expect(text).toContain('orrery_pool_connections_max{pool="requests"} 10')
  expect(text).toContain('orrery_pool_waiting_callers{pool="requests"} 2')
})

test('omits only the metrics from the database while it is unavailable', async () => {
  const metrics = createMetrics()
  metrics.connect({ depths: () => Promise.reject(new Error('gone')), activeRuns: () => 7 })
  const { text } = await metrics.render()
  expect(text).toContain('orrery_active_runs 7')
  expect(text).not.toMatch(/^orrery_(live_runs|oldest_ready_age_seconds)[ {]/m)
})
