import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from './env.ts'
import { VirtualWorld, virtualEnv } from './env-virtual.ts'

test('timers run in order of time and time passes only when advanced', async () => {
  const env = virtualEnv({ startTime: 0 })
  const seen: string[] = []
  env.clock.setTimer(20, () => seen.push(`b@${env.clock.now()}`))
  env.clock.setTimer(10, () => seen.push(`a@${env.clock.now()}`))
  const ticker = env.clock.setTicker(15, () => seen.push(`t@${env.clock.now()}`))
  void sleep(env.clock, 12).then(() => seen.push(`s@${env.clock.now()}`))
  await env.clock.advance(30)
  ticker.cancel()
  await env.clock.advance(100)
  assert.deepEqual(seen, ['a@10', 's@12', 't@15', 'b@20', 't@30'])
})

test('power loss keeps what was synced and takes back names whose directory was not', async () => {
  const env = virtualEnv({ seed: 7 })
  await env.fs.mkdir('/d')
  const file = await env.fs.open('/d/log', 'create')
  await file.write([new TextEncoder().encode('synced')], 0)
  await file.sync()
  await env.fs.syncDir('/d')
  await file.write([new TextEncoder().encode('-lost')], 6)
  await env.fs.writeFile('/d/other', 'x')
  env.fs.losePower()
  assert.ok('synced-lost'.startsWith(await env.fs.readText('/d/log')))
  assert.ok((await env.fs.readText('/d/log')).startsWith('synced'))
  assert.equal(await env.fs.stat('/d/other'), null)
})

test('a listener is reached over http and over a raw connection', async () => {
  const env = virtualEnv()
  const listener = await env.http.listen({ host: 'a', port: 80 }, (request, response) => {
    response.setHeader('content-type', 'text/plain')
    response.end(`hello ${request.url}`)
  })
  const answered = env.http.request({ url: 'http://a/x?y=1' })
  await env.clock.advance(10)
  const response = await answered
  assert.equal(new TextDecoder().decode(response.body), 'hello /x?y=1')

  let raw = ''
  let closed = false
  const socket = env.tcp.connect(
    { host: 'a', port: 80 },
    {
      connected: () => socket.write('GET /raw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
      data: (bytes) => {
        raw += new TextDecoder().decode(bytes)
      },
      closed: () => {
        closed = true
      },
    },
  )
  await env.clock.advance(10)
  assert.match(raw, /^HTTP\/1\.1 200 OK\r\n[\s\S]*hello \/raw/)
  assert.ok(closed)

  await listener.close(0)
  await assert.rejects(env.http.request({ url: 'http://a/' }), /ECONNREFUSED/)
})

test('a stream gives its parts as they come, and ends when it is left, aborted or silent', async () => {
  const env = virtualEnv()
  let closed = 0
  const listener = await env.http.listen({ host: 'a', port: 80 }, (_request, response) => {
    response.write('one')
    env.clock.setTimer(1000, () => response.write('two'))
    response.on('close', () => closed++)
  })
  const read = async (partsMax: number, signal?: AbortSignal) => {
    const seen: string[] = []
    try {
      const { status, body } = await env.http.stream({ url: 'http://a/', timeoutMs: 5000, signal })
      seen.push(String(status))
      for await (const part of body) {
        seen.push(`${Buffer.from(part)}`)
        if (seen.length > partsMax) break
      }
    } catch (error) {
      seen.push(String(error))
    }
    return seen
  }
  const controller = new AbortController()
  const all = [read(2), read(9, controller.signal), read(9)]
  await env.clock.advance(2000)
  assert.deepEqual(await all[0], ['200', 'one', 'two'])
  assert.equal(closed, 1)
  controller.abort()
  await env.clock.advance(0)
  assert.match((await all[1]).join(), /^200,one,two,Error: aborted$/)
  await env.clock.advance(5000)
  assert.deepEqual(await all[2], ['200', 'one', 'two', 'Error: request timed out'])
  assert.equal(closed, 3)
  await listener.close(0)
})

test('a renamed directory is there with all that was durable in it, under one name', async () => {
  for (const isSynced of [false, true]) {
    const { fs } = virtualEnv({ seed: 1 })
    await fs.mkdir('/d/new.tmp/part')
    const file = await fs.open('/d/new.tmp/part/a', 'create')
    await file.write([Buffer.from('text')], 0)
    await file.sync()
    await fs.syncDir('/d/new.tmp/part')
    await fs.rename('/d/new.tmp', '/d/new')
    assert.equal(await fs.readText('/d/new/part/a'), 'text')
    if (isSynced) await fs.syncDir('/d')
    fs.losePower()
    const [there, gone] = isSynced ? ['/d/new', '/d/new.tmp'] : ['/d/new.tmp', '/d/new']
    assert.equal(await fs.readText(`${there}/part/a`), 'text')
    assert.deepEqual([await fs.stat(`${gone}/part/a`), await fs.stat(gone)], [null, null])
    assert.deepEqual(await fs.readDir('/d'), [there.slice(3)])
  }
})

test('machines of a world have addresses, disks and partitions; a process that is killed does nothing any more', async () => {
  const world = new VirtualWorld({ seed: 3 })
  const a = world.start('10.0.0.1')
  const b = world.start('10.0.0.2')
  const heard: string[] = []
  await a.env.udp.bind({ host: '0.0.0.0', port: 9 }, (bytes, from) => heard.push(`${Buffer.from(bytes)} ${from.host}`))
  const sender = await b.env.udp.bind({ host: '0.0.0.0', port: 9 }, () => {})
  const send = async (text: string) => {
    sender.send(Buffer.from(text), '10.0.0.1', 9)
    await world.clock.advance(10)
  }
  await send('one')
  world.network.swallows = (from) => from === '10.0.0.2'
  await send('two')
  world.network.swallows = () => false
  world.network.datagramTwice = 1
  await send('three')
  world.network.datagramLoss = 1
  await send('four')
  world.network.datagramLoss = world.network.datagramTwice = 0
  assert.deepEqual(heard, ['one 10.0.0.2', 'three 10.0.0.2', 'three 10.0.0.2'])
  assert.deepEqual(a.env.udp.addresses(), ['10.0.0.1'])

  await a.env.fs.mkdir('/d')
  await a.env.fs.writeFile('/d/x', 'kept')
  a.env.clock.setTimer(5, () => heard.push('timer'))
  const ended: string[] = []
  await a.env.tcp.listen({ host: '127.0.0.1', port: 80 }, () => ({ data: () => heard.push('data'), closed: () => heard.push('closed') }))
  const connect = (host: string) => {
    const socket = b.env.tcp.connect(
      { host, port: 80 },
      { connected: () => socket.write('x'), data: () => {}, closed: (error) => ended.push((error as { code?: string })?.code ?? 'end') },
    )
  }
  connect('10.0.0.1')
  await world.clock.advance(1)
  assert.equal(heard.pop(), 'data')
  a.kill()
  connect('10.0.0.1')
  await send('five')
  assert.deepEqual([heard.length, ended.sort()], [3, ['ECONNREFUSED', 'end']])
  assert.equal(await world.start('10.0.0.1').env.fs.readText('/d/x'), 'kept')
})
