/**
 * The warning in a run's log for each signal whose payload did not fit its wait; the data are the issues, `[{ path, message }]`. Hosts look for
 * it, and bundles of older servers write it: it must not change.
 */
export const droppedSignalMessage = (name: string): string => `signal ${name} was dropped because its payload is invalid`
