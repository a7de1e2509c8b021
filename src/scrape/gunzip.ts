import { createGunzip, gunzipSync } from 'node:zlib'
import { BodyBuffer, type BufferPool } from './body-buffer.ts'

/** Up to here a page is decoded on the spot: twice as fast as a round trip through the thread pool, and some 10 ms at most. */
const SYNC_BYTES_MAX = 4 * 1024 * 1024

const SMALL_BYTES = 64 * 1024

/** Decodes while it may: `abort` ends it early, and the promise then rejects with its error. */
export interface Decoding {
  readonly body: Promise<BodyBuffer>
  abort(error: Error): void
}

/**
 * The decoded body. `limitBytes` bounds what it may become (BodySizeError), whatever the compressed size. `body` must stay as it is
 * until the promise settles. Other failures are zlib's, as `gzip: …`.
 */
export function gunzip(pool: BufferPool, body: BodyBuffer, limitBytes: number): Decoding {
  const content = body.bytes.subarray(0, body.length)
  // The last four bytes claim the decoded size: worth asking only where a vain attempt would be long.
  const sizeHint = body.length < SMALL_BYTES ? 0 : new DataView(content.buffer, content.byteOffset + body.length - 4).getUint32(0, true)
  if (sizeHint <= SYNC_BYTES_MAX && body.length <= SYNC_BYTES_MAX) {
    try {
      const decoded = gunzipSync(content, { maxOutputLength: SYNC_BYTES_MAX + 1 })
      return { body: Promise.resolve(filled(pool, decoded, limitBytes)), abort: () => {} }
    } catch (error) {
      // The hint is the sender's word only: what turns out larger is decoded piece by piece.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE')
        return { body: Promise.reject(gzipError(error)), abort: () => {} }
    }
  }
  return gunzipInPieces(pool, content, limitBytes)
}

function filled(pool: BufferPool, decoded: Uint8Array, limitBytes: number): BodyBuffer {
  const out = new BodyBuffer(pool, limitBytes, decoded.length)
  try {
    out.append(decoded, 0, decoded.length)
    return out
  } catch (error) {
    out.release()
    throw error
  }
}

function gunzipInPieces(pool: BufferPool, content: Uint8Array, limitBytes: number): Decoding {
  const out = new BodyBuffer(pool, limitBytes)
  const stream = createGunzip({ chunkSize: 128 * 1024 })
  const body = new Promise<BodyBuffer>((resolve, reject) => {
    let failure: Error | undefined
    stream.on('data', (piece: Uint8Array) => {
      try {
        if (failure === undefined) out.append(piece, 0, piece.length)
      } catch (error) {
        stream.destroy(error as Error)
      }
    })
    stream.on('error', (error: Error) => {
      failure = error
    })
    // Only after this does the thread pool no longer read `content`.
    stream.on('close', () => {
      if (failure === undefined) {
        resolve(out)
        return
      }
      out.release()
      reject(gzipError(failure))
    })
    stream.end(content)
  })
  return { body, abort: (error) => void stream.destroy(error) }
}

function gzipError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`gzip: ${String(error)}`)
  if ((error as NodeJS.ErrnoException).code?.startsWith('Z_')) return new Error(`gzip: ${error.message}`, { cause: error })
  return error
}
