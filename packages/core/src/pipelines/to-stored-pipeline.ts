import type { Json, OutputOf } from '@orrery/contract'
import type { PipelineRow, PipelineVersionRow } from './pipeline-store.ts'

type Stored = OutputOf<'pipelines.get'>

export function toStoredPipeline(row: PipelineVersionRow, newest: number): Stored {
  return { ...toStoredVersion(row, newest), definition: row.definition as unknown as Json }
}

export function toStoredVersion(row: Omit<PipelineVersionRow, 'definition'>, newest: number): Omit<Stored, 'definition'> {
  const { name, version, saved_at: savedAt, saved_by: savedBy } = row
  return { name, version, isNewest: version === newest, savedAt: savedAt.toISOString(), savedBy }
}

export function toPipelineSummary({
  name,
  version,
  created_at: createdAt,
  updated_at: updatedAt,
}: PipelineRow): OutputOf<'pipelines.delete'> {
  return { name, version, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() }
}
