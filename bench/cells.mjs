// The kinds of work. A row of the table has a result for each.

/** `lanes` runs are in flight at once; a worker executes up to `slots` runs at once; `split` puts the worker in a process of its own. */
export const CELLS = {
  'load-1': { title: '1 step, 64 in flight', lanes: 64, steps: 1, slots: 64 },
  'load-5': { title: '5 steps, 64 in flight', lanes: 64, steps: 5, slots: 64 },
  one: { title: 'one at a time, in process', lanes: 1, steps: 1, slots: 64 },
  across: { title: 'one at a time, across processes', lanes: 1, steps: 1, slots: 64, split: true },
  drain: { title: 'backlog drain', lanes: 0, steps: 1, slots: 500 },
}
