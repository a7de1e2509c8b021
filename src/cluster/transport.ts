import type { NetworkAddress } from '../base/env.ts'
import type { StreamMessage } from './stream-codec.ts'

/** How members reach each other: datagrams, and connections with one request and one answer at most. */
export interface Transport {
  readonly host: string
  readonly port: number
  /** To an IP address; it may be lost. */
  send(bytes: Uint8Array, to: NetworkAddress): void
  /** Sends an encoded request, and waits for the answer, or for none: then it resolves with undefined when the other side has taken it. */
  request(message: Uint8Array, to: NetworkAddress, options: RequestOptions): Promise<StreamMessage | undefined>
  close(): Promise<void>
}

export interface RequestOptions {
  readonly timeoutMs: number
  readonly wantsAnswer: boolean
}

/** What is done with what comes. */
export interface TransportHandler {
  packet(bytes: Uint8Array, from: NetworkAddress): void
  /** A request; resolves with the encoded answer, null for none, and rejects where it is refused: then that is the answer. */
  request(message: StreamMessage, from: NetworkAddress): Uint8Array | null
}

export interface TransportOptions {
  readonly label: string
  /** For a whole request with its answer. */
  readonly tcpTimeoutMs: number
  readonly handler: TransportHandler
}
