/** Headers by which the login library learns what the server knows of a request. Clients cannot set them. */
export const ADDRESS_HEADER = 'x-orrery-address'
export const REQUEST_HEADER = 'x-orrery-request'
