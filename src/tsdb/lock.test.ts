import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Env } from '../base/env.ts'
import { realEnv } from '../base/env-real.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import type { DiskCall } from '../base/virtual/file-system.ts'
import { LOCK_NAME, lockDir } from './lock.ts'

/** An environment where this process is `pid`. */
async function processOf(
  machine: VirtualEnv,
  pid: number,
  startTime = '100',
  lock: Env['fs']['lock'] = () => machine.fs.lock(),
): Promise<Pick<Env, 'fs' | 'random' | 'log'>> {
  const fs = Object.create(machine.fs) as Env['fs']
  for (const name of ['open', 'readText', 'readDir', 'realPath', 'stat', 'rename', 'remove'] as const)
    Object.assign(fs, { [name]: machine.fs[name].bind(machine.fs) })
  Object.assign(fs, { readLink: async () => String(pid), lock })
  await machine.fs.mkdir(`/proc/${pid}`)
  await machine.fs.writeFile(`/proc/${pid}/stat`, stat(pid, startTime))
  await machine.fs.mkdir('/data')
  return { fs, random: machine.random, log: machine.log }
}

const stat = (pid: number, startTime: string, state = 'S') =>
  `${pid} (a) b (c) ${state} ${Array(18).fill('0').join(' ')} ${startTime} 0 0\n`

test('a second process is refused by pid and directory until the first one lets go', async () => {
  const machine = virtualEnv()
  const first = await lockDir(await processOf(machine, 11), '/data')
  const second = await processOf(machine, 12)
  await assert.rejects(lockDir(second, '/data'), { code: 'conflict', message: 'data directory /data is in use by process 11' })
  await first.release()
  const lock = await lockDir(second, '/data')
  await lock.release()
  assert.equal(await machine.fs.stat(`/data/${LOCK_NAME}`), null)
})

test('a lock is taken over when its owner is gone, is another process by now, is a zombie, or was never named', async () => {
  const machine = virtualEnv()
  const take = async (pid: number, before: () => Promise<void>) => {
    await before()
    await (await lockDir(await processOf(machine, pid), '/data')).release()
  }
  const leave = async () => void (await lockDir(await processOf(machine, 21), '/data'))
  await take(22, async () => {
    await leave()
    await machine.fs.remove('/proc/21')
  })
  await take(22, async () => {
    await leave()
    await machine.fs.writeFile('/proc/21/stat', stat(21, '999'))
  })
  await take(22, async () => {
    await leave()
    await machine.fs.writeFile('/proc/21/stat', stat(21, '100', 'Z'))
  })
  await take(22, () => machine.fs.writeFile(`/data/${LOCK_NAME}`, ''))
  await take(22, () => machine.fs.writeFile(`/data/${LOCK_NAME}`, 'null'))
})

test('a disk that does not take the lock is told with the path and what was wanted of it, and nothing is left', async () => {
  const machine = virtualEnv()
  const env = await processOf(machine, 31)
  const check = async (call: DiskCall, code: string, wanted: string) => {
    machine.fs.fault = (asked, path) => (asked === call && path === `/data/${LOCK_NAME}` ? code : undefined)
    await assert.rejects(lockDir(env, '/data'), (error: Error) => {
      assert.ok(error.message.startsWith(`lock data directory: ${wanted} /data/${LOCK_NAME}: ${code}`), error.message)
      return true
    })
    machine.fs.fault = undefined
    assert.equal(await machine.fs.stat(`/data/${LOCK_NAME}`), null)
  }
  await check('open', 'EROFS', 'make')
  await check('write', 'ENOSPC', 'write')
  await check('sync', 'EIO', 'write')
  await (await lockDir(env, '/data')).release()
})

test('a lock that was taken over by another is not removed', async () => {
  const machine = virtualEnv()
  const first = await lockDir(await processOf(machine, 31), '/data')
  await machine.fs.remove('/proc/31')
  const second = await lockDir(await processOf(machine, 32), '/data')
  await first.release()
  assert.notEqual(await machine.fs.stat(`/data/${LOCK_NAME}`), null)
  await second.release()
})

test('a directory that Prometheus holds is refused', async () => {
  const machine = virtualEnv()
  const env = await processOf(machine, 41)
  await machine.fs.writeFile('/data/lock', '')
  await (await lockDir(env, '/data')).release()
  const { inode } = (await machine.fs.stat('/data/lock'))!
  await machine.fs.writeFile(
    '/proc/locks',
    `1: POSIX  ADVISORY  READ 7 00:1f:1 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 08:01:${inode} 0 EOF\n`,
  )
  const message = 'data directory /data is in use by process 4711, which holds lock as Prometheus does'
  await assert.rejects(lockDir(env, '/data'), { code: 'conflict', message })
  await assert.rejects(lockDir(await processOf(machine, 42, '100', async () => 'taken'), '/data'), { code: 'conflict', message })
  await machine.fs.remove('/proc/locks')
  const unnamed = 'data directory /data is in use by another process, which holds lock as Prometheus does'
  await assert.rejects(lockDir(await processOf(machine, 42, '100', async () => 'taken'), '/data'), { code: 'conflict', message: unnamed })
  assert.equal(await machine.fs.stat(`/data/${LOCK_NAME}`), null, 'nothing of ours stays')
})

test('a directory whose log a Prometheus without lock writes to is refused', async () => {
  const machine = virtualEnv()
  const env = await processOf(machine, 41)
  await machine.fs.mkdir('/data/wal')
  for (const [pid, command, path] of [
    [70, 'grep', '/data/wal/00000001'],
    [71, 'prometheus', '/other/wal/00000001'],
  ] as const)
    await runs(pid, command, path)
  async function runs(pid: number, command: string, path: string) {
    await machine.fs.mkdir(`/proc/${pid}/fd`)
    await machine.fs.writeFile(`/proc/${pid}/comm`, `${command}\n`)
    await machine.fs.writeFile(`/proc/${pid}/fd/7`, path)
  }
  const fs = Object.create(env.fs) as Env['fs']
  Object.assign(fs, { readLink: (path: string) => (path === '/proc/self' ? env.fs.readLink(path) : machine.fs.readText(path)) })
  await (await lockDir({ ...env, fs }, '/data')).release()
  await runs(72, 'prometheus', '/data/wal/00000001')
  const message = 'data directory /data is in use by process 72, a Prometheus that has its log open'
  await assert.rejects(lockDir({ ...env, fs }, '/data'), { code: 'conflict', message })
})

test('while we have a directory, nobody gets the lock that Prometheus would take', async (t) => {
  if (spawnSync('flock', ['--version']).error !== undefined) return t.skip('there is no flock program here')
  const dir = mkdtempSync(join(tmpdir(), 'promontory-lock-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const env = realEnv(virtualEnv().log)
  const others = () => spawnSync('flock', ['-n', join(dir, 'lock'), 'true']).status
  const lock = await lockDir(env, dir)
  assert.equal(others(), 1)
  await assert.rejects(lockDir(env, dir), { code: 'conflict', message: `data directory ${dir} is in use by process ${process.pid}` })
  await lock.release()
  assert.deepEqual(readdirSync(dir), [])
  const holder = spawn('flock', [join(dir, 'lock'), 'sh', '-c', 'echo held; cat'])
  await once(holder.stdout, 'data')
  await assert.rejects(lockDir(env, dir), /is in use by process \d+, which holds lock as Prometheus does$/)
  holder.stdin.end()
  await once(holder, 'exit')
  await (await lockDir(env, dir)).release()
})
