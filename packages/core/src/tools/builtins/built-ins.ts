import type { BuiltIn } from '../tool-port.ts'
import { automationsList } from './automations-list.ts'
import { automationsPause } from './automations-pause.ts'
import { automationsResume } from './automations-resume.ts'
import { automationsRunNow } from './automations-run-now.ts'
import { automationsScheduleRun } from './automations-schedule-run.ts'
import { emailFetch } from './email-fetch.ts'
import { emailSend } from './email-send.ts'
import { eventEmit } from './event-emit.ts'
import { httpRequest } from './http-request.ts'
import { llmExtract } from './llm-extract.ts'
import { llmGenerate } from './llm-generate.ts'
import { llmPlan } from './llm-plan.ts'
import { llmSummarize } from './llm-summarize.ts'
import { slackPost } from './slack-post.ts'
import { timeNow } from './time-now.ts'
import { webhookSend } from './webhook-send.ts'

/** The tools that every organization has without making any. What they are built on is loaded at the first call, not with this list. */
export const builtIns: readonly BuiltIn[] = [
  httpRequest,
  webhookSend,
  emailSend,
  emailFetch,
  slackPost,
  llmGenerate,
  llmSummarize,
  llmPlan,
  llmExtract,
  timeNow,
  eventEmit,
  automationsScheduleRun,
  automationsRunNow,
  automationsPause,
  automationsResume,
  automationsList,
]
