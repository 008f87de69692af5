/** Something that is wrong, or looks wrong, with a pipeline. */
export interface PipelineProblem {
  /** A warning does not keep a pipeline from being saved. */
  readonly severity: 'error' | 'warning'
  /** `id` of the step; null for what belongs to none. */
  readonly step: string | null
  /** `pipeline[3].with.content`; of a problem while rendering, from the step: `with.content`. */
  readonly path: string
  readonly message: string
}

/** What came of a step's text when it was rendered. */
export type Rendered<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: PipelineProblem }
