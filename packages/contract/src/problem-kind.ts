/** One kind of problem, in words that never vary. */
export interface ProblemKind {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 429 | 500 | 503
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}
