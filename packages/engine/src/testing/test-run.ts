import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import type { ScopeCarrier } from '../workflow/cancel-scope.ts'
import { toFailure } from '../workflow/errors.ts'
import { toJson } from '../workflow/json.ts'
import { createMachine } from '../workflow/machine.ts'
import type { CancelScope } from '../workflow/machine-run.ts'
import type { Command, Completion, Delivery, Failure, Json, Reaction } from '../workflow/protocol.ts'
import type { WorkflowDefinition } from '../workflow/workflow-definition.ts'
import { attemptStep, type StepReplacement } from './test-step.ts'

const storage = new AsyncLocalStorage<CancelScope>()

/** Carries scopes over native promises, for workflows that run in this process without a bundle. */
const localCarrier: ScopeCarrier = {
  current: () => storage.getStore() ?? null,
  enter: (scope, fn) => storage.run(scope, fn),
  rejections: () => new Set(),
}

export interface TestSetup<In = unknown> {
  readonly input?: In
  /** By step name: a function that replaces the body, or the value to return. */
  readonly steps?: Readonly<Record<string, StepReplacement>>
  /** Messages to the run. `at` is the time since its start. Absent: before its first wait. */
  readonly signals?: readonly { readonly name: string; readonly payload?: Json; readonly at?: Duration }[]
  /** By workflow name: the definition to run, a function of the input, or the output. */
  readonly children?: Readonly<Record<string, WorkflowDefinition | ((input: never) => unknown) | Json>>
  readonly cancel?: { readonly at: Duration; readonly reason?: string }
  /** What the run may do (`ctx.info.scopes`). Absent: none. */
  readonly scopes?: readonly string[]
  /** The start of the run. Absent: the first moment of 2030. */
  readonly now?: Date | string
}

export interface TestResult<Out = Json> {
  /** `stuck`: the run waits for something that never happens, such as a signal that is never sent. */
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'stuck'
  readonly output: Out | null
  readonly error: Failure | null
  /** Every attempt of a step, in order. */
  readonly steps: readonly { readonly name: string; readonly input: Json; readonly attempt: number }[]
  readonly elapsedMs: number
  /** All commands of the workflow and all deliveries to it, in order. */
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
/** Stops a run that continues as new without end. */
const EVENTS_MAX = 100_000

export async function createTestRun(workflow: WorkflowDefinition, setup: TestSetup): Promise<TestResult> {
  const run = new TestDriver(workflow, setup)
  await run.start()
  return run.finish()
}

/** One run in virtual time: the event that is due next happens next. */
class TestDriver {
  private readonly workflow: WorkflowDefinition
  private readonly setup: TestSetup
  private readonly startedAt: number
  private readonly machine: ReturnType<typeof createMachine>
  private readonly timers: Due[] = []
  private readonly mailbox: { name: string; payload: Json }[] = []
  private readonly waiting: Waiting[] = []
  private readonly bodies = new Map<number, Promise<void>>()
  private readonly history: TestEvent[] = []
  private readonly steps: { name: string; input: Json; attempt: number }[] = []
  private readonly open = new Set<number>()
  private at: number
  private order = 0
  private completion: Completion | null = null
  private answer: Reaction['answer']

  constructor(workflow: WorkflowDefinition, setup: TestSetup) {
    this.workflow = workflow
    this.setup = setup
    this.startedAt = setup.now === undefined ? FIRST_MOMENT : new Date(setup.now).getTime()
    this.at = this.startedAt
    this.machine = createMachine(new Map([[workflow.name, workflow]]), localCarrier)
  }

  private async turn(delivery: Delivery) {
    const activation = { run: RUN, at: this.at, replaying: false, delivery }
    if (delivery.type !== 'evict') this.history.push({ at: this.at, delivery })
    this.machine.apply(activation)
    // A macrotask runs after all microtasks, so the workflow has run until its next wait.
    await nextTurn()
    return this.machine.collect(activation)
  }

  private async deliver(delivery: Delivery): Promise<void> {
    if (delivery.type === 'resolve' || delivery.type === 'reject') {
      if (!this.open.delete(delivery.cmd)) return
    }
    const reaction = await this.turn(delivery)
    this.answer = reaction.answer
    for (const command of reaction.commands) {
      this.history.push({ at: this.at, command })
      this.carryOut(command)
    }
    if (reaction.completion === undefined) return
    this.history.push({ at: this.at, completion: reaction.completion })
    this.completion = reaction.completion
  }

  private later(dueAt: number, cmd: number | null, fire: Due['fire']): void {
    this.timers.push({ at: dueAt, order: this.order++, cmd, fire })
  }

  private settle(cmd: number, result: Promise<{ readonly afterMs: number; readonly delivery: Delivery }>): void {
    this.bodies.set(
      cmd,
      result.then(({ afterMs, delivery }) => {
        this.bodies.delete(cmd)
        this.later(this.at + afterMs, cmd, () => this.deliver(delivery))
      }),
    )
  }

  private carryOut(command: Command): void {
    if ('cmd' in command && command.type !== 'drop') this.open.add(command.cmd)
    switch (command.type) {
      case 'step':
        return this.settle(
          command.cmd,
          attemptStep(command, this.setup.steps?.[command.name], { record: (attempt) => this.steps.push(attempt) }),
        )
      case 'child':
        return this.settle(command.cmd, runChild(command, this.setup, this.at))
      case 'sleep':
        return this.later(command.until, command.cmd, () => this.deliver({ type: 'resolve', cmd: command.cmd, value: null }))
      case 'signal':
        this.waiting.push(command)
        if (command.until === null) return
        return this.later(command.until, command.cmd, () => {
          const error: Failure = { name: 'TimeoutError', kind: 'timeout', message: `no signal ${command.name} came in time` }
          return this.deliver({ type: 'reject', cmd: command.cmd, error })
        })
      case 'drop':
        this.open.delete(command.cmd)
        return
      case 'patch':
      case 'log':
        return
    }
  }

  /** Delivers the oldest message that a command waits for, to the command that was issued first. */
  private nextMessage(): Delivery | null {
    for (const { cmd, name } of this.waiting) {
      const index = this.open.has(cmd) ? this.mailbox.findIndex((message) => message.name === name) : -1
      if (index < 0) continue
      const [message] = this.mailbox.splice(index, 1)
      return { type: 'resolve', cmd, value: message?.payload ?? null }
    }
    return null
  }

  private nextTimer(): Due | undefined {
    for (let i = this.timers.length - 1; i >= 0; i--) {
      const cmd = this.timers[i]?.cmd ?? null
      if (cmd !== null && !this.open.has(cmd)) this.timers.splice(i, 1)
    }
    this.timers.sort((a, b) => a.at - b.at || a.order - b.order)
    return this.timers.shift()
  }

  private async begin(input: Json): Promise<void> {
    const { scopes = [] } = this.setup
    const info = { runId: RUN, orgId: 'test-org', workflow: this.workflow.name, version: 'test', parentRunId: null, scopes }
    await this.deliver({ type: 'start', workflow: this.workflow.name, input, seed: `${RUN}/${this.history.length}`, info, patches: [] })
  }

  private async advance(): Promise<boolean> {
    if (this.completion?.type === 'continued') {
      const { input } = this.completion
      this.completion = null
      this.open.clear()
      await this.begin(input)
      return true
    }
    const message = this.nextMessage()
    if (message !== null) {
      await this.deliver(message)
      return true
    }
    const [body] = this.bodies.values()
    if (body !== undefined) {
      await Promise.race(this.bodies.values())
      return true
    }
    const due = this.nextTimer()
    if (due === undefined) return false
    this.at = Math.max(this.at, due.at)
    await due.fire()
    return true
  }

  async start(): Promise<void> {
    for (const { name, payload = null, at: after = '0s' } of this.setup.signals ?? []) {
      this.later(this.startedAt + parseDurationMs(after, `at of signal ${name}`), null, () => void this.mailbox.push({ name, payload }))
    }
    const { cancel } = this.setup
    const stop = (afterMs: number, reason: string, timedOut: boolean) =>
      this.later(this.startedAt + afterMs, null, () => this.deliver({ type: 'cancel', reason, timedOut }))
    if (cancel) stop(parseDurationMs(cancel.at, 'cancel.at'), cancel.reason ?? 'the test cancelled it', false)
    if (this.workflow.options.timeoutMs !== undefined) stop(this.workflow.options.timeoutMs, 'the run took longer than its timeout', true)
    await this.begin(toJson(this.setup.input, 'input'))
    for (let events = 0; (this.completion === null || this.completion.type === 'continued') && (await this.advance()); events++) {
      if (events >= EVENTS_MAX) throw new Error(`workflow ${this.workflow.name} did not end within ${EVENTS_MAX} events`)
    }
  }

  private async query(name: string, args: Json = null): Promise<Json> {
    await this.deliver({ type: 'query', id: 1, name, args })
    if (this.answer?.ok) return this.answer.value
    throw Object.assign(new Error(this.answer?.error.message ?? 'no answer'), { name: this.answer?.error.name ?? 'Error' })
  }

  finish(): TestResult {
    const query = (name: string, args: Json = null): Promise<Json> => this.query(name, args)
    return { ...readOutcome(this.completion), steps: this.steps, history: this.history, elapsedMs: this.at - this.startedAt, query }
  }
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
