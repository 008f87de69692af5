import type { BuiltIn } from '../port/tool-port.ts'
import { slackPost } from './chat/slack-post.ts'
import { eventEmit } from './events/event-emit.ts'
import { httpRequest } from './http/http-request.ts'
import { webhookSend } from './http/webhook-send.ts'
import { emailFetch } from './mail/email-fetch.ts'
import { emailSend } from './mail/email-send.ts'
import { llmExtract } from './models/llm-extract.ts'
import { llmGenerate } from './models/llm-generate.ts'
import { llmPlan } from './models/llm-plan.ts'
import { llmSummarize } from './models/llm-summarize.ts'
import { timeNow } from './time/time-now.ts'

/**
 * The tools that every organization has without making any: these, and those that nouns bring (`addBuiltIns`). What they are built on is loaded at
 * the first call, not with this list.
 */
const builtIns = new Map<string, BuiltIn>(
  [httpRequest, webhookSend, emailSend, emailFetch, slackPost, llmGenerate, llmSummarize, llmPlan, llmExtract, timeNow, eventEmit].map(
    (builtIn) => [builtIn.name, builtIn],
  ),
)

/** Once for each name, when the program starts: a second tool of a name is a mistake. */
export function addBuiltIns(more: readonly BuiltIn[]): void {
  for (const builtIn of more) {
    const known = builtIns.get(builtIn.name)
    if (known !== undefined && known !== builtIn) throw new Error(`There are two built-in tools ${builtIn.name}`)
    builtIns.set(builtIn.name, builtIn)
  }
}

export const findBuiltIn = (name: string): BuiltIn | null => builtIns.get(name) ?? null

export const listBuiltIns = (): readonly BuiltIn[] => [...builtIns.values()]
