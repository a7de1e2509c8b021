import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startAlertmanager } from '../support/alertmanagers.ts'
import { runCommand } from '../support/commands.ts'
import { peer } from '../support/peers.ts'
import { until } from '../support/program.ts'

const CONFIG = `
global: {smtp_auth_password: hidden}
route:
  receiver: default
  group_by: [alertname]
  routes:
  - matchers: [severity="critical"]
    receiver: pager
    continue: true
    routes:
    - matchers: [team=~"a|b", x!=y]
  - match: {severity: critical}
    match_re: {team: .+}
    receiver: 'y'
receivers: [{name: default, webhook_configs: [{url: 'http://127.0.0.1:1/x'}]}, {name: pager}, {name: 'y'}]
inhibit_rules: [{source_matchers: [a=b], target_matchers: [a=c], equal: [x]}]
time_intervals: [{name: 'n', time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}], location: Europe/Berlin}]}]
`

function run(command: string, args: readonly string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let out = ''
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, out }))
  })
}

/** What is asked, by amtool's words and by ours. */
const QUESTIONS: readonly string[] = [
  'alert query',
  'alert query -o extended',
  'alert query -o json',
  'alert query foo',
  'alert query alertname=~f.* -o json',
  'alert query -s',
  'alert query -s -a -i -r default -o extended',
  'alert query -r nobody',
  'silence query',
  'silence query -o extended',
  'silence query -o json',
  'silence query -q',
  'silence query foo',
  'silence query --within=90m --created-by=me',
  'silence query --expired',
  'silence query --date.format=15h04',
  'cluster show',
  'cluster show -o extended',
  'config show',
  'config routes show',
  'config routes test severity=critical team=a',
  'config routes test severity=critical team=c --tree',
  'config routes test --verify.receivers=pager severity=warning',
]

/** Ours has the trees under names of their own. */
const oursOf = (question: string) => question.replace('config routes show', 'route show').replace('config routes test', 'route test')

async function compareTools(t: TestContext, amtool: string, command: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'promontory-'))
  t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
  const { program } = await startAlertmanager({ command, directory, config: CONFIG, peers: [] })
  t.after(() => program.stop())
  await program.ready()
  const url = `--alertmanager.url=${program.url}`
  const tools = [
    { name: 'amtool', ask: (question: string) => run(amtool, [url, ...question.split(' ')]) },
    { name: 'ours', ask: (question: string) => runCommand([...oursOf(question).split(' '), url]) },
  ]
  const tell = async (tool: (typeof tools)[number], command: string, code = 0) => {
    const answer = await tool.ask(command)
    assert.equal(answer.code === 0, code === 0, `${tool.name} ${command}: ${answer.out}`)
    return answer.out.trim()
  }
  for (const tool of tools) {
    await tell(tool, `alert add foo node=${tool.name} severity=critical --annotation=summary="<bad>" --generator-url=http://g/x`)
    await tell(tool, `alert add zoo tool=${tool.name} --start=2026-11-22T10:00:00Z --end=2126-11-23T10:00:00+02:00`)
    await tell(tool, `silence add foo node=${tool.name} -c why -a me`)
    await tell(tool, `silence add alertname=~z.* b!=c d!~e -d ${tool.name === 'ours' ? 2 : 3}h -c why -a you`)
    const over = await tell(tool, `silence add a=b tool=${tool.name} -c why -a me`)
    assert.match(over, /^[0-9a-f-]{36}$/)
    await tell(tool, `silence expire ${over}`)
    await tell(tool, 'silence add a=b', 1)
    await tell(tool, 'silence add -c why', 1)
    await tell(tool, 'silence expire nobody', 1)
    await tell(tool, 'alert add a!=b', 1)
  }
  // What is told is grouped a moment later.
  await until('alerts', 60_000, async () => (await tell(tools[0], 'alert query -s -a')).split('\n').length === 5)
  for (const question of QUESTIONS) {
    const [theirs, ours] = await Promise.all(tools.map(({ ask }) => ask(question)))
    // amtool ends a configuration with an empty line where ours has what the server told it.
    assert.equal(ours.out.trimEnd(), theirs.out.trimEnd(), question)
    assert.equal(ours.code, theirs.code, question)
  }

  // What one tool wrote the other reads.
  const file = join(directory, 'silences.json')
  for (const [from, to] of [tools, [...tools].reverse()]) {
    await writeFile(file, await tell(from, 'silence query -o json'))
    const ids = (JSON.parse(await readFile(file, 'utf8')) as { id: string }[]).map(({ id }) => id).sort()
    assert.deepEqual((await tell(to, `silence import ${file}`)).split('\n').sort(), ids)
    const [id] = (await tell(from, 'silence query -q foo')).split('\n')
    assert.match(await tell(to, `silence update ${id} -d 5h -c other`), new RegExp(`^${id} .* other`, 'm'))
  }
}

for (const server of ['alertmanager 0.33', 'ours'] as const) {
  test(`our commands say what amtool 0.33 says, and do what it does, with ${server}`, { timeout: 600_000 }, async (t) => {
    const amtool = peer(t, 'amtool 0.33')
    const command = server === 'ours' ? server : peer(t, server)
    if (amtool !== undefined && command !== undefined) await compareTools(t, amtool, command)
  })
}
