import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, freePort, PROMONTORY, Program, until } from '../support/program.ts'

async function startUp(directory: string, ports: readonly number[]): Promise<Program> {
  const listen = ['exporter', 'a', 'b'].map((name, index) => `--listen=${name}=127.0.0.1:${ports[index]}`)
  return new Program(PROMONTORY, ['up', `--data=${directory}`, ...listen], `http://127.0.0.1:${ports[1]}`)
}

test('up monitors this machine twice, stops cleanly and comes back with everything', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-up-'))
  const ports = [await freePort(), await freePort(), await freePort()]
  let up = await startUp(directory, ports)
  try {
    const replicas = () => [1, 2].map((index) => Object.assign(Object.create(up) as Program, { url: `http://127.0.0.1:${ports[index]}` }))
    const memTotal = Number(/MemTotal:\s+(\d+) kB/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) * 1024
    for (const replica of replicas()) {
      await until('three targets up', 60_000, async () => Number((await replica.query('count(up==1)'))[0]?.value[1]) >= 3)
      await eventually(async () => {
        const values = (await replica.query('node_memory_MemTotal_bytes')).map(({ value }) => Number(value[1]))
        assert.deepEqual(values, [memTotal])
      })
    }
    const before = await until('a few samples', 60_000, async () => {
      const { result } = await up.api<{ result: { values: [number, string][] }[] }>('query', { query: 'up{job="exporter"}[1m]' })
      return result[0]?.values.length >= 2 && result[0].values
    })
    const first = await up.stop('SIGINT')
    assert.deepEqual(first, { code: 0, signal: null }, up.output)
    for (const port of ports) await assert.rejects(fetch(`http://127.0.0.1:${port}/-/healthy`), 'nothing is left running')

    up = await startUp(directory, ports)
    await up.ready()
    const { result } = await up.api<{ result: { values: [number, string][] }[] }>('query', { query: 'up{job="exporter"}[5m]' })
    for (const [t, value] of before)
      assert.ok(
        result[0].values.some((sample) => sample[0] === t && sample[1] === value),
        `the sample at ${t} is there after a restart`,
      )
  } finally {
    await up.stop('SIGINT')
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a children group stops when its parent is killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-up-'))
  const ports = [await freePort(), await freePort(), await freePort()]
  const up = await startUp(directory, ports)
  try {
    await up.ready()
    await up.stop('SIGKILL')
    for (const port of ports) {
      await until(`the end of the process on port ${port}`, 60_000, async () => {
        try {
          await fetch(`http://127.0.0.1:${port}/-/healthy`)
          return false
        } catch {
          return true
        }
      })
    }
  } finally {
    await up.stop('SIGKILL')
    // What is left of them still writes.
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 })
  }
})

test('a port that was asked for and is busy is an error with port, role and flag', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-up-'))
  const ports = [await freePort(), await freePort(), await freePort()]
  const first = await startUp(directory, ports)
  try {
    await first.ready()
    const second = new Program(PROMONTORY, ['up', `--data=${directory}-2`, `--listen=exporter=127.0.0.1:${ports[0]}`], '')
    const { code } = await second.exited
    assert.notEqual(code, 0)
    assert.match(second.output, new RegExp(`${ports[0]}.*exporter.*--listen|exporter.*${ports[0]}.*--listen|--listen.*${ports[0]}`))
  } finally {
    await first.stop('SIGINT')
    rmSync(directory, { recursive: true, force: true })
    rmSync(`${directory}-2`, { recursive: true, force: true })
  }
})
