/** Where the parts listen, on this machine only. The addresses in `tools.yaml` name the first one, too. */
export const httpPort = 4800
export const smtpPort = 4825
