import { type PipelineDefinition, problem } from '@orrery/contract'
import { orProblem, type Transaction } from '@orrery/kernel'
import { type PipelineVersionRow, selectPipeline, selectVersion } from './pipeline-store.ts'

/** A stored pipeline, in the newest version unless one is given; or an inline definition. */
export type PipelineSource =
  | { readonly name: string; readonly version?: number }
  /** As `parsePipeline` returned it. */
  | { readonly definition: PipelineDefinition }

export interface FoundPipeline {
  readonly definition: PipelineDefinition
  /** Null: the definition was inline. */
  readonly name: string | null
  readonly version: number | null
}

/** @throws pipeline.not_found, pipeline.version_not_found */
export async function readPipeline(tx: Transaction, org: string, source: PipelineSource): Promise<FoundPipeline> {
  if ('definition' in source) return { definition: source.definition, name: null, version: null }
  const { definition, name, version } = await readStored(tx, org, source.name, source.version ?? null)
  return { definition, name, version }
}

/** @param version null: the newest. @throws pipeline.not_found, pipeline.version_not_found */
export async function readStored(tx: Transaction, org: string, name: string, version: number | null): Promise<PipelineVersionRow> {
  const found = await selectVersion(tx, org, name, version)
  if (found !== undefined) return found
  orProblem(await selectPipeline(tx, org, name), 'pipeline.not_found', `There is no pipeline ${name}.`)
  throw problem('pipeline.version_not_found', `The pipeline ${name} has no version ${version}.`)
}
