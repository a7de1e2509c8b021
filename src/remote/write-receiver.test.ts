import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compressSync } from 'snappy'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { type Appendable, type Appender, AppendStatus } from '../storage/appender.ts'
import { WriteReceiver } from './write-receiver.ts'
import { encodeWriteRequest } from './write-request.ts'

/** A store of samples by series, with upstream's rules of order. `unknown` makes it forget refs as the storage may. */
class MemoryStore implements Appendable {
  readonly samples = new Map<string, [number, number][]>()
  readonly #refs = new Map<number, string>()
  seriesCalls = 0
  commitFault: Error | undefined

  appender(): Appender {
    const batch: [string, number, number][] = []
    return {
      ...FLOATS_ONLY,
      series: (labels) => {
        this.seriesCalls++
        const ref = 1000 + this.seriesCalls
        this.#refs.set(ref, labels.toString())
        return ref
      },
      append: (ref, t, v) => {
        const name = this.#refs.get(ref)
        if (name === undefined) return AppendStatus.unknownSeries
        const last = [
          ...(this.samples.get(name) ?? []),
          ...batch.filter(([series]) => series === name).map(([, time, value]): [number, number] => [time, value]),
        ].at(-1)
        if (t < 1000) return AppendStatus.tooOld
        if (last !== undefined && t < last[0]) return AppendStatus.outOfOrder
        if (last !== undefined && t === last[0] && v !== last[1]) return AppendStatus.duplicateTimestamp
        if (last === undefined || t > last[0]) batch.push([name, t, v])
        return AppendStatus.ok
      },
      commit: async () => {
        if (this.commitFault !== undefined) throw this.commitFault
        for (const [name, t, v] of batch) this.samples.set(name, [...(this.samples.get(name) ?? []), [t, v]])
      },
      rollback: () => {},
    }
  }

  forgetRefs(): void {
    this.#refs.clear()
  }
}

function setUp() {
  const env = virtualEnv()
  const store = new MemoryStore()
  const receiver = new WriteReceiver({ env, appendable: store })
  const send = (body: Uint8Array, headers: { contentType?: string; contentEncoding?: string } = {}) =>
    receiver.receive({ contentType: 'application/x-protobuf', contentEncoding: 'snappy', ...headers, body })
  const write = (...series: [labels: Record<string, string>, ...samples: [number, number][]][]) =>
    send(encodeWriteRequest(series.map(([labels, ...samples]) => ({ labels: Labels.of(labels), samples }))))
  return { env, store, send, write, now: env.clock.now() }
}

test('samples are stored and answered 204', async () => {
  const { env, store, write, now } = setUp()
  assert.deepEqual(await write([{ __name__: 'a' }, [now, 1], [now + 1, 2]], [{ __name__: 'b', c: 'd' }, [now, 3]]), {
    status: 204,
    text: undefined,
  })
  assert.deepEqual(
    [...store.samples],
    [
      [
        'a',
        [
          [now, 1],
          [now + 1, 2],
        ],
      ],
      ['b{c="d"}', [[now, 3]]],
    ],
  )
  assert.match(await env.metrics.metrics(), /promontory_remote_write_received_samples_total\{outcome="stored"\} 3\n/)
  assert.deepEqual(await write(), { status: 204, text: undefined })
})

test('a series that comes again is not looked up again, until the storage has let go of it', async () => {
  const { store, write, now } = setUp()
  for (let i = 0; i < 5; i++) await write([{ __name__: 'a' }, [now + i, i]])
  assert.equal(store.seriesCalls, 1)
  store.forgetRefs()
  assert.equal((await write([{ __name__: 'a' }, [now + 9, 9]])).status, 204)
  assert.equal((await write([{ __name__: 'a' }, [now + 10, 9]])).status, 204)
  assert.equal(store.seriesCalls, 2)
  assert.equal(store.samples.get('a')?.length, 7)
})

test('what cannot be stored is answered 400 with a reason, what can is stored', async () => {
  const { store, write, now } = setUp()
  await write([{ __name__: 'a' }, [now, 1]])
  const check = async (series: [labels: Record<string, string>, ...samples: [number, number][]], text: string) => {
    const good = `good${store.samples.size}`
    assert.deepEqual(await write(series, [{ __name__: good }, [now, 1]]), { status: 400, text })
    assert.ok(store.samples.has(good))
  }
  await check([{ __name__: 'a' }, [now - 1, 1], [now - 2, 1]], 'out of order sample (a): 2 of 3 samples refused')
  await check(
    [{ __name__: 'a' }, [now, 2]],
    `duplicate sample for timestamp ${now}; overrides not allowed: new value 2 (a): 1 of 2 samples refused`,
  )
  await check([{ __name__: 'a' }, [999, 2]], 'out of bounds (a): 1 of 2 samples refused')
  await check([{ __name__: 'a' }, [now + 600_001, 2]], 'out of bounds: timestamp is too far in the future (a): 1 of 2 samples refused')
  await check([{ foo: 'a' }, [now, 2]], 'invalid metric name or labels: __name__ is missing in {foo="a"}: 1 of 2 samples refused')
  assert.deepEqual(store.samples.get('a'), [[now, 1]])
  assert.equal((await write([{ __name__: 'a' }, [now + 600_000, 2]])).status, 204)
})

test('bodies that are no request', async () => {
  const { send, store } = setUp()
  const check = async (body: Uint8Array, want: RegExp) => {
    const { status, text } = await send(body)
    assert.equal(status, 400)
    assert.match(text!, want)
  }
  await check(Buffer.from('x'), /^snappy: corrupt input$/)
  await check(new Uint8Array(0), /^snappy: corrupt input$/)
  await check(Buffer.from('808080808080aa', 'hex'), /^snappy: corrupt input$/)
  await check(Buffer.from('8180801000', 'hex'), /^snappy: decoded block is too large: 33554433 bytes, want at most 33554432$/)
  await check(compressSync(Buffer.from('0a0501', 'hex')), /^unexpected EOF$/)
  // A label field whose inside is cut, behind a sample that could be stored.
  await check(
    compressSync(Buffer.from('0a160a020a05120b09000000000000f03f10e80700000000', 'hex').subarray(0, 19)),
    /unexpected EOF|illegal/,
  )
  assert.equal(store.samples.size, 0)
})

test('kinds that are not built are counted and warned of once', async () => {
  const { env, send } = setUp()
  const histogramOnly = compressSync(
    Buffer.concat([Buffer.from('0a110a0d', 'hex'), Buffer.from('0a085f5f6e616d655f5f120161', 'hex'), Buffer.from('2200', 'hex')]),
  )
  const text = 'native histograms are not built yet: the request has no other samples, nothing was stored'
  assert.deepEqual(await send(histogramOnly), { status: 400, text })
  assert.deepEqual(await send(histogramOnly), { status: 400, text })
  assert.deepEqual(await send(compressSync(Buffer.from('1a00', 'hex'))), { status: 204, text: undefined })
  assert.deepEqual(
    env.lines.map(({ level, fields }) => [level, fields['kind']]),
    [
      ['warn', 'histogram'],
      ['warn', 'metadata'],
    ],
  )
  const page = await env.metrics.metrics()
  assert.match(page, /promontory_remote_write_unsupported_total\{kind="histogram"\} 2\n/)
  assert.match(page, /promontory_remote_write_unsupported_total\{kind="metadata"\} 1\n/)
})

test('a log that cannot be written is a 500, so that the sender tries again', async () => {
  const { store, write, now } = setUp()
  store.commitFault = new Error('write wal segment 3: no space left on device')
  assert.deepEqual(await write([{ __name__: 'a' }, [now, 1]]), { status: 500, text: 'write wal segment 3: no space left on device' })
  store.commitFault = undefined
  assert.equal((await write([{ __name__: 'a' }, [now, 1]])).status, 204)
  assert.deepEqual(store.samples.get('a'), [[now, 1]])
})

test('content types', async () => {
  const { send } = setUp()
  const body = encodeWriteRequest([])
  const check = async (contentType: string | undefined, contentEncoding: string | undefined, want: string | undefined) =>
    assert.deepEqual(await send(body, { contentType, contentEncoding }), { status: want === undefined ? 204 : 415, text: want })
  await check(undefined, undefined, undefined)
  await check('application/x-protobuf', 'Snappy', undefined)
  await check('application/x-protobuf;proto=prometheus.WriteRequest', 'snappy', undefined)
  await check('text/plain', 'snappy', 'expected application/x-protobuf as the first (media) part, got text/plain content-type')
  await check(
    'application/x-protobuf;x',
    'snappy',
    'as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got x in application/x-protobuf;x content-type',
  )
  await check(
    'application/x-protobuf;proto=zz',
    'snappy',
    'got application/x-protobuf;proto=zz content type; unknown remote write protobuf message zz, supported: prometheus.WriteRequest, io.prometheus.write.v2.Request',
  )
  await check(
    'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'snappy',
    'io.prometheus.write.v2.Request protobuf message is not accepted by this server; accepted [prometheus.WriteRequest]',
  )
  await check('application/x-protobuf', 'gzip', 'gzip encoding (compression) is not accepted by this server; only snappy is acceptable')
})
