/** Runs a pipeline in this process, in virtual time and with fake tools. */
import type { Json, PipelineDefinition } from '@orrery/contract'
import { type TestResult, type TestSetup, takes, testWorkflow } from '@orrery/engine/testing'
import type { StepContext } from '@orrery/engine/workflow'
import { parsePipeline } from '../../../../expressions/src/pipeline/parse-pipeline.ts'
import { interpretPipeline } from './interpret-pipeline.ts'
import { PIPELINE_WORKFLOW, type PipelineInput, TOOL_STEP, type ToolStepInput } from './pipeline-input.ts'

/** A fake tool: its output, or a function of its arguments. */
export type FakeTool = Json | ((args: Record<string, Json>, context: StepContext) => Json)

export interface Call {
  readonly tool: string
  readonly with: Json
  readonly step: string
  readonly attempt: number
}

export interface Interpreted extends TestResult<Json> {
  /** Every attempt at a tool, in order. */
  readonly calls: readonly Call[]
  /** The answer of the query `pipeline` at the end. */
  readonly reported: readonly Record<string, Json>[]
}

export interface InterpretOptions
  extends Partial<Omit<PipelineInput, 'definition'>>,
    Pick<TestSetup, 'signals' | 'cancel' | 'now' | 'scopes'> {
  /** Virtual time that each call of a tool takes. */
  readonly takes?: string
  /** Child workflows besides pipelines, which run for real. */
  readonly children?: TestSetup['children']
}

export function read(raw: unknown): PipelineDefinition {
  const parsed = parsePipeline(raw)
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return parsed.pipeline
}

export async function interpret(
  raw: unknown,
  tools: Readonly<Record<string, FakeTool>>,
  around: InterpretOptions = {},
): Promise<Interpreted> {
  const { signals, cancel, now, scopes, takes: duration, children, ...rest } = around
  const calls: Call[] = []
  const body = ({ tool, with: args, step }: ToolStepInput, context: StepContext): Json => {
    calls.push({ tool, with: args, step, attempt: context.attempt })
    const fake = tools[tool]
    if (fake === undefined) throw new Error(`there is no tool ${tool}`)
    return typeof fake === 'function' ? fake(args as Record<string, Json>, context) : fake
  }
  const input: PipelineInput = {
    definition: read(raw),
    params: {},
    event: null,
    run: {},
    timezone: 'UTC',
    calls: { pipelines: {}, tools: {} },
    ...rest,
  }
  const result = await testWorkflow(interpretPipeline, {
    input,
    steps: { [TOOL_STEP]: duration === undefined ? body : takes(duration, body) },
    children: { [PIPELINE_WORKFLOW]: interpretPipeline, ...children },
    ...(signals === undefined ? {} : { signals }),
    ...(cancel === undefined ? {} : { cancel }),
    ...(now === undefined ? {} : { now }),
    ...(scopes === undefined ? {} : { scopes }),
  })
  const { steps: reported } = (await result.query('pipeline')) as { steps: Record<string, Json>[] }
  return { ...result, calls, reported }
}

/** The reported state of each step, by id and round. */
export function statesOf({ reported }: Interpreted): Record<string, Json> {
  return Object.fromEntries(reported.map(({ id, round, state }) => [round === null ? String(id) : `${id}@${round}`, state ?? null]))
}
