import type { BuiltIn } from '@orrery/tools'
import { automationsList } from './automations-list.ts'
import { automationsPause } from './automations-pause.ts'
import { automationsResume } from './automations-resume.ts'
import { automationsRunAt } from './automations-run-at.ts'
import { automationsRunNow } from './automations-run-now.ts'

/** Tools that list and change automations from a run. They may change the automation that started the run. */
export const automationBuiltIns: readonly BuiltIn[] = [
  automationsRunAt,
  automationsRunNow,
  automationsPause,
  automationsResume,
  automationsList,
]
