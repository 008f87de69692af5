/** An error in a pipeline, or something that looks like one. */
export interface PipelineProblem {
  /** A pipeline with warnings can be saved. */
  readonly severity: 'error' | 'warning'
  /** `id` of the step; null for a problem outside all steps. */
  readonly step: string | null
  /** `pipeline[3].with.content`. For a problem found while rendering, relative to the step: `with.content`. */
  readonly path: string
  readonly message: string
}

/** The result of rendering a part of a step. */
export type Rendered<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: PipelineProblem }
