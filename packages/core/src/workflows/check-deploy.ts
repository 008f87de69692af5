import { type AnswerTo, type Ctx, type InputFor, toRunId } from '@orrery/kernel'
import { openBundle } from './open-bundle.ts'

/** Findings in the answer. The counts include all findings. */
const SHOWN_MAX = 200

export async function checkDeploy(ctx: Ctx, input: InputFor<'workflows.checkDeploy'>): Promise<AnswerTo<'workflows.checkDeploy'>> {
  const bundle = await openBundle(ctx, input)
  const failures: AnswerTo<'workflows.checkDeploy'>['findings'] = []
  let checked = 0
  let failed = 0
  let complete = true
  for await (const { run, workflow, ok, reason } of ctx.engine.checkDeploy(ctx.org, bundle)) {
    if (checked === input.limit) {
      complete = false
      break
    }
    checked++
    if (ok) continue
    failed++
    if (failures.length < SHOWN_MAX) failures.push({ runId: toRunId(run), workflow, ok, reason })
  }
  return { checked, failed, complete, findings: failures }
}
