import type { BuiltIn } from '../port/tool-port.ts'
import { slackPost } from './chat/slack-post.ts'
import { eventEmit } from './events/event-emit.ts'
import { httpRequest } from './http/http-request.ts'
import { webhookSend } from './http/webhook-send.ts'
import { llmExtract } from './llm/llm-extract.ts'
import { llmGenerate } from './llm/llm-generate.ts'
import { llmPlan } from './llm/llm-plan.ts'
import { llmSummarize } from './llm/llm-summarize.ts'
import { emailFetch } from './mail/email-fetch.ts'
import { emailSend } from './mail/email-send.ts'
import { timeNow } from './time/time-now.ts'

/**
 * Tools that every organization has, by subject. Each is a file in the folder of its subject. Other packages add more with `addBuiltIns`.
 * Large libraries are loaded at the first call of a tool, not with this table.
 */
export const builtInsBySubject = {
  http: [httpRequest, webhookSend],
  mail: [emailSend, emailFetch],
  chat: [slackPost],
  llm: [llmGenerate, llmSummarize, llmPlan, llmExtract],
  time: [timeNow],
  events: [eventEmit],
} satisfies Readonly<Record<string, readonly BuiltIn[]>>

const builtIns = new Map<string, BuiltIn>(
  Object.values(builtInsBySubject)
    .flat()
    .map((builtIn) => [builtIn.name, builtIn]),
)

/** Called when the program starts. Throws for a second tool with the same name. */
export function addBuiltIns(more: readonly BuiltIn[]): void {
  for (const builtIn of more) {
    const known = builtIns.get(builtIn.name)
    if (known !== undefined && known !== builtIn) throw new Error(`There are two built-in tools ${builtIn.name}`)
    builtIns.set(builtIn.name, builtIn)
  }
}

export const findBuiltIn = (name: string): BuiltIn | null => builtIns.get(name) ?? null

export const listBuiltIns = (): readonly BuiltIn[] => [...builtIns.values()]
