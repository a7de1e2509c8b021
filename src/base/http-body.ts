import type { IncomingMessage } from 'node:http'
import { NO_BODY } from './http-answer.ts'

/** Bodies up to this size have their place from the beginning, instead of being put together from parts that all stand in memory. */
const PLACED_BYTES_MAX = 1024 * 1024

export type ReceivedBody = Uint8Array | 'too large' | 'lost'

/** The whole body of a request. `lost`: the client went away. */
export function readBody(request: IncomingMessage, bytesMax: number): ReceivedBody | Promise<ReceivedBody> {
  const { 'content-length': said, 'transfer-encoding': encoding } = request.headers
  const length = said === undefined ? undefined : Number(said)
  if (encoding === undefined && (length === undefined || length === 0)) return NO_BODY
  if (length !== undefined && length > bytesMax) return 'too large'
  return new Promise((resolve) => {
    const place = encoding === undefined && length! <= PLACED_BYTES_MAX ? Buffer.allocUnsafeSlow(length!) : undefined
    const parts: Buffer[] = []
    let sizeBytes = 0
    request.on('data', (part: Buffer) => {
      if (place !== undefined) place.set(part, sizeBytes)
      else parts.push(part)
      sizeBytes += part.length
      if (sizeBytes <= bytesMax) return
      request.removeAllListeners('data').pause()
      resolve('too large')
    })
    request.on('end', () => resolve(place ?? Buffer.concat(parts, sizeBytes)))
    const lost = () => resolve('lost')
    request.on('error', lost)
    request.on('close', lost)
  })
}
