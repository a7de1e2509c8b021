import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realEnv } from './env-real.ts'
import { virtualEnv } from './env-virtual.ts'

test('directories are made with their parents, and refused where they cannot be', async () => {
  const { fs } = realEnv(virtualEnv().log)
  const root = mkdtempSync(join(tmpdir(), 'env-real-'))
  try {
    await fs.mkdir(`${root}/a/b/c/`)
    await fs.mkdir(`${root}/a/b/c`)
    assert.equal((await fs.stat(`${root}/a/b/c`))?.kind, 'directory')
    writeFileSync(`${root}/file`, '')
    await assert.rejects(fs.mkdir(`${root}/file`), { code: 'EEXIST' })
    await assert.rejects(fs.mkdir(`${root}/file/x`), { code: 'ENOTDIR' })
    await assert.rejects(fs.mkdir('/proc/promontory/x'), { code: 'ENOENT' })
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('a file is written in pieces and read at any position', async () => {
  const { fs } = realEnv(virtualEnv().log)
  const root = mkdtempSync(join(tmpdir(), 'env-real-'))
  try {
    const file = await fs.open(`${root}/x`, 'create')
    const pieces = Array.from({ length: 2000 }, (_, index) => Buffer.from(`${index},`))
    await file.write(pieces, 0)
    await file.sync()
    const want = Buffer.concat(pieces)
    assert.equal(await file.size(), want.length)
    const part = new Uint8Array(100)
    assert.equal(await file.read(part, 5000), 100)
    assert.deepEqual(Buffer.from(part), want.subarray(5000, 5100))
    await file.truncate(10)
    assert.equal(await file.read(part, 0), 10)
    await file.close()
    await assert.rejects(fs.open(`${root}/x`, 'create'), { code: 'EEXIST' })
  } finally {
    rmSync(root, { recursive: true })
  }
})

for (const [name, env] of [
  ['real', realEnv(virtualEnv().log)],
  ['virtual', virtualEnv()],
] as const) {
  test(`a ${name} file has two names, and goes with the last of them`, async () => {
    const { fs } = env
    const root = name === 'real' ? mkdtempSync(join(tmpdir(), 'env-real-')) : '/links'
    await fs.mkdir(root)
    try {
      await fs.writeFile(`${root}/x`, 'content')
      await fs.link(`${root}/x`, `${root}/y`)
      assert.equal((await fs.stat(`${root}/x`))?.inode, (await fs.stat(`${root}/y`))?.inode)
      await fs.remove(`${root}/x`)
      assert.equal(await fs.readText(`${root}/y`), 'content')
      await assert.rejects(fs.link(`${root}/x`, `${root}/z`), { code: 'ENOENT' })
      await fs.writeFile(`${root}/x`, 'other')
      await assert.rejects(fs.link(`${root}/x`, `${root}/y`), { code: 'EEXIST' })
      await assert.rejects(fs.link(`${root}/x`, `${root}/nowhere/y`), { code: 'ENOENT' })
    } finally {
      if (name === 'real') rmSync(root, { recursive: true })
    }
  })
}

test('datagrams arrive, and raw connections are accepted and ended', async () => {
  const { udp, tcp } = realEnv(virtualEnv().log)
  const host = '127.0.0.1'
  const received: string[] = []
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  const to = await udp.bind({ host, port: 0 }, (bytes, from) => {
    received.push(`${Buffer.from(bytes)} ${from.host} ${from.port === sender.port}`)
    arrive()
  })
  const sender = await udp.bind({ host, port: 0 }, () => {})
  sender.send(Buffer.from('hello'), host, to.port)
  await arrived
  assert.deepEqual(received, ['hello 127.0.0.1 true'])
  await assert.rejects(
    udp.bind({ host, port: to.port }, () => {}),
    { code: 'EADDRINUSE' },
  )
  sender.close()
  to.close()
  sender.send(Buffer.from('too late'), host, to.port)

  const listener = await tcp.listen({ host, port: 0 }, (socket) => ({
    data: (bytes) => socket.write(Buffer.from(bytes).toString().toUpperCase()),
    closed: () => received.push('ended'),
  }))
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const socket = tcp.connect(
    { host, port: listener.port },
    {
      connected: () => socket.write('echo'),
      data(bytes) {
        received.push(Buffer.from(bytes).toString())
        void listener.close()
      },
      closed: () => close(),
    },
  )
  await closed
  assert.ok(received.includes('ECHO'))
})
