/** Unix time in ms, an integer. */
export type Timestamp = number
