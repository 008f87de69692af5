/** The exit codes of the command. `orrery help` and the guide document them. */
export const EXIT = {
  ok: 0,
  /** A bug in the command, or a failure on this machine. */
  failed: 1,
  /** The command line or the input is wrong; the message names the flag or field. */
  usage: 2,
  /** The server refused the request with a problem that the caller can act on. */
  refused: 3,
  /** The server cannot be reached, or answered with a server error. */
  unreachable: 4,
  /** The command worked, but its result is bad: a run failed, the audit log has faults, a pipeline is invalid, the doctor found a fault. */
  unwell: 5,
  interrupted: 130,
} as const

export const EXIT_HELP = `Exit codes:
  0    success
  1    something failed on this machine
  2    the command line or the input is invalid
  3    the server refused the request (the problem is printed)
  4    the server cannot be reached or cannot answer
  5    the result is bad: a failed run, a broken audit log, an invalid pipeline, a fault that the doctor found
  130  interrupted`
