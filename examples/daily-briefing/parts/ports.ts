/** The ports of the services, on this machine only. The URLs in `tools.yaml` contain the first one, too. */
export const httpPort = 4800
export const smtpPort = 4825
