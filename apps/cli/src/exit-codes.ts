/** What the command's exit status says. Documented by `orrery help` and in the guide. */
export const EXIT = {
  ok: 0,
  /** A bug in the command, or something on this machine that it could not do. */
  failed: 1,
  /** The command line or the input is wrong; the message names the flag or field. */
  usage: 2,
  /** The server said no: a problem that the caller can act on. */
  refused: 3,
  /** The server cannot be reached, or cannot answer now. */
  unreachable: 4,
  /** What was watched or checked is not well: the run failed, the audit log has faults, a pipeline would be refused, the doctor found something. */
  unwell: 5,
  interrupted: 130,
} as const

export const EXIT_HELP = `Exit codes:
  0    done
  1    something failed on this machine
  2    the command line or the input is wrong
  3    the server refused (the problem is printed)
  4    the server cannot be reached or cannot answer
  5    what was watched or checked is not well: a failed run, a broken audit log, a pipeline with faults
  130  interrupted`
