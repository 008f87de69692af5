import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TEXT_FORM, toPage, withOrg } from '@orrery/kernel'
import { listBuiltIns } from '../builtins/built-ins.ts'
import { type Tool, toTool } from './find-tool.ts'
import { toToolSummary } from './to-tool-answer.ts'
import { selectTools, type ToolFilter } from './tool-store.ts'

/** Sorted by name in code units, as the database sorts, so that both lists can be merged. */
export async function listTools(ctx: Ctx, input: InputFor<'tools.list'>): Promise<AnswerTo<'tools.list'>> {
  const [after = null] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const filter = { kind: input.kind, search: input.search, after, limit: input.limit + 1 }
  const rows = await withOrg(ctx, (tx) => selectTools(tx, ctx.org, filter))
  const tools = [...rows.map(toTool), ...matchingBuiltIns(filter)].sort((a, b) => (a.name < b.name ? -1 : 1))
  return toPage(tools.slice(0, input.limit + 1), input.limit, toToolSummary, ({ name }) => [name])
}

function matchingBuiltIns({ kind, search, after }: ToolFilter): Tool[] {
  if (kind !== undefined && kind !== 'builtin') return []
  const wanted = search?.toLowerCase() ?? ''
  return listBuiltIns()
    .filter(({ name, description }) => (after === null || name > after) && `${name} ${description}`.toLowerCase().includes(wanted))
    .map((builtIn) => ({ name: builtIn.name, kind: 'builtin', face: builtIn, made: { by: 'orrery', builtIn } }))
}
