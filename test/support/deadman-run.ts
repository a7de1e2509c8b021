// The deadman role beside an Alertmanager, as processes.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sendAlert, startAlertmanager, startRecorder } from './alertmanagers.ts'
import { freePort, PROMONTORY, Program, until } from './program.ts'

interface Status {
  readonly heartbeats: readonly {
    readonly expired: boolean
    readonly expiredSince?: string
    readonly heard: number
    readonly notifications: readonly { readonly status?: string; readonly at?: string }[]
  }[]
  readonly drills: readonly { readonly runs: readonly { readonly outcome: string; readonly latencySeconds: number }[] }[]
}

/** A Watchdog is heard, a drill goes through, and the death of the Alertmanager is told. `command`: `ours`, or upstream's program. */
export async function outliveAlertmanager(command: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'deadman-'))
  const [recorder, port, alertmanagerPort] = [await startRecorder(), await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  const config = join(directory, 'deadman.yml')
  writeFileSync(
    config,
    `heartbeats: [{name: here, timeout: 5s, receiver: page}]
drills:
  - {name: way, alertmanagers: ['http://127.0.0.1:${alertmanagerPort}'], every: 1h, deadline: 60s, receiver: page}
receivers: [{name: page, webhook_configs: [{url: '${recorder.url}'}]}]
`,
  )
  const alertmanager = await startAlertmanager({
    command,
    directory,
    peers: [],
    ports: { web: alertmanagerPort, cluster: await freePort() },
    config: `route:
  receiver: watchdog
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1s
  routes: [{matchers: [promontory_drill!=""], receiver: drill}]
receivers:
  - {name: watchdog, webhook_configs: [{url: '${url}/watch/here', send_resolved: false}]}
  - {name: drill, webhook_configs: [{url: '${url}/drill'}]}
`,
  })
  const flags = [`--config.file=${config}`, `--storage.path=${join(directory, 'deadman')}`, `--web.listen-address=127.0.0.1:${port}`]
  let deadman: Program | undefined
  const status = async () => ((await (await fetch(`${url}/api/v1/status`)).json()) as { data: Status }).data
  try {
    await alertmanager.program.ready()
    await sendAlert([alertmanager.program.url], { alertname: 'Watchdog' })
    deadman = await new Program(PROMONTORY, ['deadman', ...flags], url).ready()
    await until('two calls', 120_000, async () => (await status()).heartbeats[0].heard >= 2)
    await until('the drill', 120_000, async () => (await status()).drills[0].runs.length === 1)
    const [run] = (await status()).drills[0].runs
    assert.equal(run.outcome, 'arrived')
    assert.ok(run.latencySeconds > 0)
    alertmanager.program.child.kill('SIGKILL')
    const group = '{"alertname":"HeartbeatMissing","heartbeat":"here"}'
    // On a busy machine there may have been one before.
    await until('the alarm', 60_000, async () => {
      const { expiredSince, notifications } = (await status()).heartbeats[0]
      const [{ status: told, at }] = notifications
      return expiredSince !== undefined && told === 'firing' && Date.parse(at!) >= Date.parse(expiredSince)
    })
    assert.equal(recorder.heard.at(-1)?.group, group)
    // It knows that after its own end as well, and does not tell twice.
    const told = recorder.heard.length
    deadman.child.kill('SIGTERM')
    assert.equal((await deadman.exited).code, 0)
    deadman = await new Program(PROMONTORY, ['deadman', ...flags], url).ready()
    assert.equal((await status()).heartbeats[0].expired, true)
    // Again and again: on a busy machine what is asked next may be later than its timeout.
    await until('it is heard', 60_000, async () => {
      assert.equal((await fetch(`${url}/watch/here`)).status, 200)
      return !(await status()).heartbeats[0].expired
    })
    await until('the end of it', 60_000, async () => recorder.heard.length > told)
  } finally {
    alertmanager.program.child.kill('SIGKILL')
    deadman?.child.kill('SIGKILL')
    await Promise.all([alertmanager.program.exited, deadman?.exited])
    recorder.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
