// Upstream's amtool and Prometheus with our Alertmanager, and its files with upstream's.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program, until } from '../support/program.ts'

const CONFIG = `
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1s
  routes: [{matchers: ['page="yes"'], receiver: pager}]
receivers: [{name: team}, {name: pager}]
`

async function start(command: string, directory: string): Promise<Program> {
  const port = await freePort()
  const file = join(directory, 'alertmanager.yml')
  writeFileSync(file, CONFIG)
  const flags = [
    `--config.file=${file}`,
    `--storage.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]
  const program = new Program(
    command === 'ours' ? PROMONTORY : command,
    [...(command === 'ours' ? ['alertmanager'] : []), ...flags],
    `http://127.0.0.1:${port}`,
  )
  return program.ready()
}

async function inDirectory(t: TestContext, run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-amtool-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
  await run(directory)
}

/** What it prints; throws what it complains of. */
function amtool(command: string, program: Program, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [`--alertmanager.url=${program.url}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (text: Buffer) => (out += text))
    child.stderr.on('data', (text: Buffer) => (err += text))
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`amtool ${args.join(' ')}: ${err}${out}`))))
  })
}

for (const version of ['amtool 0.25', 'amtool 0.33'] as const) {
  test(`${version} works with our Alertmanager`, async (t) => {
    const command = peer(t, version)
    if (command === undefined) return
    await inDirectory(t, async (directory) => {
      const program = await start('ours', directory)
      try {
        const tool = (...args: readonly string[]) => amtool(command, program, ...args)
        await tool('alert', 'add', 'alertname=A', 'n=1', '--annotation=summary=why')
        await tool('alert', 'add', 'alertname=A', 'n=2')
        const names = async (...args: readonly string[]) =>
          JSON.parse(await tool('alert', 'query', '-o', 'json', ...args)).map((alert: { labels: { n: string } }) => alert.labels.n)
        assert.deepEqual((await names()).sort(), ['1', '2'])
        const id = (await tool('silence', 'add', '-a', 'me', '-c', 'quiet', 'alertname=A', 'n=~1|x')).trim()
        assert.match(await tool('silence', 'query'), new RegExp(`${id}.*alertname="A" n=~"1\\|x".*me.*quiet`))
        assert.deepEqual(await names(), ['2'])
        assert.deepEqual(await names('--silenced'), ['1'])
        await tool('silence', 'update', '-d', '5h', id)
        await tool('silence', 'expire', id)
        assert.match(await tool('silence', 'query', '--expired'), new RegExp(id))
        assert.deepEqual((await names()).sort(), ['1', '2'])
        assert.match(await tool('cluster', 'show'), /Cluster Status:\s+disabled/)
        assert.match(await tool('config', 'show'), /receiver: pager/)
        // The older one does not read what 0.33 shows of its configuration either: found "unsupported scheme".
        if (version === 'amtool 0.33') {
          assert.match(await tool('config', 'routes'), /page="yes".*receiver: pager/)
          assert.equal((await tool('config', 'routes', 'test', 'page=yes')).trim(), 'pager')
        }
        assert.match(await tool('check-config', join(directory, 'alertmanager.yml')), /SUCCESS/)
      } finally {
        await program.stop()
      }
    })
  })
}

test('what is unusual is answered as 0.33 answers it', async (t) => {
  const command = peer(t, 'alertmanager 0.33')
  if (command === undefined) return
  await inDirectory(t, async (directory) => {
    const upstream = await start(command, directory)
    const ours = await start('ours', mkdtempSync(join(directory, 'ours-')))
    const json = { 'content-type': 'application/json' }
    const alert = (generatorURL: string) => ({
      method: 'POST',
      headers: json,
      body: JSON.stringify([{ labels: { a: 'b' }, generatorURL }]),
    })
    const requests: readonly (readonly [path: string, init: RequestInit])[] = [
      ...['*/*', 'text/plain', 'application/json;q=0', 'application/json;q', ''].map(
        (accept) => ['/api/v2/receivers', { headers: { accept } }] as const,
      ),
      ['/api/v2/silence/x', { headers: { accept: 'text/plain' } }],
      ['/api/v2/alerts', { method: 'POST', headers: { ...json, accept: 'text/plain' }, body: '[]' }],
      ...['text/plain; x=1', 'application/*', 'foo', 'application/json;;'].map(
        (type) => ['/api/v2/alerts', { method: 'POST', headers: { 'content-type': type }, body: '[]' }] as const,
      ),
      ...['http://h:x', 'http://a b/', '/a b', 'http://[::1', 'x\u0007<y>'].map((url) => ['/api/v2/alerts', alert(url)] as const),
      ...['//api/v2/receivers?a=//', '/api//v2/alerts/', '//-/ready', '//'].map((path) => [path, {}] as const),
      ['//api/v2/alerts', alert('')],
    ]
    try {
      for (const [path, init] of requests) {
        const ask = async ({ url }: Program) => {
          const response = await fetch(`${url}${path}`, { ...init, redirect: 'manual' })
          const { status, headers } = response
          return { status, type: headers.get('content-type'), location: headers.get('location'), body: await response.text() }
        }
        assert.deepEqual(await ask(ours), await ask(upstream), `${path} ${JSON.stringify(init)}`)
      }
    } finally {
      await upstream.stop()
      await ours.stop()
    }
  })
})

test('Debian’s Prometheus sends alerts to ours', async (t) => {
  const command = peer(t, 'debian prometheus')
  if (command === undefined) return
  await inDirectory(t, async (directory) => {
    const ours = await start('ours', directory)
    const port = await freePort()
    writeFileSync(
      join(directory, 'rules.yml'),
      'groups: [{name: g, interval: 1s, rules: [{alert: Always, expr: vector(1), labels: {page: "yes"}}]}]\n',
    )
    writeFileSync(
      join(directory, 'prometheus.yml'),
      `rule_files: [rules.yml]\nalerting: {alertmanagers: [{static_configs: [{targets: ['${ours.url.slice(7)}']}]}]}\n`,
    )
    const data = join(directory, 'tsdb')
    mkdirSync(data)
    const theirs = new Program(
      command,
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--rules.alert.resend-delay=1s',
      ],
      `http://127.0.0.1:${port}`,
    )
    try {
      await theirs.ready()
      const alert = await until('the alert', 60_000, async () => JSON.parse(await ours.text('/api/v2/alerts'))[0])
      assert.deepEqual([alert.labels.alertname, alert.receivers, alert.status.state], ['Always', [{ name: 'pager' }], 'active'])
      assert.match(alert.generatorURL, /^http:\/\/.*vector/)
    } finally {
      await theirs.stop()
      await ours.stop()
    }
  })
})

test('silences that one of ours and 0.33 wrote are there when the other one starts', async (t) => {
  const command = peer(t, 'alertmanager 0.33')
  if (command === undefined) return
  await inDirectory(t, async (directory) => {
    const made = new Set<string>()
    const comments = async (program: Program) =>
      new Set<string>(JSON.parse(await program.text('/api/v2/silences')).map((silence: { comment: string }) => silence.comment))
    for (const who of ['ours', command, 'ours', command]) {
      const program = await start(who, directory)
      try {
        assert.deepEqual(await comments(program), made)
        const comment = `häuser ${made.size}`
        const now = Date.now()
        const matchers = [
          { name: 'a', value: 'b', isRegex: false },
          { name: 'ü', value: 'x|y', isRegex: true, isEqual: false },
        ]
        const body = {
          matchers,
          startsAt: new Date(now).toISOString(),
          endsAt: new Date(now + 3_600_000).toISOString(),
          createdBy: 'me',
          comment,
        }
        const response = await fetch(`${program.url}/api/v2/silences`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        assert.equal(response.status, 200)
        made.add(comment)
      } finally {
        await program.stop()
      }
    }
    // A kill takes nothing that was answered.
    const killed = await start('ours', directory)
    const id = JSON.parse(await killed.text('/api/v2/silences'))[0].id
    assert.equal((await fetch(`${killed.url}/api/v2/silence/${id}`, { method: 'DELETE' })).status, 200)
    await killed.stop('SIGKILL')
    const again = await start('ours', directory)
    const state = JSON.parse(await again.text(`/api/v2/silence/${id}`)).status.state
    await again.stop()
    assert.equal(state, 'expired')
  })
})
