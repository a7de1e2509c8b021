// One request and its answer over a connection, from either side.

import { formatAddress } from '../base/address.ts'
import type { Clock, ConnectionHandler, NetworkAddress, Socket, SocketHandler } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { encodeStreamError, type StreamMessage, StreamReader, sealStream } from './stream-codec.ts'
import type { RequestOptions, TransportOptions } from './transport.ts'

/** Asks over a connection that is about to be made; `before` is sent first. */
export function ask(
  connect: (handler: SocketHandler) => Socket,
  clock: Clock,
  message: Uint8Array,
  to: NetworkAddress,
  { label, before, timeoutMs, wantsAnswer }: RequestOptions & { readonly label: string; readonly before?: Uint8Array },
): Promise<StreamMessage | undefined> {
  return new Promise((resolve, reject) => {
    const reader = new StreamReader(undefined)
    let isSent = false
    let answer: StreamMessage | undefined
    const fail = (why: string, cause?: unknown) => reject(new Error(`${formatAddress(to)}: ${why}`, { cause }))
    const timer = clock.setTimer(timeoutMs, () => {
      fail(`timed out after ${timeoutMs} ms`)
      socket.destroy()
    })
    const socket = connect({
      connected() {
        if (before !== undefined) socket.write(before)
        socket.write(sealStream(message, label))
        isSent = true
      },
      data(bytes) {
        if (answer !== undefined) return
        try {
          answer = reader.add(bytes)
        } catch (error) {
          fail('read answer', error)
          socket.destroy()
        }
        if (answer !== undefined) socket.destroy()
      },
      closed(error) {
        timer.cancel()
        if (answer?.type === 'error') fail(`found error "${answer.message}"`)
        else if (answer !== undefined) resolve(answer)
        else if (error !== undefined) fail(errorMessage(error), error)
        else if (isSent && !wantsAnswer) resolve(undefined)
        else fail('connection ended without an answer')
      },
    })
  })
}

/** Answers the one request of a connection. The other side ends it; we do when that takes too long. */
export function answer(socket: Socket, clock: Clock, from: NetworkAddress, options: TransportOptions): ConnectionHandler {
  const reader = new StreamReader(options.label)
  let isDone = false
  const timer = clock.setTimer(options.tcpTimeoutMs, () => socket.destroy())
  const reply = (message: Uint8Array) => socket.write(sealStream(message, ''))
  return {
    data(bytes) {
      if (isDone) return
      try {
        const request = reader.add(bytes)
        if (request === undefined) return
        isDone = true
        const answered = options.handler.request(request, from)
        if (answered === null) socket.destroy()
        else reply(answered)
      } catch (error) {
        isDone = true
        reply(encodeStreamError(errorMessage(error)))
      }
    },
    closed: () => timer.cancel(),
  }
}

const CONNECTIONS_MAX = 128

/** Lets at most so many connections be answered at once: those beyond are ended. */
export class ConnectionLimit {
  #count = 0

  guard(socket: Socket, open: () => ConnectionHandler): ConnectionHandler {
    if (this.#count >= CONNECTIONS_MAX) {
      socket.destroy()
      return { data: () => {}, closed: () => {} }
    }
    this.#count++
    const handler = open()
    return {
      data: (bytes) => handler.data(bytes),
      closed: (error) => {
        this.#count--
        handler.closed(error)
      },
    }
  }
}
