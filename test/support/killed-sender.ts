// A real server that is killed twice while its receiver is away: afterwards the receiver has every sample that was acknowledged, once.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delay, freePort, type Program, startServer, until } from './program.ts'
import { messageV1, snappyBlock } from './write-requests.ts'

const SERIES = 50
/** Writes, one after the other, of a sample of each series. */
const WRITES = 120
const AWAY_FROM = 20
const AWAY_UNTIL = 100
const KILLS = [45, 75]

/** Answers what was seen, for people. Throws when a sample is missing. */
export async function killSender(flags: readonly string[] = []): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-sender-'))
  const [port, farPort] = [await freePort(), await freePort()]
  const [near, far] = [join(directory, 'near.yml'), join(directory, 'far.yml')]
  const queue = { batch_send_deadline: '100ms', min_backoff: '30ms', max_backoff: '200ms' }
  writeFileSync(
    near,
    JSON.stringify({ remote_write: [{ url: `http://127.0.0.1:${farPort}/api/v1/write`, name: 'far', queue_config: queue }] }),
  )
  writeFileSync(far, '')
  const receiver = () =>
    startServer({ configFile: far, dataDir: join(directory, 'far'), port: farPort, flags: ['--web.enable-remote-write-receiver'] })
  const isAgent = flags.includes('--agent')
  const sender = () =>
    startServer({
      configFile: near,
      dataDir: join(directory, 'near'),
      port,
      flags: ['--web.enable-remote-write-receiver', ...flags],
      directoryFlag: isAgent ? 'storage.agent.path' : undefined,
    })
  let ours: Program | undefined
  let theirs: Program | undefined
  try {
    theirs = await (await receiver()).ready()
    ours = await (await sender()).ready()
    const times: number[] = []
    for (let n = 0; n < WRITES; n++) {
      if (n === AWAY_FROM) await theirs.stop('SIGKILL')
      if (n === AWAY_UNTIL) theirs = await (await receiver()).ready()
      if (KILLS.includes(n)) {
        await ours.stop('SIGKILL')
        ours = await (await sender()).ready()
      }
      const t = Date.now()
      const series = Array.from({ length: SERIES }, (_, i) => ({
        labels: [
          ['__name__', 'sent'],
          ['i', String(i)],
        ] as const,
        samples: [[t, n] as const],
      }))
      const response = await fetch(`${ours.url}/api/v1/write`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
        body: new Uint8Array(snappyBlock(messageV1(series))),
      })
      assert.equal(response.status, 204, await response.text())
      times.push(t)
      await delay(25)
    }
    const want = times.map((t, n) => [t / 1000, String(n)])
    const found = async () => {
      const { result } = await theirs!.api<{ result: { values: [number, string][] }[] }>('query', { query: 'sent[1h]' })
      return result.map(({ values }) => values)
    }
    const all = await until('all samples at the receiver', 60_000, async () => {
      const got = await found()
      return got.length === SERIES && got.every((values) => values.length === WRITES) ? got : undefined
    }).catch(found)
    for (const values of all) assert.deepEqual(values, want)
    assert.equal(all.length, SERIES)
    const metrics = await theirs.text('/metrics')
    const duplicates = metrics.split('\n').filter((line) => line.startsWith('promontory_remote_write_received_samples_total'))
    const who = isAgent ? 'an agent' : 'a server'
    return `${who} killed ${KILLS.length} times while its receiver was away: ${SERIES * WRITES} samples arrived, of ${SERIES * WRITES}; the receiver says ${duplicates.join(', ')}`
  } finally {
    await ours?.stop('SIGKILL')
    await theirs?.stop('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}
