import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BodyBuffer, BodySizeError, BufferPool } from './body-buffer.ts'
import { HttpResponseError, HttpResponseReader } from './http-response.ts'

interface Outcome {
  readonly done: boolean
  readonly status: string
  readonly body: string
  readonly keepAlive: boolean
  readonly surplus: boolean
}

function read(pieces: readonly Uint8Array[], limitBytes = 1 << 20): Outcome {
  const pool = new BufferPool(1 << 24)
  const reader = new HttpResponseReader()
  const body = new BodyBuffer(pool, limitBytes)
  try {
    for (const piece of pieces) reader.feed(piece, body)
    const text = Buffer.from(body.bytes.subarray(0, body.length)).toString('latin1')
    return { done: reader.done, status: reader.statusText, body: text, keepAlive: reader.keepAlive, surplus: reader.surplus }
  } finally {
    body.release()
    assert.equal(pool.usedBytes, 0)
  }
}

const bytes = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')

test('responses with a length, in chunks, without a body', () => {
  const check = (text: string, want: Partial<Outcome>) => assert.partialDeepStrictEqual(read([bytes(text)]), want, text)
  check('HTTP/1.1 200 OK\nContent-Length: 3\n\nabc', { done: true, status: '200 OK', body: 'abc', keepAlive: true })
  check('HTTP/1.1 200 OK\ncontent-length:3\n\nab', { done: false, body: 'ab' })
  check('HTTP/1.1 200 OK\nContent-Length: 0\n\n', { done: true, body: '', keepAlive: true })
  check('HTTP/1.1 204 No Content\n\n', { done: true, status: '204 No Content', body: '' })
  check('HTTP/1.1 200\nContent-Length: 1\n\na', { done: true, status: '200 ' })
  check('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\nA;x=y\n0123456789\n0\nX: y\n\n', {
    done: true,
    body: 'abc0123456789',
    keepAlive: true,
  })
  check('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\n', { done: false })
  check('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 3\n\n0\n\n', { done: true, keepAlive: false })
  check('HTTP/1.1 100 Continue\nX: y\n\nHTTP/1.1 200 OK\nContent-Length: 1\n\na', { done: true, status: '200 OK', body: 'a' })
  check('HTTP/1.1 200 OK\nContent-Length: 1\nConnection: close\n\na', { done: true, keepAlive: false })
  check('HTTP/1.0 200 OK\nContent-Length: 1\n\na', { done: true, keepAlive: false })
  check('HTTP/1.0 200 OK\nContent-Length: 1\nConnection: Keep-Alive\n\na', { done: true, keepAlive: true })
  check('HTTP/1.1 200 OK\nContent-Length: 1\n\nabc', { done: true, body: 'a', surplus: true, keepAlive: false })
  check('HTTP/1.1 200 OK\n\nabc', { done: false, body: 'abc', keepAlive: false })
  check('HTTP/1.1 200 OK\nX: y\n z\nContent-Length:\n\t1\n\na', { done: true, body: 'a', keepAlive: true })
  assert.partialDeepStrictEqual(read([Buffer.from('HTTP/1.1 200 OK\nContent-Length: 1\n\na')]), { done: true, body: 'a' })
})

test('a body without a length ends with the connection, others do not', () => {
  const check = (text: string, want: string | undefined) => {
    const reader = new HttpResponseReader()
    const body = new BodyBuffer(new BufferPool(1 << 20), 1 << 19)
    reader.feed(bytes(text), body)
    if (want === undefined) reader.ended()
    else assert.throws(() => reader.ended(), { message: want })
  }
  check('HTTP/1.1 200 OK\n\nabc', undefined)
  check('HTTP/1.1 200 OK\nContent-Length: 4\n\nabc', 'unexpected EOF')
  check('HTTP/1.1 200 OK\n', 'EOF')
  check('', 'EOF')
})

test('what is not HTTP is refused', () => {
  const check = (text: string, want: string) =>
    assert.throws(() => read([bytes(`${text}\n`)]), { name: 'HttpResponseError', message: want })
  check('SSH-2.0-OpenSSH_9\n', 'malformed HTTP response "SSH-2.0-OpenSSH_9"')
  check('HTTP/2 200 OK\n', 'malformed HTTP response "HTTP/2 200 OK"')
  check('HTTP/1.1 200 OK\nno colon\n', 'malformed header line "no colon"')
  check('HTTP/1.1 200 OK\n folded: x\n', 'malformed header line " folded: x"')
  check('HTTP/1.1 200 OK\nContent-Length: -1\n\n', 'bad Content-Length "-1"')
  check('HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n', 'message cannot contain multiple Content-Length headers; got 1 and 2')
  check('HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n', 'unsupported transfer encoding: "gzip"')
  check('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nxyz\n', 'malformed chunked encoding: found "xyz" as a chunk size')
  check('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\nab\n', 'malformed chunked encoding: found "b" after a chunk')
  check(`HTTP/1.1 200 OK\nX: ${'y'.repeat(70_000)}`, 'response headers exceeded 65536 bytes')
  check('HTTP/1.1 200 OK\n'.padEnd(80_000, 'a: b\n'), 'response headers exceeded 65536 bytes')
  check(`HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${'0'.repeat(5000)}`, 'chunk header exceeded 4096 bytes')
  check('HTTP/1.1 101 Switching Protocols\n\n', 'unexpected 101 response')
  check('HTTP/1.1 100 Continue\n\n'.repeat(6), 'too many 1xx informational responses')
})

test('a body as long as the limit is too long', () => {
  const text = 'HTTP/1.1 200 OK\nContent-Length: 10\n\n0123456789'
  assert.equal(read([bytes(text)], 11).body, '0123456789')
  assert.throws(() => read([bytes(text)], 10), { name: 'BodySizeError', message: 'body size limit exceeded' })
})

test('a pool never lends more than its budget', () => {
  const pool = new BufferPool(100_000)
  const body = new BodyBuffer(pool, Infinity)
  const piece = new Uint8Array(10_000)
  assert.throws(() => {
    for (;;) body.append(piece, 0, piece.length)
  }, BodySizeError)
  assert.ok(pool.usedBytes <= 100_000)
  body.release()
  assert.equal(pool.usedBytes, 0)
})

test('large bodies leave room for small ones', () => {
  const pool = new BufferPool(64 << 20)
  const large = Array.from({ length: 10 }, () => new BodyBuffer(pool, Infinity))
  const piece = new Uint8Array(1 << 20)
  assert.throws(() => {
    for (;;) for (const body of large) body.append(piece, 0, piece.length)
  }, BodySizeError)
  const small = Array.from({ length: 100 }, () => new BodyBuffer(pool, Infinity, 100_000))
  for (const body of [...large, ...small]) body.release()
  assert.equal(pool.usedBytes, 0)
})

function split(content: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (content.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((start, i) => content.slice(start, at[i] ?? content.length))
}

test('how the bytes are cut into pieces changes nothing', () => {
  const responses = fc.constantFrom(
    'HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 11\n\nhello world',
    'HTTP/1.1 103 Early\nLink: x\n\nHTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n6;a=b\n world\n0\nT: x\n\n',
    'HTTP/1.1 503 Service Unavailable\nConnection: close\n\nno',
  )
  fc.assert(
    fc.property(responses, fc.array(fc.nat(), { maxLength: 30 }), (text, cuts) =>
      assert.deepEqual(read(split(bytes(text), cuts)), read([bytes(text)])),
    ),
    { numRuns: 500 },
  )
})

test('garbage ends in an answer, in an error of ours, or in waiting', () => {
  const words = [
    'HTTP/1.1 200 OK\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    '\n',
    '5\r\n',
    'hello',
    '0\r\n',
    'ffffffffffff\r\n',
    ':',
    '\0',
  ]
  const text = fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 300 })), fc.array(fc.nat(), { maxLength: 10 }), (content, cuts) => {
      try {
        read(split(content, cuts), 10_000)
      } catch (error) {
        assert.ok(error instanceof HttpResponseError || error instanceof BodySizeError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
