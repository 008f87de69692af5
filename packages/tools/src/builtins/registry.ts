import type { BuiltIn } from '../tool-port.ts'
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
