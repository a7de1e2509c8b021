// What every answer of the HTTP API v1 is wrapped in.
// Source: Prometheus docs/querying/api.md, "Format overview".

export type ErrorType = 'bad_data' | 'canceled' | 'execution' | 'internal' | 'not_acceptable' | 'not_found' | 'timeout' | 'unavailable'

export interface SuccessEnvelope<Data> {
  readonly status: 'success'
  readonly data: Data
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

export interface ErrorEnvelope {
  readonly status: 'error'
  readonly errorType: ErrorType
  readonly error: string
}

export type Envelope<Data> = SuccessEnvelope<Data> | ErrorEnvelope
