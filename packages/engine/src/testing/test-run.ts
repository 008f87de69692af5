import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Duration, parseDuration } from '../workflow/duration.ts'
import { toFailure } from '../workflow/errors.ts'
import { toJson } from '../workflow/json.ts'
import { createMachine } from '../workflow/machine.ts'
import type { Command, Completion, Delivery, Failure, Json } from '../workflow/protocol.ts'
import type { WorkflowDefinition } from '../workflow/workflow-definition.ts'
import { localCarrier } from './local-carrier.ts'
import { attemptStep, type StepReplacement } from './test-step.ts'

export interface TestSetup<In = unknown> {
  readonly input?: In
  /** By step name: a function in place of the body, or the value it would return. */
  readonly steps?: Readonly<Record<string, StepReplacement>>
  /** Messages to the run; `at` is the time since its start, absent: before it waits for anything. */
  readonly signals?: readonly { readonly name: string; readonly payload?: Json; readonly at?: Duration }[]
  /** By workflow name: the definition to run, a function of the input, or the output. */
  readonly children?: Readonly<Record<string, WorkflowDefinition | ((input: never) => unknown) | Json>>
  readonly cancel?: { readonly at: Duration; readonly reason?: string }
  /** When the run starts; absent: the first moment of 2030. */
  readonly now?: Date | string
}

export interface TestResult<Out = Json> {
  /** `stuck`: the run waits for something that will never come, such as a signal nobody sends. */
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'stuck'
  readonly output: Out | null
  readonly error: Failure | null
  /** Every attempt of a step, in order. */
  readonly steps: readonly { readonly name: string; readonly input: Json; readonly attempt: number }[]
  readonly elapsedMs: number
  /** All that the workflow asked for and was told, in order. */
  readonly history: readonly TestEvent[]
  query(name: string, args?: Json): Promise<Json>
}

export type TestEvent =
  | { readonly at: number; readonly command: Command }
  | { readonly at: number; readonly delivery: Delivery }
  | { readonly at: number; readonly completion: Completion }

interface Due {
  readonly at: number
  readonly order: number
  readonly cmd: number | null
  fire(): Promise<void> | void
}

type Waiting = Extract<Command, { readonly type: 'signal' }>

const RUN = 'test-run'
const FIRST_MOMENT = Date.UTC(2030, 0, 1)
/** A run that continues as new without end would otherwise never return. */
const MAX_EVENTS = 100_000

export async function createTestRun(workflow: WorkflowDefinition, setup: TestSetup): Promise<TestResult> {
  const run = createDriver(workflow, setup)
  await run.start()
  return run.finish()
}

function createDriver(workflow: WorkflowDefinition, setup: TestSetup) {
  const startedAt = setup.now === undefined ? FIRST_MOMENT : new Date(setup.now).getTime()
  const machine = createMachine(new Map([[workflow.name, workflow]]), localCarrier)
  const timers: Due[] = []
  const mailbox: { name: string; payload: Json }[] = []
  const waiting: Waiting[] = []
  const bodies = new Map<number, Promise<void>>()
  const history: TestEvent[] = []
  const steps: { name: string; input: Json; attempt: number }[] = []
  const open = new Set<number>()
  let at = startedAt
  let order = 0
  let completion: Completion | null = null
  let answer: Awaited<ReturnType<typeof turn>>['answer']

  async function turn(delivery: Delivery) {
    const activation = { run: RUN, at, replaying: false, delivery }
    if (delivery.type !== 'evict') history.push({ at, delivery })
    machine.apply(activation)
    // A macrotask comes after all microtasks, so the workflow has gone as far as it can.
    await nextTurn()
    return machine.collect(activation)
  }

  async function deliver(delivery: Delivery): Promise<void> {
    if (delivery.type === 'resolve' || delivery.type === 'reject') {
      if (!open.delete(delivery.cmd)) return
    }
    const reaction = await turn(delivery)
    answer = reaction.answer
    for (const command of reaction.commands) {
      history.push({ at, command })
      carryOut(command)
    }
    if (reaction.completion === undefined) return
    history.push({ at, completion: reaction.completion })
    completion = reaction.completion
  }

  const later = (dueAt: number, cmd: number | null, fire: Due['fire']): void => {
    timers.push({ at: dueAt, order: order++, cmd, fire })
  }
  const settle = (cmd: number, result: Promise<{ readonly afterMs: number; readonly delivery: Delivery }>): void => {
    bodies.set(
      cmd,
      result.then(({ afterMs, delivery }) => {
        bodies.delete(cmd)
        later(at + afterMs, cmd, () => deliver(delivery))
      }),
    )
  }

  function carryOut(command: Command): void {
    if ('cmd' in command && command.type !== 'drop') open.add(command.cmd)
    switch (command.type) {
      case 'step':
        return settle(command.cmd, attemptStep(command, setup.steps?.[command.name], { record: (attempt) => steps.push(attempt) }))
      case 'child':
        return settle(command.cmd, runChild(command, setup, at))
      case 'sleep':
        return later(command.until, command.cmd, () => deliver({ type: 'resolve', cmd: command.cmd, value: null }))
      case 'signal':
        waiting.push(command)
        if (command.until === null) return
        return later(command.until, command.cmd, () => {
          const error: Failure = { name: 'TimeoutError', kind: 'timeout', message: `no signal ${command.name} came in time` }
          return deliver({ type: 'reject', cmd: command.cmd, error })
        })
      case 'drop':
        open.delete(command.cmd)
        return
      case 'patch':
      case 'log':
        return
    }
  }

  /** The oldest message that somebody waits for goes to the one who asked first. */
  function nextMessage(): Delivery | null {
    for (const { cmd, name } of waiting) {
      const index = open.has(cmd) ? mailbox.findIndex((message) => message.name === name) : -1
      if (index < 0) continue
      const [message] = mailbox.splice(index, 1)
      return { type: 'resolve', cmd, value: message?.payload ?? null }
    }
    return null
  }

  function nextTimer(): Due | undefined {
    for (let i = timers.length - 1; i >= 0; i--) {
      const cmd = timers[i]?.cmd ?? null
      if (cmd !== null && !open.has(cmd)) timers.splice(i, 1)
    }
    timers.sort((a, b) => a.at - b.at || a.order - b.order)
    return timers.shift()
  }

  async function begin(input: Json): Promise<void> {
    const info = { runId: RUN, orgId: 'test-org', workflow: workflow.name, version: 'test', parentRunId: null }
    await deliver({ type: 'start', workflow: workflow.name, input, seed: `${RUN}/${history.length}`, info, patches: [] })
  }

  async function advance(): Promise<boolean> {
    if (completion?.type === 'continued') {
      const { input } = completion
      completion = null
      open.clear()
      await begin(input)
      return true
    }
    const message = nextMessage()
    if (message !== null) {
      await deliver(message)
      return true
    }
    const [body] = bodies.values()
    if (body !== undefined) {
      await Promise.race(bodies.values())
      return true
    }
    const due = nextTimer()
    if (due === undefined) return false
    at = Math.max(at, due.at)
    await due.fire()
    return true
  }

  async function start(): Promise<void> {
    for (const { name, payload = null, at: after = '0s' } of setup.signals ?? []) {
      later(startedAt + parseDuration(after, `at of signal ${name}`), null, () => void mailbox.push({ name, payload }))
    }
    const { cancel } = setup
    const stop = (afterMs: number, reason: string, timedOut: boolean) =>
      later(startedAt + afterMs, null, () => deliver({ type: 'cancel', reason, timedOut }))
    if (cancel) stop(parseDuration(cancel.at, 'cancel.at'), cancel.reason ?? 'the test cancelled it', false)
    if (workflow.options.timeoutMs !== undefined) stop(workflow.options.timeoutMs, 'the run took longer than its timeout', true)
    await begin(toJson(setup.input, 'input'))
    for (let events = 0; (completion === null || completion.type === 'continued') && (await advance()); events++) {
      if (events >= MAX_EVENTS) throw new Error(`workflow ${workflow.name} did not end within ${MAX_EVENTS} events`)
    }
  }

  async function query(name: string, args: Json = null): Promise<Json> {
    await deliver({ type: 'query', id: 1, name, args })
    if (answer?.ok) return answer.value
    throw Object.assign(new Error(answer?.error.message ?? 'no answer'), { name: answer?.error.name ?? 'Error' })
  }

  const finish = (): TestResult => ({ ...readOutcome(completion), steps, history, elapsedMs: at - startedAt, query })
  return { start, finish }
}

function readOutcome(completion: Completion | null): Pick<TestResult, 'status' | 'output' | 'error'> {
  switch (completion?.type) {
    case 'succeeded':
      return { status: 'succeeded', output: completion.output, error: null }
    case 'failed':
      return { status: 'failed', output: null, error: completion.error }
    case 'cancelled':
      return { status: completion.timedOut ? 'timed_out' : 'cancelled', output: null, error: null }
    case 'continued':
    case undefined:
      return { status: 'stuck', output: null, error: null }
  }
}

async function runChild(command: Extract<Command, { readonly type: 'child' }>, setup: TestSetup, now: number) {
  const { cmd, workflow, input } = command
  const child = setup.children?.[workflow]
  const resolve = (value: Json, afterMs = 0) => ({ afterMs, delivery: { type: 'resolve', cmd, value } as const })
  if (child === undefined && !(workflow in (setup.children ?? {}))) {
    const message = `child ${workflow} has no stand-in; give one in children: { ${JSON.stringify(workflow)}: … }`
    return { afterMs: 0, delivery: { type: 'reject', cmd, error: { name: 'Error', kind: 'error', message } } as const }
  }
  if (command.detached) return resolve(`test-run/${cmd}`)
  try {
    if (typeof child === 'function') return resolve(toJson(await child(input as never), `output of ${workflow}`))
    if (!isDefinition(child)) return resolve(toJson(child, `output of ${workflow}`))
    const { status, output, error, elapsedMs } = await createTestRun(child, { ...setup, signals: [], input, now: new Date(now) })
    if (status === 'succeeded') return resolve(output, elapsedMs)
    const failure: Failure = error ?? {
      name: 'Error',
      message: `the child ${status}`,
      kind: status === 'timed_out' ? 'timeout' : 'cancelled',
    }
    return { afterMs: elapsedMs, delivery: { type: 'reject', cmd, error: failure } as const }
  } catch (error) {
    return { afterMs: 0, delivery: { type: 'reject', cmd, error: toFailure(error) } as const }
  }
}

function isDefinition(child: unknown): child is WorkflowDefinition {
  return typeof child === 'object' && child !== null && 'kind' in child && child.kind === 'workflow'
}
