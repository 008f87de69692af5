import type { Clock } from '../../clock.ts'
import { SandboxLost } from '../../sandbox/bundle-host.ts'
import type { Issue } from '../../workflow/standard-schema.ts'
import { toError } from '../observe.ts'
import type { LoadedBundle, SandboxCache } from './sandbox-cache.ts'

interface Question {
  readonly workflow: string
  readonly input: string
  readonly answer: (issues: readonly Issue[]) => void
}

/** Runs workflows' own validators. Inputs that arrive together share a call: a call costs 0.2 ms, an input a few microseconds. */
export class InputChecker {
  private readonly clock: Clock
  private readonly sandboxes: SandboxCache
  private readonly asked = new Map<LoadedBundle, Question[]>()

  constructor(clock: Clock, sandboxes: SandboxCache) {
    this.clock = clock
    this.sandboxes = sandboxes
  }

  check(bundle: LoadedBundle, workflow: string, input: string): Promise<readonly Issue[]> {
    // The manifest says whether the workflow has a validator.
    if (bundle.workflows.get(workflow)?.validates === false) return Promise.resolve([])
    return new Promise((answer) => {
      const questions = this.asked.get(bundle)
      if (questions) {
        questions.push({ workflow, input, answer })
        return
      }
      this.asked.set(bundle, [{ workflow, input, answer }])
      this.clock.setImmediate(() => void this.askAll(bundle))
    })
  }

  private askAll(bundle: LoadedBundle): Promise<void> {
    const questions = this.asked.get(bundle) ?? []
    this.asked.delete(bundle)
    return this.ask(bundle, questions)
  }

  /** If a call fails, each of its inputs is validated again by itself, so that only the bad one is refused. */
  private async ask(bundle: LoadedBundle, questions: readonly Question[]): Promise<void> {
    try {
      const answers: unknown = await bundle.host.validateInputs(questions.map(({ workflow, input }) => [workflow, input] as const))
      const lists = readIssues(answers, questions.length)
      for (const [index, question] of questions.entries()) question.answer(lists[index] ?? [])
    } catch (error) {
      const reason = toError(error)
      this.sandboxes.failed(bundle, reason)
      const isInnocent = reason instanceof SandboxLost && !reason.isCulprit
      if (questions.length > 1 || isInnocent) this.clock.setImmediate(() => questions.forEach((one) => void this.ask(bundle, [one])))
      else questions[0]?.answer([{ path: '', message: `the validator of the input failed: ${reason.message}` }])
    }
  }
}

const ISSUES_MAX = 100
const PATH_CHARS_MAX = 1000
const MESSAGE_CHARS_MAX = 8000

/** Throws for anything but an answer to `count` inputs. */
function readIssues(answers: unknown, count: number): readonly (readonly Issue[])[] {
  const isIssue = (value: unknown): value is Issue =>
    typeof value === 'object' && value !== null && 'path' in value && 'message' in value && [value.path, value.message].every(isText)
  if (!Array.isArray(answers) || answers.length !== count) throw new TypeError('the bundle does not answer as many inputs as it was asked')
  return answers.map((list: unknown) => {
    if (list === null) return []
    if (!Array.isArray(list) || !list.every(isIssue)) throw new TypeError('the bundle does not answer with a list of issues')
    return list
      .slice(0, ISSUES_MAX)
      .map(({ path, message }) => ({ path: cut(path, PATH_CHARS_MAX), message: cut(message, MESSAGE_CHARS_MAX) }))
  })
}

const isText = (value: unknown): value is string => typeof value === 'string'
const cut = (text: string, max: number): string => text.slice(0, max).toWellFormed()
