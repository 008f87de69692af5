/** The header in which the server names the address of a client to the login library. Clients cannot set it. */
export const ADDRESS_HEADER = 'x-orrery-address'
